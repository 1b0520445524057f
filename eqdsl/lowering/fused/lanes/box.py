"""Boxes of raw indices whose points are the lanes of a kernel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod

from eqdsl.lowering.fused.extents import Extent
from eqdsl.lowering.fused.places import Index
from eqdsl.lowering.fused.plan import Plan

LANES = 256
"""Points that a program of a kernel takes."""


@dataclass(frozen=True, slots=True)
class Box:
    """Along each of some axes the raw indices from the first number up to the second, which is left out."""

    ranges: Mapping[int, tuple[int, int]]

    @property
    def count(self) -> int:
        """Points."""
        return prod(end - first for first, end in self.ranges.values())

    @property
    def programs(self) -> int:
        """Programs of a kernel, for each trajectory."""
        return -(-self.count // self.lanes)

    @property
    def lanes(self) -> int:
        """Lanes of a program: a power of two."""
        return min(LANES, 1 << max(4, (self.count - 1).bit_length()))

    def text(self) -> list[str]:
        """Statements that name trajectory, lane and raw indices; lanes beyond the last point repeat it."""
        lines = [
            "program = tl.program_id(0)",
            f"b = (program // {self.programs}).to(tl.int64)",
            f"lane = (program % {self.programs})*{self.lanes} + tl.arange(0, {self.lanes})",
            f"here = lane < {self.count}",
            f"lane = tl.minimum(lane, {self.count - 1})",
        ]
        below = 1
        for number, (axis, (first, end)) in enumerate(reversed(list(self.ranges.items()))):
            text = f"lane // {below}" if below > 1 else "lane"
            text = text if number == len(self.ranges) - 1 else f"{text} % {end - first}"
            lines.append(f"i{axis} = {text}" + (f" + ({first})" if first else ""))
            below *= end - first
        return lines

    def span(self, axis: int, index: Index, n: int) -> tuple[int, int]:
        """The smallest and the largest raw index that an index stands for."""
        base, offset = index
        if base == "i":
            first, end = self.ranges[axis]
            return first + offset, end - 1 + offset
        number = offset if base == "0" else n + offset
        return number, number


def grid_box(plan: Plan) -> Box:
    """The points of the grid."""
    return Box({axis: (0, n) for axis, n in enumerate(plan.sizes)})


def wide_box(plan: Plan, extents: Iterable[Extent]) -> Box:
    """The points of the grid, and those beyond walls where any of some values is defined."""
    known, ranges = list(extents), {}
    for axis, n in enumerate(plan.sizes):
        own = [] if plan.periodic(axis) else [e for e in known if axis in e.axes]
        ranges[axis] = (-max((e.shift[axis] for e in own), default=0), n + max((e.above(axis) for e in own), default=0))
    return Box({axis: (min(first, 0), max(end, plan.sizes[axis])) for axis, (first, end) in ranges.items()})


def wall_box(plan: Plan, fill: int) -> Box:
    """The points of a wall, as far as the ghosts of a fill go along it."""
    extent = plan.extents[plan.steps[fill].inputs[0]]
    others = [a for a in range(len(plan.sizes)) if a != plan.fill_axis(fill)]
    return Box({a: (-extent.shift[a], plan.sizes[a] + extent.above(a)) for a in others})
