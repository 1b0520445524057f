"""Transport schemes on problems with known answers.

    python -m benchmarks.transport

prints tables in Markdown: the order observed on a smooth wave, what is made beyond the extrema of a rotated slotted
disc and of a shock, and the relative change of mass; then semi-Lagrangian steps. About seven minutes on one core.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from eqdsl.analysis.check import loads_model
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.model.scheme import KERNELS
from eqdsl.numerics.integrators.integrate import integrate
from eqdsl.numerics.reconstruction.bounded import END_WEIGHT

BOUNDED = "weno(5, bounded)"
SCHEMES = (
    "upwind(1)", "upwind(3)", "upwind(5)", "weno(5)", BOUNDED, "tvd(minmod)", "tvd(vanleer)", "tvd(superbee)",
    "tvd(mc)",
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """The largest step beyond the extrema of the start, and the largest relative change of mass."""

    overshoot: float
    mass: float
    final: Tensor


def advection(scheme: str, points: int) -> VectorField:
    """``u_t + u_x = 0`` on [0, 1), periodic, from the means of a sine over the cells."""
    return compile_model(
        loads_model(
            f"space x in [0, 1] periodic\ngrid x = {points}\nstate u(x) in [-1, 1]\nscheme dx = {scheme}\n"
            f"dt(u) = -dx(u)\ninit u = {_mean_of_sine(points)!r}*sin(2*pi*x)\n"
        )
    )


def _mean_of_sine(points: int) -> float:
    """The mean of a sine over a cell is that much of its value in the middle."""
    return math.sin(math.pi / points) / (math.pi / points)


def _share(scheme: str) -> float:
    """Cells that the speeds cross in a step of ssprk3, added up: a bound for which extrema are kept."""
    return END_WEIGHT if scheme == BOUNDED else 0.33


def advection_error(scheme: str, points: int, *, away: bool = False) -> float:
    """Mean absolute error of a sine after a quarter of a turn; `away`, where it is steeper than half its slope."""
    field = advection(scheme, points)
    end, x = 0.25, field.grid.coordinates()["x"]
    # Short enough for the errors in time, of fourth order, to stay below those of fifth order in space.
    courant = END_WEIGHT if scheme == BOUNDED else 0.5
    steps = math.ceil(end * points / courant * max(1.0, points / 40) ** 0.25)
    found = _run(field, end, steps, "rk4")[0, -1, 0].numpy()
    phase = 2 * np.pi * (x - end)
    chosen = np.abs(np.cos(phase)) > 0.5 if away else np.ones_like(x, dtype=bool)
    return float(np.abs(found - _mean_of_sine(points) * np.sin(phase))[chosen].mean())


def observed_order(scheme: str, points: int, *, away: bool = False) -> float:
    """The order over the doubling from `points` to twice as many."""
    coarse, fine = (advection_error(scheme, n, away=away) for n in (points, 2 * points))
    return math.log2(coarse / fine)


def rotation(scheme: str, points: int = 50, turns: float = 0.125) -> Outcome:
    """A slotted disc in solid-body rotation."""
    field = compile_model(
        loads_model(
            f"space x in [-1, 1] periodic, y in [-1, 1] periodic\ngrid x = {points}, y = {points}\nstate u(x, y)\n"
            f"scheme dx = {scheme}, dy = {scheme}\ndt(u) = y*dx(u) - x*dy(u)\n"
            "init u = heaviside(0.16 - (x - 0.45)^2 - y^2)*(1 - heaviside(0.12 - abs(y))*heaviside(0.6 - x))\n"
        )
    )
    end = 2 * math.pi * turns
    return _outcome(field, end, math.ceil(end * 2 / (2 / points) / _share(scheme)))


def burgers(scheme: str, points: int = 100) -> Outcome:
    """A sine that has become a shock, ``u_t + (u^2/2)_x = 0``."""
    field = compile_model(
        loads_model(
            f"space x in [0, 1] periodic\ngrid x = {points}\nstate u(x)\nscheme dx = {scheme}\n"
            "dt(u) = -dx(u^2/2)\ninit u = 0.5 + sin(2*pi*x)\n"
        )
    )
    return _outcome(field, 0.3, math.ceil(0.3 * 1.5 * points / _share(scheme)))


def sod(scheme: str, points: int = 100) -> VectorField:
    """Sod's shock tube, closed ends."""
    return compile_model(
        loads_model(
            f"space x in [0, 1]\ngrid x = {points}\nstate rho(x), m(x), E(x)\nparam gamma = 1.4\n"
            f"let p = (gamma - 1)*(E - m^2/(2*rho))\nscheme dx = {scheme}\n"
            "dt(rho) = -dx(m)\ndt(m) = -dx(m^2/rho) - dx(p)\ndt(E) = -dx((E + p)*m/rho)\n"
            "bc m = 0 at boundary\n"
            "init rho = ifelse(x < 0.5, 1, 0.125)\ninit m = 0\ninit E = ifelse(x < 0.5, 2.5, 0.25)\n"
        )
    )


