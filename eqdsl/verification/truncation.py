"""How far the compiled right-hand side is from the exact one at the exact solution."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from eqdsl.lowering.vector_field import VectorField
from eqdsl.numerics.grid import Grid
from eqdsl.verification.errors import ROUNDING
from eqdsl.verification.horizon import pace
from eqdsl.verification.manufactured import RATE

MOMENT = 0.37
"""Share of the final time at which the truncation error is taken."""


@dataclass(frozen=True)
class Truncation:
    """Largest truncation error, (inside and near walls, channel), and the rounding of each channel's rate."""

    errors: Tensor
    floor: Tensor


def truncation(field: VectorField, end: float) -> Truncation:
    """The truncation error of a manufactured model that is solved to a time."""
    t = MOMENT * end
    exact = exact_state(field, t)
    named = field.named(t, exact)
    rate = torch.stack([named[RATE.format(name)] for name in field.model.channel_names], dim=1)
    error = (field(t, exact) - rate).abs()[0]
    inside = _inner_half(field.grid)
    axes = tuple(range(1, error.ndim))
    errors = torch.stack([torch.where(inside == near, 0.0, error).amax(dim=axes) for near in (False, True)])
    # A stencil's rounding is that of its largest weight, which the largest stable step tells.
    step = pace(field, exact, t).step or end
    sizes = rate.abs()[0].amax(dim=axes) + exact.abs().max() / step
    return Truncation(errors, 10 * ROUNDING * sizes)


def exact_state(field: VectorField, t: float) -> Tensor:
    """The exact solution on the grid, walls included."""
    values = field.initial_values(t=t)
    return torch.stack([values[name] for name in field.model.channel_names], dim=1)


def _inner_half(grid: Grid) -> Tensor:
    """Points at least a quarter of each walled axis away from its walls."""
    inside = torch.ones(grid.shape, dtype=torch.bool)
    for number_, axis in enumerate(grid.axes):
        if axis.periodic:
            continue
        place = (torch.as_tensor(axis.coordinates()) - axis.lower) / (axis.upper - axis.lower)
        here = (place >= 0.25) & (place <= 0.75)
        inside &= here.reshape([-1 if i == number_ else 1 for i in range(len(grid.axes))])
    return inside
