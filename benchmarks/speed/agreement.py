"""A peer is timed only if it computes what eqdsl computes."""

from __future__ import annotations

import numpy as np

from benchmarks.speed.case import Case
from benchmarks.speed.inputs import initial_state
from benchmarks.speed.problems import PROBLEMS

ROUNDINGS = 64
"""Of the largest term of a rate: sums of a few terms in any order."""


def tolerances(case: Case) -> dict[str, float]:
    """Largest difference allowed of each value, over the largest magnitude of eqdsl's.

    Rates and their gradients agree to rounding. Trajectories add up roundings, and torchdiffeq's ``rk4`` is the 3/8
    rule: both are far below the error of any wrong term. Adaptive solvers differ by what their tolerances allow.
    """
    unit = float(np.finfo(case.dtype).eps)
    if case.task in ("rate", "gradient"):
        rounding = ROUNDINGS * unit * cancellation(case)
        return {"rate": rounding, "gradient": rounding}
    if case.task == "rollout":
        return {"final": 1e-5 if case.dtype == "float64" else 1e-3}
    single = 1e-3 if case.task == "training" else 3e-2
    return {"loss": single, "gradient": 10 * single}


def cancellation(case: Case) -> float:
    """How much larger the terms of a stencil are than 1, the size of the reactions."""
    problem = PROBLEMS[case.problem]
    largest = max(problem.parameters.values())
    size = float(np.abs(initial_state(case)).max())
    return 1 + 4 * problem.dimension * largest / problem.spacing(case.size) ** 2 * size


def require(case: Case, peer: str, ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> None:
    """
    Raises
    ------
    AssertionError
        A value differs by more than its tolerance, or is not finite.
    """
    bounds = tolerances(case)
    for name, values in theirs.items():
        assert values.shape == ours[name].shape, f"{peer}, {case.name}: {name} is {values.shape}"
        assert np.isfinite(values).all() and np.isfinite(ours[name]).all(), f"{peer}, {case.name}: {name} not finite"
        # Rates of size below 1 are compared absolutely: `cancellation` is in those units.
        scale = max(1.0, np.abs(ours[name]).max()) if "rate" in bounds else np.abs(ours[name]).max()
        found = float(np.abs(values.astype(np.float64) - ours[name]).max() / scale)
        assert found <= bounds[name], f"{peer}, {case.name}: {name} differs by {found:.1e} > {bounds[name]:.1e}"