SOD_PRESSURE, SOD_SPEED = 0.30313, 0.92745
"""Between the waves. Source: E. F. Toro, *Riemann Solvers and Numerical Methods for Fluid Dynamics*, test 1."""
SOD_LEFT_DENSITY, SOD_RIGHT_DENSITY, SOD_SHOCK = 0.42632, 0.26557, 1.75216
"""Densities on both sides of the contact, and the speed of the shock."""


def sod_density(x: np.ndarray, t: float) -> np.ndarray:
    """The exact density with the membrane at 0.5."""
    sound = math.sqrt(1.4)
    speed = (x - 0.5) / t
    fan = (2 / 2.4 - 0.4 / 2.4 / sound * speed) ** 5
    tail = SOD_SPEED - sound * (SOD_PRESSURE**0.5 / SOD_LEFT_DENSITY**0.5)
    return np.select(
        [speed < -sound, speed < tail, speed < SOD_SPEED, speed < SOD_SHOCK],
        [np.ones_like(x), fan, np.full_like(x, SOD_LEFT_DENSITY), np.full_like(x, SOD_RIGHT_DENSITY)],
        0.125,
    )


def sod_error(scheme: str, points: int = 50) -> tuple[float, float]:
    """Mean absolute error of the density at t = 0.2, and the relative change of mass."""
    field = sod(scheme, points)
    states = _run(field, 0.2, math.ceil(0.2 * 2.2 * points / 0.5), "ssprk3")
    density = states[0, :, 0].numpy()
    exact = sod_density(field.grid.coordinates()["x"], 0.2)
    return float(np.abs(density[-1] - exact).mean()), float(abs(density[-1].sum() / density[0].sum() - 1))


def followed(kernel: str, courant: int, points: int = 64) -> tuple[float, float]:
    """A hump turned around by semi-Lagrangian steps: mean absolute error over its mean, relative change of mass."""
    field = compile_model(
        loads_model(
            f"space x in [-2, 2] periodic, y in [-2, 2] periodic\ngrid x = {points}, y = {points}\nstate u(x, y)\n"
            f"scheme advect = semilagrangian({kernel})\ndt(u) = -advect((-y, x), u)\n"
            "init u = exp(-((x - 0.5)^2 + y^2)/0.08)\n"
        )
    )
    steps = round(2 * math.pi / (courant * 4 / points))
    states = _run(field, 2 * math.pi, steps, "rk4")[0, :, 0]
    error = (states[-1] - states[0]).abs().mean() / states[0].mean()
    return float(error), float((states[-1].mean() / states[0].mean() - 1).abs())


def followed_table() -> str:
    """Semi-Lagrangian steps of some Courant numbers, as Markdown."""
    lines = ["| kernel | Courant number | steps | error | mass |", "|---|---|---|---|---|"]
    for kernel in KERNELS:
        for courant in (1, 5, 10):
            error, mass = followed(kernel, courant)
            steps = round(2 * math.pi / (courant * 4 / 64))
            lines.append(f"| `{kernel}` | {courant} | {steps} | {error:.1e} | {mass:.1e} |")
    return "\n".join(lines)


def _run(field: VectorField, end: float, steps: int, method: str) -> Tensor:
    with torch.no_grad():
        times = torch.tensor([0.0, end], dtype=torch.float64)
        return integrate(field, field.initial_state(), times, method=method, substeps=steps)


def _outcome(field: VectorField, end: float, steps: int) -> Outcome:
    """Integrate with ssprk3, looking at ten moments between."""
    with torch.no_grad():
        start = field.initial_state()
        times = torch.linspace(0.0, end, 11, dtype=torch.float64)
        states = integrate(field, start, times, method="ssprk3", substeps=math.ceil(steps / 10))
    mass = states.flatten(2).sum(-1)
    beyond = torch.maximum(states.max() - start.max(), start.min() - states.min())
    return Outcome(float(beyond.clamp(min=0)), float((mass / mass[:, :1] - 1).abs().max()), states[0, -1, 0])


def table() -> str:
    """All schemes, as Markdown."""
    lines = [
        "| scheme | order | overshoot, disc | overshoot, shock | mass, disc | mass, shock | Sod, error | Sod, mass |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for scheme in SCHEMES:
        limited = scheme.startswith("tvd")
        order = observed_order(scheme, 80 if limited or scheme == "upwind(1)" else 20, away=limited)
        disc, shock, (error, mass) = rotation(scheme), burgers(scheme), sod_error(scheme)
        lines.append(
            f"| `{scheme}` | {order:.2f} | {disc.overshoot:.1e} | {shock.overshoot:.1e} | {disc.mass:.1e} "
            f"| {shock.mass:.1e} | {error:.1e} | {mass:.1e} |"
        )
    return "\n".join(lines)


def main() -> None:
    print(table())
    print()
    print(followed_table())


if __name__ == "__main__":
    main()
