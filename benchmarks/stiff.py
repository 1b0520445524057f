"""Stiff fields by methods that treat the linear part apart, at steps that explicit methods cannot take.

    python -m benchmarks.stiff

prints a Markdown table: relative L2 error at the last time against rk4 at 0.9 of its diffusion limit on the same grid,
in float64, so that only the error in time is seen. The explicit methods take the same step, or say why they cannot.
About half a minute on one core.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from eqdsl.analysis.check import loads_model
from eqdsl.core.errors import ComputationError
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.numerics.integrators.table import METHODS
from eqdsl.simulation import simulate

REFERENCE_SHARE = 0.9


@dataclass(frozen=True)
class Problem:
    """A model, until when, and the steps to take, in units of rk4's diffusion limit (None: five times dx^2/2)."""

    name: str
    text: str
    until: float
    methods: tuple[str, ...]
    steps: tuple[float | None, ...]


PROBLEMS = (
    Problem(
        "Fisher-KPP",
        "space x in [0, 40] periodic\ngrid x = 256 nodes\nstate u(x)\n"
        "dt(u) = dxx(u) + u*(1 - u)\ninit u = exp(-(x - 20)^2)\n",
        8.0,
        ("euler", "rk4", "imex_euler", "ars222", "ars443", "etdrk4"),
        (None,),
    ),
    Problem(
        "Kuramoto-Sivashinsky",
        "space x in [0, 22] periodic\ngrid x = 96\nstate u(x)\ndt(u) = -u*dx(u) - dxx(u) - d(u, x, 4)\n"
        "init u = cos(2*pi*x/22)*(1 + sin(2*pi*x/22))\n",
        5.0,
        ("rk4", "ars443", "etdrk4"),
        (20.0, 100.0),
    ),
    Problem(
        "Gray-Scott",
        "space x in [0, 1] periodic\ngrid x = 512\nstate u(x), v(x)\nparam F = 0.04\nparam k = 0.06\n"
        "dt(u) = 2e-5*dxx(u) - u*v^2 + F*(1 - u)\ndt(v) = 1e-5*dxx(v) + u*v^2 - (F + k)*v\n"
        "init u = 1 - 0.5*exp(-200*(x - 0.5)^2)\ninit v = 0.25*exp(-200*(x - 0.5)^2)\n",
        400.0,
        ("rk4", "ars443", "etdrk4"),
        (20.0, 50.0),
    ),
)


def main() -> None:
    print("| problem | method | step | over rk4's diffusion limit | relative L2 error | calls of the field | seconds |")
    print("|---|---|---|---|---|---|---|")
    for problem in PROBLEMS:
        field = compile_model(loads_model(problem.text))
        limit = float(METHODS["rk4"].reach or 0.0) / field.linear_part().fastest_decay()
        exact = _solved(field, problem.until, "rk4", REFERENCE_SHARE * limit)[0]
        for factor in problem.steps:
            step = 2.5 * field.grid.axes[0].spacing ** 2 if factor is None else factor * limit
            for method in problem.methods:
                print(f"| {problem.name} | `{method}` | {step:.3g} | {step / limit:.3g} | ", end="")
                print(_row(field, problem.until, method, step, exact), flush=True)


def _row(field: VectorField, until: float, method: str, step: float, exact: np.ndarray) -> str:
    try:
        state, calls, seconds = _solved(field, until, method, step)
    except ComputationError as failure:
        return f"unstable: *{str(failure).split(';')[0].removeprefix('error: ')}* | | |"
    error = float(np.linalg.norm(state - exact) / np.linalg.norm(exact))
    return f"{error:.2g} | {calls} | {seconds:.2f} |"


def _solved(field: VectorField, until: float, method: str, step: float) -> tuple[np.ndarray, int, float]:
    began = time.perf_counter()
    done = simulate(field, np.array([0.0, until]), method=method, step=step)
    return done.trajectories.state[0, -1], done.evaluations, time.perf_counter() - began


if __name__ == "__main__":
    main()
