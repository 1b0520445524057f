"""Where each value of a program is defined, in raw indices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from eqdsl.lowering.program import Step
from eqdsl.model.model import Model
from eqdsl.model.walls import wall_series
from eqdsl.numerics.grid import Grid


class Unsupported(Exception):
    """A program that a kernel cannot take; the message says why. The reference path serves it."""


@dataclass(frozen=True, slots=True)
class Extent:
    """Where a value is defined.

    Along axis i with n points its raw indices run from ``-shift[i]`` to ``n + extra[i] - shift[i] - 1``; `axes` are
    those along which it varies; `half` marks values on faces: raw index k is then face k + 1/2.
    """

    axes: frozenset[int]
    shift: tuple[int, ...]
    extra: tuple[int, ...]
    half: tuple[bool, ...]

    def above(self, axis: int) -> int:
        """Points beyond the last one of the grid."""
        return self.extra[axis] - self.shift[axis]

    def widened(self, axis: int, shift: int, extra: int, flip: bool = False) -> Extent:
        """The same with other numbers along one axis."""
        return Extent(
            self.axes,
            tuple(s + shift if i == axis else s for i, s in enumerate(self.shift)),
            tuple(e + extra if i == axis else e for i, e in enumerate(self.extra)),
            tuple(h != flip if i == axis else h for i, h in enumerate(self.half)),
        )

    def without(self, axis: int) -> Extent:
        """The same, constant along an axis."""
        reduced = self.widened(axis, -self.shift[axis], -self.extra[axis])
        return Extent(self.axes - {axis}, reduced.shift, reduced.extra, reduced.half)


def extent_of(step: Step, number: int, known: Mapping[int, Extent], model: Model, grid: Grid) -> Extent:
    """The extent of a step whose inputs are known.

    Raises
    ------
    Unsupported
        Its inputs do not lie on one grid, or the step is not known here.
    """
    d = len(grid.axes)
    inputs = [known[i] for i in step.inputs]
    attributes = cast(tuple[Any, ...], step.attributes)
    operation = step.operation
    if operation in ("constant", "time", "uniform_channel"):
        return _on_grid(frozenset(), d)
    if operation in ("channel", "solve", "spread", "project", "component", "replace_end"):
        return _on_grid(frozenset(range(d)), d)
    if operation == "parameter":
        return _on_grid(frozenset(grid.axis(a) for a in model.parameter(attributes[0]).axes), d)
    if operation == "input":
        return _on_grid(_input_axes(attributes[0], model, grid), d)
    if operation == "past":
        return _on_grid(frozenset() if attributes[2] else frozenset(range(d)), d)
    if operation == "coordinate":
        axis, halo = attributes
        return _on_grid(frozenset({axis}), d).widened(axis, halo, 2 * halo)
    if operation == "stencil":
        axis, weights = attributes
        even = len(weights) % 2 == 0
        centre = len(weights) // 2 if inputs[0].half[axis] else (len(weights) - 1) // 2
        return inputs[0].widened(axis, -centre, 1 - len(weights), flip=even)
    if operation in ("wrap", "extrapolate"):
        axis, width, *_ = attributes
        return inputs[0].widened(axis, width, 2 * width)
    if operation == "extend":
        axis, lower, upper, *_ = attributes
        below, above = (len(rows.weights) - rows.strip for rows in (lower, upper))
        return inputs[0].widened(axis, below, below + above)
    if operation in ("near_wall", "reduce", "point"):
        return inputs[0].without(attributes[0])
    if operation == "output":
        return inputs[0]
    if operation == "learned" and attributes[1]:
        return _on_grid(frozenset(range(d)), d)
    if operation in ("pointwise", "learned"):
        return _joint(inputs, d)
    raise Unsupported(f"`{operation}`")


def _input_axes(name: str, model: Model, grid: Grid) -> frozenset[int]:
    """The axes of an input, or of a wall that follows the data."""
    for declared in model.inputs:
        if declared.name == name:
            return frozenset(grid.axis(a) for a in declared.axes)
    wall = next(w for w in model.driven_walls if wall_series(w.channel, w.axis, w.side) == name)
    return frozenset(range(len(grid.axes))) - {grid.axis(wall.axis)}


def _on_grid(axes: frozenset[int], d: int) -> Extent:
    return Extent(axes, (0,) * d, (0,) * d, (False,) * d)


def _joint(inputs: list[Extent], d: int) -> Extent:
    """The extent of values that are combined point by point."""
    axes = frozenset[int]().union(*(e.axes for e in inputs))
    shift, extra, half = [0] * d, [0] * d, [False] * d
    for axis in axes:
        found = {(e.shift[axis], e.extra[axis], e.half[axis]) for e in inputs if axis in e.axes}
        if len(found) > 1:
            raise Unsupported("values on different points are combined")
        shift[axis], extra[axis], half[axis] = found.pop()
    return Extent(axes, tuple(shift), tuple(extra), tuple(half))
