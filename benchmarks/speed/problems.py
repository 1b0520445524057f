"""The equations, once for everybody: as a model of eqdsl, and as arithmetic that any array library can run.

`rates` is written with ``lap`` and arithmetic alone, so torch, JAX and Devito's symbols all take it. Powers are
products, as a careful author would write them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

Rates = Callable[..., tuple[Any, ...]]
"""``rates(lap, parameters, *channels)``: the rate of each channel."""


@dataclass(frozen=True)
class Problem:
    """``d(channels)/dt`` on a cube ``[0, length]^dimension`` of cells.

    `middle` and `swing` of each channel's start; `network` is ``conv`` or ``mlp`` where its outputs are added to
    the rates.
    """

    text: str
    parameters: dict[str, float]
    rates: Rates
    middle: tuple[float, ...]
    swing: tuple[float, ...]
    dimension: int = 2
    length: float = 2.0
    wall: Literal["periodic", "slope", "robin"] = "periodic"
    diffusivity: str = ""
    network: Literal["", "conv", "mlp"] = ""
    numbers: dict[str, float] = field(default_factory=dict)

    @property
    def channels(self) -> int:
        return len(self.middle)

    def spacing(self, size: int) -> float:
        return self.length / size

    def time_step(self, size: int) -> float:
        """Well inside the stability limit of RK4 for diffusion, ``2.78 dx^2/(4 dimension D)``."""
        largest = max((self.parameters[name] for name in self.diffusivity.split()), default=0.0)
        return float(0.3 * self.spacing(size) ** 2 / largest) if largest else 0.01

    def robin(self, size: int) -> tuple[float, float, float]:
        """Ghost value ``w0*T0 + w1*T1 + g`` of ``dn(T) + h*(T - T_air) = 0``.

        From the parabola through the two nearest cells that obeys the wall: the closure of order 2 on cells.
        """
        d, h = self.spacing(size), self.numbers["h"]
        # q(s) = c0 + c1*s + c2*s^2, s the distance from the wall inwards, so dn(q) = -c1 there.
        conditions = np.array([[1, d / 2, d**2 / 4], [1, 3 * d / 2, 9 * d**2 / 4], [h, -1, 0]])
        ghost = np.array([1, -d / 2, d**2 / 4]) @ np.linalg.inv(conditions)
        return float(ghost[0]), float(ghost[1]), float(ghost[2] * h * self.numbers["T_air"])


def _fitzhugh_nagumo(lap: Any, p: Any, u: Any, v: Any) -> tuple[Any, ...]:
    return p["a"] * lap(u) + u - u * u * u - v - p["k"], p["b"] * lap(v) + u - v


def _diffusion(lap: Any, p: Any, u: Any, v: Any) -> tuple[Any, ...]:
    return p["a"] * lap(u), p["b"] * lap(v)


def _gray_scott(lap: Any, p: Any, u: Any, v: Any) -> tuple[Any, ...]:
    reaction = u * v * v
    return p["Du"] * lap(u) - reaction + p["F"] * (1 - u), p["Dv"] * lap(v) + reaction - (p["F"] + p["k"]) * v


def _wave(lap: Any, p: Any, w: Any, s: Any) -> tuple[Any, ...]:
    return s, p["c2"] * lap(w) - p["k"] * s


def _heat(lap: Any, p: Any, T: Any) -> tuple[Any, ...]:
    return (p["alpha"] * lap(T),)


PERIODIC = "space x in [0, 2] periodic, y in [0, 2] periodic\n"
FHN = {"a": 1e-3, "b": 5e-3, "k": 5e-3}
LEARNED = "learned Ru(u, v), Rv(u, v) by {family}({hidden})\ndt(u) = a*lap(u) + Ru\ndt(v) = b*lap(v) + Rv\n"

PROBLEMS: dict[str, Problem] = {
    "fitzhugh_nagumo": Problem(
        PERIODIC + "state u(x, y), v(x, y)\ndt(u) = a*lap(u) + u - u^3 - v - k\ndt(v) = b*lap(v) + u - v\n",
        FHN, _fitzhugh_nagumo, (0.0, 0.0), (0.5, 0.5), diffusivity="a b",
    ),
    "gray_scott": Problem(
        PERIODIC + "state u(x, y), v(x, y)\nknown reaction = u*v^2\n"
        "dt(u) = Du*lap(u) - reaction + F*(1 - u)\ndt(v) = Dv*lap(v) + reaction - (F + k)*v\n",
        {"Du": 2e-5, "Dv": 1e-5, "F": 0.04, "k": 0.06}, _gray_scott, (0.6, 0.3), (0.2, 0.1), diffusivity="Du Dv",
    ),
    "wave": Problem(
        "space x in [0, 2], y in [0, 2]\nstate w(x, y)\ndtt(w) = c2*lap(w) - k*dt(w)\nbc dn(w) = 0 at boundary\n",
        {"c2": 4.0, "k": 0.5}, _wave, (0.0, 0.0), (1.0, 1.0), wall="slope",
    ),
    "heat_robin": Problem(
        "space x in [0, 2], y in [0, 2]\nstate T(x, y)\nparam h = 2\nparam T_air = 0.5\n"
        "dt(T) = alpha*lap(T)\nbc dn(T) + h*(T - T_air) = 0 at boundary\n",
        {"alpha": 1e-2}, _heat, (1.0,), (0.5,), wall="robin", diffusivity="alpha",
        numbers={"h": 2.0, "T_air": 0.5},
    ),
    "heat_3d": Problem(
        "space x in [0, 2] periodic, y in [0, 2] periodic, z in [0, 2] periodic\nstate T(x, y, z)\n"
        "dt(T) = alpha*lap(T)\n",
        {"alpha": 1e-2}, _heat, (1.0,), (0.5,), dimension=3, diffusivity="alpha",
    ),
    "fhn_conv": Problem(
        PERIODIC + "state u(x, y), v(x, y)\n" + LEARNED.replace("{family}", "conv"),
        {"a": 1e-3, "b": 5e-3}, _diffusion, (0.0, 0.0), (0.5, 0.5), diffusivity="a b", network="conv",
    ),
    "fhn_mlp": Problem(
        PERIODIC + "state u(x, y), v(x, y)\n" + LEARNED.replace("{family}", "mlp"),
        {"a": 1e-3, "b": 5e-3}, _diffusion, (0.0, 0.0), (0.5, 0.5), diffusivity="a b", network="mlp",
    ),
    "pendulum": Problem(
        "state theta, omega\nlearned f(theta, omega), g(theta, omega) by mlp({hidden})\n"
        "dt(theta) = omega + f\ndt(omega) = -w2*sin(theta) + g\n",
        {"w2": 1.0966}, lambda sin, p, theta, omega: (omega, -p["w2"] * sin(theta)), (0.0, 0.0), (1.0, 1.0),
        dimension=0, network="mlp",
    ),
}  # fmt: skip
"""For the pendulum, `rates` gets the sine in the place of the Laplacian."""
