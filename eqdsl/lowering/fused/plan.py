"""Which steps of a program a kernel takes over, and what it reads.

The kernel computes the right-hand sides from *array leaves* (channels, coefficient fields, outputs of learned terms),
*uniform leaves* (numbers such as parameters, one for each trajectory or one for all) and coordinates. What the leaves
are made of stays with torch: numbers cost nothing there, and learned terms have kernels of their own.

Every value is addressed by *raw indices*: 0 to n - 1 along an axis of n points, whatever halo the step has; ghosts lie
at negative indices and from n on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, cast

from eqdsl.lowering.fused.extents import Extent, Unsupported, extent_of
from eqdsl.lowering.fused.scalars import SCALARS
from eqdsl.lowering.operations import ARITHMETIC
from eqdsl.lowering.program import Program, Step
from eqdsl.model.model import Model
from eqdsl.numerics.ghosts import GhostRows
from eqdsl.numerics.grid import Grid

FILLS = ("wrap", "extend", "extrapolate")
"""Steps that add ghosts to a value and leave its points where they are."""

OPAQUE = ("learned", "output", "reduce", "spread", "solve", "parameter")
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

    def periodic(self, axis: int) -> bool:
        """Whether an axis closes in itself."""
        return self.grid.axes[axis].periodic

    def attributes(self, number: int) -> tuple[Any, ...]:
        """Constants of a step."""
        return cast(tuple[Any, ...], self.steps[number].attributes)

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
            straight = _straight(self.attributes(number)[1])
            return straight, straight
        return self.attributes(number)[1], self.attributes(number)[2]

    def kappas(self, number: int) -> tuple[int | None, int | None]:
        """The steps that hold the walls' own values."""
        if self.steps[number].operation != "extend":
            return None, None
        given = iter(self.steps[number].inputs[1:])
        *_, lower, upper = self.attributes(number)
        return (next(given) if lower else None), (next(given) if upper else None)


def _straight(width: int) -> GhostRows:
    return GhostRows(0, tuple((2.0 + k, -1.0 - k) for k in range(width)), (0.0,) * width)


def plan(program: Program, model: Model, grid: Grid) -> Plan:
    """The plan of a program's right-hand sides.

    Raises
    ------
    Unsupported
        The kernel cannot take it; the message says why.
    """
    if not grid.axes:
        raise Unsupported("an equation without space has nothing to fuse")
    found = Plan(program.steps, tuple(e.total for e in program.equations), grid)
    for number in sorted(_needed(found)):
        found.extents[number] = extent_of(found.steps[number], number, found.extents, model, grid)
        _fold(found, number)
    for total in found.totals:
        _sort(found, total)
    return found


def _needed(found: Plan) -> set[int]:
    needed, waiting = set(found.totals), list(found.totals)
    while waiting:
        new = [i for i in found.steps[waiting.pop()].inputs if i not in needed]
        needed.update(new)
        waiting.extend(new)
    return needed


def _fold(found: Plan, number: int) -> None:
    """Note a step that is a number."""
    step = found.steps[number]
    if step.operation == "constant":
        found.literals[number] = float(cast(float, step.attributes[0]))
    elif step.operation == "pointwise" and all(i in found.literals for i in step.inputs):
        call = ARITHMETIC.get(str(step.attributes[0]))
        if call is not None:
            try:
                value = call(*(found.literals[i] for i in step.inputs))
            except (ArithmeticError, ValueError):
                return
            if isinstance(value, float):
                found.literals[number] = value


def _sort(found: Plan, total: int) -> None:
    """Sort a right-hand side's steps into leaves and what the kernel evaluates."""
    waiting = [total]
    while waiting:
        number = waiting.pop()
        if number in found.literals or number in found.bulk or _is_leaf(found, number):
            continue
        step = found.steps[number]
        if _torch_evaluates(found, number):
            _whole(found, number)
            found.arrays.append(number)
            # Torch hands it over on the whole grid.
            found.extents[number] = replace(found.extents[number], axes=frozenset(range(len(found.sizes))))
            continue
        found.bulk.add(number)
        _check(found, number)
        if step.operation == "extend":
            waiting.append(step.inputs[0])
            for kappa in step.inputs[1:]:
                waiting.extend(_sort_wall(found, kappa))
        else:
            waiting.extend(step.inputs)


def _is_leaf(found: Plan, number: int) -> bool:
    """Whether a step is a leaf; notes it if it is a new one."""
    step = found.steps[number]
    if not found.extents[number].axes:
        if number not in found.uniforms:
            found.uniforms.append(number)
        return True
    if step.operation == "channel":
        found.channels.setdefault(number, int(cast(int, step.attributes[0])))
        return True
    return number in found.arrays


def _torch_evaluates(found: Plan, number: int) -> bool:
    """Opaque steps, and those that vary along some axes only yet depend on numbers: few points, cheap in torch."""
    step, every = found.steps[number], len(found.sizes)
    if step.operation in OPAQUE:
        return True
    return len(found.extents[number].axes) < every and _reads(found, number, lambda n: not found.extents[n].axes)


def _reads(found: Plan, number: int, wanted: Callable[[int], bool]) -> bool:
    """Whether a step depends on one that is no literal and of some kind."""
    step = found.steps[number]
    return any(i not in found.literals and (wanted(i) or _reads(found, i, wanted)) for i in step.inputs)


def _whole(found: Plan, number: int) -> None:
    extent = found.extents[number]
    if any(extent.shift) or any(extent.extra):
        raise Unsupported(f"`{found.steps[number].operation}` on a widened grid")


def _check(found: Plan, number: int) -> None:
    step = found.steps[number]
    if step.operation == "pointwise":
        scalar = SCALARS.get(str(step.attributes[0]))
        if scalar is None or (scalar.arity and len(step.inputs) != scalar.arity):
            raise Unsupported(f"the function `{step.attributes[0]}`")
    elif step.operation in FILLS:
        _check_fill(found, number)
    elif step.operation not in ("stencil", "replace_end", "coordinate"):
        raise Unsupported(f"`{step.operation}`")


def _check_fill(found: Plan, number: int) -> None:
    """Only arrays are filled, axis by axis in order, once along each."""
    axis, inner = found.fill_axis(number), found.steps[number].inputs[0]
    while found.steps[inner].operation in FILLS:
        if found.fill_axis(inner) >= axis:
            raise Unsupported("ghosts filled in layers")
        inner = found.steps[inner].inputs[0]
    if found.steps[inner].operation != "channel" and found.steps[inner].operation not in OPAQUE:
        raise Unsupported(f"ghosts of `{found.steps[inner].operation}`")


def _sort_wall(found: Plan, kappa: int) -> list[int]:
    """Sort what a wall's own value is made of; returns the bulk steps that it reads."""
    read, waiting = [], [kappa]
    while waiting:
        number = waiting.pop()
        if number in found.literals or number in found.walls or not found.extents[number].axes:
            if number not in found.literals and not found.extents[number].axes:
                _is_leaf(found, number)
            continue
        step = found.steps[number]
        if step.operation not in ("pointwise", "near_wall", "coordinate"):
            raise Unsupported(f"`{step.operation}` in a wall's value")
        if step.operation == "pointwise":
            _check(found, number)
        found.walls.add(number)
        if step.operation == "near_wall":
            read.append(step.inputs[0])
        else:
            waiting.extend(step.inputs)
    return read
