"""Means and integrals over the domain."""

from __future__ import annotations

from eqdsl.lowering.builder import Builder, Value
from eqdsl.numerics.grid import Grid


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
