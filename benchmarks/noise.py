"""Where fits to noisy data end: at the noise, on training and on held-out trajectories.

``python -m benchmarks.noise`` fits a pendulum and a FitzHugh-Nagumo system with 1 %, 5 % and 10 % noise, stated and
fitted, by multiple shooting. It prints the mean square residual of rollouts from the best first states, in variances of
the noise: 1 less what first states and parameters take, so the exact equation's stands beside it. Rollouts from noisy
first frames would not tell: the best forecast from a noisy state is not the exact equation's.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from eqdsl.analysis.check import loads_model
from eqdsl.data.trajectories import Trajectories
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.config_file import with_overrides
from eqdsl.fitting.fit import fit
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.numerics.integrators.integrate import integrate
from eqdsl.simulation import simulate

ITERATIONS = 40
"""Of L-BFGS over the first states that a residual is measured with."""
LEVELS = (0.01, 0.05, 0.1)
"""Noise in standard deviations of each state."""

PENDULUM = """\
time t: s
state theta: rad
state omega: rad/s
param omega0: rad/s = {omega0}
{friction}
dt(theta) = omega
dt(omega) = -omega0^2*sin(theta) + friction
"""
REACTION = """\
space x in [-1, 1] periodic, y in [-1, 1] periodic
grid x = 12, y = 12
state u(x, y), v(x, y)
param a = {a}
param b = {b}
{reactions}
dt(u) = a*lap(u) + Ru
dt(v) = b*lap(v) + Rv
"""


@dataclass(frozen=True)
class Case:
    """A system: its equation in truth and with learned terms, times, options of the fit, and number of trajectories."""

    name: str
    truth: str
    model: str
    times: np.ndarray
    options: tuple[str, ...]
    count: int = 24

    def states(self) -> tuple[str, ...]:
        """Names of the states."""
        return loads_model(self.truth).channel_names


CASES = {
    "pendulum": Case(
        "pendulum",
        PENDULUM.format(omega0=1.0472, friction="known friction = -0.2*omega"),
        PENDULUM.format(omega0="fit 0.8 in (0, 5)", friction="learned friction(omega) by mlp(16) with friction(0) = 0"),
        np.arange(24) * 0.5,
        ("objective.chain=shooting", "run.dtype=float64", "optimizer.steps=500", "optimizer.polish=100"),
    ),
    "fitzhugh_nagumo": Case(
        "fitzhugh_nagumo",
        REACTION.format(a=1e-3, b=5e-3, reactions="known Ru = u - u^3 - v - 5e-3\nknown Rv = u - v"),
        REACTION.format(
            a="fit 2e-3 in (0, 0.1)", b="fit 2e-3 in (0, 0.1)", reactions="learned Ru(u, v), Rv(u, v) by mlp(16, 16)"
        ),
        np.arange(9) * 0.25,
        ("objective.chain=shooting", "run.dtype=float64", "optimizer.steps=200", "optimizer.polish=30"),
        count=8,
    ),
}


@dataclass(frozen=True)
class Row:
    """A fit: residuals of the fit and of the exact equation, fitted over true noise, largest parameter error, time."""

    case: str
    noise: float
    statement: str
    training: float
    training_exact: float
    held_out: float
    held_out_exact: float
    deviation: float | None
    parameters: float
    minutes: float

    def __str__(self) -> str:
        deviation = "–" if self.deviation is None else f"{self.deviation:.3f}"
        cells = (
            self.case, f"{100 * self.noise:g} %", self.statement, f"{self.training:.3f} ({self.training_exact:.3f})",
            f"{self.held_out:.3f} ({self.held_out_exact:.3f})", deviation, f"{100 * self.parameters:.2g} %",
            f"{self.minutes:.2f}",
        )  # fmt: skip
        return f"| {' | '.join(cells)} |"


HEAD = (
    "| system | noise | `noise` | training (exact) | held out (exact) | fitted / true noise | largest error of a "
    "parameter | CPU minutes |\n|---|---|---|---|---|---|---|---|"
)


def starts(case: Case, rng: np.random.Generator) -> np.ndarray:
    """First states, (B, C, *S)."""
    count = case.count
    if case.name == "pendulum":
        angle, radius = rng.uniform(0, 2 * np.pi, count), rng.uniform(1.3, 2.3, count)
        return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    x = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    modes = rng.normal(size=(count, 2, 3, 3, 2)) / 3
    waves = [
        modes[..., k, m, 0, None, None] * np.cos(k * x[:, None] + m * x)
        + modes[..., k, m, 1, None, None] * np.sin(k * x[:, None] + m * x)
        for k in range(3)
        for m in range(3)
    ]
    return np.sum(waves, axis=0)


def data(case: Case, noise: float, seed: int) -> tuple[Trajectories, np.ndarray]:
    """Noisy trajectories of the exact equation, and the standard deviation of the noise of each channel."""
    rng = np.random.default_rng(seed)
    field = compile_model(loads_model(case.truth))
    exact = simulate(field, case.times, initial=torch.as_tensor(starts(case, rng)), rtol=1e-9, atol=1e-11)
    state = exact.trajectories.state
    deviation = noise * state.std(axis=(0, 1, *range(3, state.ndim)))
    spread = deviation.reshape(-1, *[1] * (state.ndim - 3))
    noisy = state + spread * rng.normal(size=state.shape)
    return Trajectories(
        exact.trajectories.times, noisy, exact.trajectories.lengths, exact.trajectories.channels,
        exact.trajectories.axes,
    ), deviation  # fmt: skip


def measure(case: Case, noise: float, *, fitted: bool, seed: int = 0, extra: tuple[str, ...] = ()) -> Row:
    """One fit and what it comes to."""
    began = time.process_time()
    observed, deviation = data(case, noise, seed)
    sayings = [
        f"observe {name} noise {'fit' if fitted else repr(float(s))}\n"
        for name, s in zip(case.states(), deviation, strict=True)
    ]
    model = loads_model(case.model + "".join(sayings))
    config = with_overrides(FitConfig(), [*case.options, f"run.seed={seed}", "data.validation=0.5", *extra])
    run = fit(model, observed, config=config)
    minutes = (time.process_time() - began) / 60
    parts = run.sample()
    exact = compile_model(loads_model(case.truth))
    field = run.field.double()
    found_residuals = [residual(f, parts[p], deviation) for p in ("train", "validation") for f in (field, exact)]
    found = run.state["noise"]
    quotients = [found[n] / s for n, s in zip(case.states(), deviation, strict=True)] if fitted else []
    truth = {p.name: p.value for p in loads_model(case.truth).parameters}
    errors = [abs(run.state["parameters"][name] / truth[name] - 1) for name in truth]
    worst = max(quotients, key=lambda q: abs(np.log(q))) if fitted else None
    return Row(case.name, noise, "fit" if fitted else "stated", *found_residuals, worst, max(errors), minutes)


def residual(field: VectorField, part: Trajectories, deviation: np.ndarray) -> float:
    """Mean square residual in variances of the noise, of rollouts from the first states that make it smallest."""
    data, times = torch.as_tensor(part.state), torch.as_tensor(part.times[0])
    scale = torch.as_tensor(deviation).reshape(-1, *[1] * (data.ndim - 3))
    start = data[:, 0].clone().requires_grad_()
    optimizer = torch.optim.LBFGS([start], max_iter=ITERATIONS, line_search_fn="strong_wolfe")

    def square() -> torch.Tensor:
        return ((integrate(field, start, times, method="rk4", substeps=4) - data) / scale).square().mean()

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        value = square()
        value.backward()
        return value

    optimizer.step(closure)
    return float(square().detach())


def rows(cases: tuple[str, ...] = tuple(CASES), levels: tuple[float, ...] = LEVELS) -> Iterator[Row]:
    """All fits, one after the other."""
    for name in cases:
        for noise in levels:
            for fitted in (False, True):
                yield measure(CASES[name], noise, fitted=fitted)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=tuple(CASES), action="append", help="only this system")
    parser.add_argument("--level", type=float, action="append", help="only this noise, in standard deviations")
    chosen = parser.parse_args()
    print(HEAD)
    for row in rows(tuple(chosen.case or CASES), tuple(chosen.level or LEVELS)):
        print(row, flush=True)


if __name__ == "__main__":
    main()
