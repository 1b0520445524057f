"""Fields read between the points of a grid: periodic axes wrap, places beyond a wall are the nearest on it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import torch
from torch import Tensor

from eqdsl.numerics.grid import GridAxis
from eqdsl.numerics.interpolation.base import Kernel


def points(axes: Sequence[GridAxis], like: Tensor) -> list[Tensor]:
    """The number of each point along each axis, (1, ..., n, ..., 1)."""
    found = []
    for number, axis in enumerate(axes):
        shape = [1] * (len(axes) + 1)
        shape[number + 1] = axis.points
        found.append(torch.arange(axis.points, dtype=like.dtype, device=like.device).reshape(shape))
    return found


def within(axis: GridAxis, place: Tensor) -> Tensor:
    """A place, in spacings from the first point, moved to the wall that lies before it."""
    if axis.periodic:
        return place
    end = 0.5 if axis.position == "cells" else 0.0
    return place.clamp(min=-end, max=axis.points - 1 + end)


def sample(
    fields: Tensor,
    axes: Sequence[GridAxis],
    places: Sequence[Tensor],
    kernel: Kernel,
    variances: Sequence[Tensor | float] | None = None,
) -> Tensor:
    """The fields at some places, differentiable in both.

    Parameters
    ----------
    fields : Tensor, shape (B | 1, K, *S')
        S' is the grid with ``kernel.ghosts`` more points on each end of each axis.
    places : sequence of Tensor, each broadcastable to (B, *S)
        In spacings from the first point along each axis, within the walls.
    kernel : Kernel
    variances : sequence, optional
        What the kernel spreads along each axis, in squared spacings; each a number or (B | 1, 1, ...).

    Returns
    -------
    Tensor, shape (B, K, *S)
    """
    sizes = fields.shape[2:]
    numbers, weights = [], []
    for number, (axis, place) in enumerate(zip(axes, places, strict=True)):
        point, rest = kernel.split(place)
        stride = sizes[number + 1 :].numel()
        first = point.long()
        numbers.append([_stored(axis, first + k, kernel.ghosts) * stride for k in kernel.offsets])
        weights.append(kernel.weights(rest, 0.0 if variances is None else variances[number]))
    shape = torch.broadcast_shapes(*(p.shape for p in places), (fields.shape[0], *(a.points for a in axes)))
    flat = fields.flatten(2).expand(shape[0], -1, -1)
    total: Tensor | None = None
    for chosen in product(range(len(kernel.offsets)), repeat=len(axes)):
        index, weight = numbers[0][chosen[0]], weights[0][chosen[0]]
        for number, k in enumerate(chosen[1:], start=1):
            index, weight = index + numbers[number][k], weight * weights[number][k]
        index = index.expand(shape).reshape(shape[0], 1, -1).expand(-1, flat.shape[1], -1)
        part = flat.gather(2, index).reshape(shape[0], -1, *shape[1:]) * weight.unsqueeze(1)
        total = part if total is None else total + part
    assert total is not None  # a grid has an axis
    return total


def _stored(axis: GridAxis, number: Tensor, ghosts: int) -> Tensor:
    """Where a point stands in a field with ghosts."""
    if axis.periodic:
        return number.remainder(axis.points) + ghosts
    return (number + ghosts).clamp(0, axis.points - 1 + 2 * ghosts)
