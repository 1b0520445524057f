"""Which steps of a program a kernel takes over, and what it reads.

The kernel computes the right-hand sides from *array leaves* (channels, coefficient fields, outputs of learned terms),
*uniform leaves* (numbers such as parameters, one for each trajectory or one for all) and coordinates. What the leaves
are made of stays with torch: numbers cost nothing there, and learned terms have kernels of their own.

Every value is addressed by *raw indices*: 0 to n - 1 along an axis of n points, whatever halo the step has; ghosts lie
at negative indices and from n on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

from eqdsl.lowering.fused.extents import Extent
from eqdsl.lowering.fused.scalars import SINGULAR
from eqdsl.lowering.program import Step
from eqdsl.numerics.ghosts import GhostRows, continuation
from eqdsl.numerics.grid import Grid

FILLS = ("wrap", "extend", "extrapolate")
"""Steps that add ghosts to a value and leave its points where they are."""

OPAQUE = (
    "learned", "output", "reduce", "point", "spread", "solve", "parameter", "input", "past", "project", "component",
)  # fmt: skip
"""Steps that torch evaluates; the kernel reads their results."""


@dataclass
class Plan:
    """What a kernel of one program computes.

    Attributes
    ----------
    steps : tuple of Step
        The program's.
    totals : tuple of int
        Steps of the right-hand sides, by channel.
    grid : Grid
    extents : dict of int to Extent
        Where each value is defined.
    literals : dict of int to float
        Steps that are numbers.
    uniforms : list of int
        Steps without axes, evaluated by torch.
    channels : dict of int to int
        Array leaves that are channels of the state, by step.
    arrays : list of int
        Other array leaves.
    cuts : dict of int to tuple
        How many points of each at the beginning of each axis are left out: ghosts on periodic axes repeat others.
    filled : set of int
        Values other than channels that get ghosts.
    bulk, walls : set of int
        Steps evaluated at points, and steps evaluated at walls (what a wall's own value is made of).
    """

    steps: tuple[Step, ...]
    totals: tuple[int, ...]
    grid: Grid
    extents: dict[int, Extent] = field(default_factory=dict)
    literals: dict[int, float] = field(default_factory=dict)
    uniforms: list[int] = field(default_factory=list)
    channels: dict[int, int] = field(default_factory=dict)
    arrays: list[int] = field(default_factory=list)
    cuts: dict[int, tuple[int, ...]] = field(default_factory=dict)
    filled: set[int] = field(default_factory=set)
    bulk: set[int] = field(default_factory=set)
    walls: set[int] = field(default_factory=set)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Points of each axis."""
        return self.grid.shape

    @property
    def last(self) -> int:
        """The axis whose points lie side by side in memory."""
        return len(self.sizes) - 1

    @property
    def leaves(self) -> list[int]:
        """All array leaves: channels first."""
        return [*self.channels, *self.arrays]

    def shape(self, leaf: int) -> tuple[int, ...]:
        """Points of an array leaf as the kernel gets it."""
        return tuple(n + e for n, e in zip(self.sizes, self.extents[leaf].extra, strict=True))

    def periodic(self, axis: int) -> bool:
        """Whether an axis closes in itself."""
        return self.grid.axes[axis].periodic

    def attributes(self, number: int) -> tuple[Any, ...]:
        """Constants of a step."""
        return cast(tuple[Any, ...], self.steps[number].attributes)

    @cached_property
    def singular(self) -> bool:
        """Whether anything can become infinite: zero times it is not zero."""
        return any(self._singular(number) for number in self.bulk)

    def _singular(self, number: int) -> bool:
        step = self.steps[number]
        if step.operation != "pointwise" or step.attributes[0] not in SINGULAR:
            return False
        second = step.inputs[-1]
        if step.attributes[0] == "div":
            return second not in self.literals and second not in self.uniforms
        exponent = self.literals.get(second, 0.5) if step.attributes[0] == "pow" else 0.5
        return exponent < 0 or exponent != int(exponent)

    def centre(self, number: int) -> int:
        """Which weight of a stencil stands at its own raw index."""
        axis, weights = self.attributes(number)
        half = self.extents[self.steps[number].inputs[0]].half[axis]
        return len(weights) // 2 if half else (len(weights) - 1) // 2

    def fill_axis(self, number: int) -> int:
        """The axis that a fill widens."""
        return int(self.attributes(number)[0])

    def kept(self, number: int) -> tuple[int, int]:
        """What a fill with walls leaves as it is: raw indices from the first number up to n - 1 plus the second."""
        lower, upper = self.rows(number)
        argument, axis = self.extents[self.steps[number].inputs[0]], self.fill_axis(number)
        return lower.strip - argument.shift[axis], argument.above(axis) - upper.strip

    def rows(self, number: int) -> tuple[GhostRows, GhostRows]:
        """The ghost rows of a fill with walls, below and above."""
        if self.steps[number].operation == "extrapolate":
            _, width, order = self.attributes(number)
            return continuation(width, order), continuation(width, order)
        return self.attributes(number)[1], self.attributes(number)[2]

    def kappas(self, number: int) -> tuple[int | None, int | None]:
        """The steps that hold the walls' own values."""
        if self.steps[number].operation != "extend":
            return None, None
        given = iter(self.steps[number].inputs[1:])
        *_, lower, upper = self.attributes(number)
        return (next(given) if lower else None), (next(given) if upper else None)
