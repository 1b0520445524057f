"""py-pde with its numba backend, from the equations as its users write them: float64, one trajectory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pde

from benchmarks.speed import inputs
from benchmarks.speed.case import Case, Unsupported
from benchmarks.speed.peers.work import Builders, Work
from benchmarks.speed.problems import PROBLEMS

EQUATIONS: dict[str, dict[str, str]] = {
    "fitzhugh_nagumo": {"u": "a*laplace(u) + u - u**3 - v - k", "v": "b*laplace(v) + u - v"},
    "heat_3d": {"T": "alpha*laplace(T)"},
}


def prepared(case: Case) -> tuple[pde.PDE, Any]:
    """The equation and its state."""
    problem = PROBLEMS[case.problem]
    if case.problem not in EQUATIONS:
        raise Unsupported("measured on two problems only: it compiles for 20 s")
    if case.dtype != "float64":
        raise Unsupported("measured in float64 only")
    if case.batch != 1:
        raise Unsupported("has no batches")
    grid = pde.CartesianGrid([[0, problem.length]] * problem.dimension, case.size, periodic=True)
    equation = pde.PDE(EQUATIONS[case.problem], bc="periodic", consts=problem.parameters)
    fields = [pde.ScalarField(grid, values) for values in inputs.initial_state(case)[0]]
    return equation, pde.FieldCollection(fields) if len(fields) > 1 else fields[0]


def rate(case: Case) -> Work:
    equation, state = prepared(case)
    compiled = equation.make_pde_rhs(state, backend="numba")
    data = state.data.copy()

    def run() -> np.ndarray:
        return compiled(data, 0.0)

    return Work(run, lambda: {"rate": run().reshape(inputs.initial_state(case).shape).copy()})


def rollout(case: Case) -> Work:
    equation, start = prepared(case)
    dt = PROBLEMS[case.problem].time_step(case.size)
    solver = pde.RungeKuttaSolver(equation, backend="numba", adaptive=False)
    stepper = solver.make_stepper(start, dt)

    def run() -> np.ndarray:
        state = start.copy()
        stepper(state, 0.0, dt * case.steps)
        return state.data

    return Work(run, lambda: {"final": run().reshape(inputs.initial_state(case).shape).copy()})


BUILDERS: Builders = {"rate": rate, "rollout": rollout}
