"""Means and integrals over the domain, and values at points."""

from __future__ import annotations

import math

from eqdsl.lowering.builder import Builder, Value
from eqdsl.numerics.grid import Grid, GridAxis


def reduced(builder: Builder, grid: Grid, value: Value, kind: str) -> Value:
    """The ``mean`` or the ``integral`` of a field over the grid; on nodes a point on a wall counts half."""
    for number, axis in enumerate(grid.axes):
        length = axis.upper - axis.lower if kind == "integral" else 1.0
        if number in value.axes:
            ends = 0.5 if axis.position == "nodes" and not axis.periodic else 1.0
            weight = axis.spacing * length / (axis.upper - axis.lower)
            value = builder.add("reduce", (value,), number, weight, ends, axes=value.axes - {number})
        elif length != 1.0:
            value = builder.apply("mul", value, builder.constant(length))
    return value


def sampled(builder: Builder, grid: Grid, value: Value, at: tuple[float, ...], order: int) -> Value:
    """A field with ``order/2`` ghosts at a point, by Lagrange's interpolation through the `order` nearest points."""
    for number, (axis, place) in enumerate(zip(grid.axes, at, strict=True)):
        if number in value.axes:
            first, weights = point_weights(axis, place, order)
            value = builder.add("point", (value,), number, first, weights, axes=value.axes - {number})
    return value


def point_weights(axis: GridAxis, place: float, order: int) -> tuple[int, tuple[float, ...]]:
    """First point, counted with ``order/2`` ghosts, and weights ``w_j = prod_{k != j} (s - k)/(j - k)``."""
    ghosts = order // 2
    position = (place - float(axis.coordinates(ghosts)[0])) / axis.spacing
    most = axis.points + 2 * ghosts - order
    first = min(max(math.floor(position) - ghosts + 1, 0), most)
    s = position - first
    weights = tuple(math.prod((s - k) / (j - k) for k in range(order) if k != j) for j in range(order))
    return first, weights
