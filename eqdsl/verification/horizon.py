"""How long to integrate, and in which steps, so that the error of space shows: neither time's nor its growth."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from eqdsl.core.errors import ComputationError
from eqdsl.lowering.vector_field import VectorField
from eqdsl.numerics.integrators.rk4 import RK4
from eqdsl.numerics.integrators.stability import MARGIN, stable_step

COARSE_STEPS = 12
"""Largest stable steps of the coarsest grid that the time is long: an error at a wall then spreads over cells."""

ODE_STEPS = 3
"""The same for an ODE, where the steps themselves are measured."""

FEWEST_STEPS, MOST_STEPS = 64, 512
"""Steps to the final time that are tried, doubling, until the error of time is below that of space."""

LARGEST_MATRIX = 600
"""Numbers in a state up to which all eigenvalues are computed (half a second)."""

RESTING = 1e-12
"""Rates below count as none."""


@dataclass(frozen=True)
class Pace:
    """Of a vector field near a state.

    Parameters
    ----------
    step : float or None
        Largest stable step of RK4; None where nothing moves.
    growth : float
        Largest rate at which a disturbance grows, 0 where it is not known.
    """

    step: float | None
    growth: float


def pace(field: VectorField, state: Tensor, t: float = 0.0) -> Pace:
    """Measure a vector field; a state too large for its spectrum has growth 0."""
    found = stable_step(lambda s, u: field(s, u), RK4, torch.tensor(t, dtype=field.dtype), state)
    step = None if found is None else found / MARGIN
    if state.numel() > LARGEST_MATRIX:
        return Pace(step, 0.0)
    values = torch.linalg.eigvals(jacobian(field, state, t))
    return Pace(step, max(0.0, float(values.real.max())))


@torch.no_grad()
def jacobian(field: VectorField, state: Tensor, t: float = 0.0) -> Tensor:
    """d(rate)/d(state) of one trajectory by difference quotients, one matrix.

    Raises
    ------
    ComputationError
        It is not finite.
    """
    size, shape = state.numel(), state.shape[1:]
    nudge = 1e-6 * max(1.0, float(state.abs().max()))
    moved = state + nudge * torch.eye(size, dtype=state.dtype).reshape(size, *shape)
    matrix: Tensor = ((field(t, moved) - field(t, state)) / nudge).reshape(size, size).T
    if not bool(torch.isfinite(matrix).all()):
        raise ComputationError("the vector field is not finite near a smooth state")
    return matrix


def final_time(found: Pace, steps: float) -> float:
    """So many stable steps, but no longer than a disturbance needs to grow by a factor e."""
    if found.step is None:
        return 1.0
    longest = steps * found.step
    return min(longest, 1.0 / found.growth) if found.growth > RESTING else longest


def steps_to(end: float, step: float | None, share: float, fewest: int) -> int:
    """Steps to a time, at least so many, each at most that share of the largest stable one."""
    return max(fewest, math.ceil(end / (share * step))) if step is not None else fewest
