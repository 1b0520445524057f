"""Forward values in C: the text of any step at any place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from eqdsl.lowering.fused.memory import Memory
from eqdsl.lowering.fused.places import Block, Place, at_index, index_text, moved, wrapped
from eqdsl.lowering.fused.plan import FILLS
from eqdsl.lowering.fused.scalars import NAMES, Texts, literal, value_text


class Reach:
    """How far from both ends of the last axis a loop must stay, so that all it reads is stored."""

    def __init__(self) -> None:
        self.below = self.above = 0

    def note(self, offset: int, first: int, beyond: int) -> None:
        """The loop reads ``i + offset``, which must lie from `first` up to ``n - 1 + beyond``."""
        self.below = max(self.below, first - offset)
        self.above = max(self.above, offset - beyond)


class Values:
    """Values of a program's steps.

    Parameters
    ----------
    memory : Memory
    row : Block
        Takes what is the same along the last axis.
    cell : Block
        Takes the rest.
    reach : Reach
    on_grid : bool
        Whether the loops' own indices are those of points of the grid, never beyond a wall.
    """

    def __init__(self, memory: Memory, row: Block, cell: Block, reach: Reach, on_grid: bool = False) -> None:
        self.memory, self.plan = memory, memory.plan
        self.row, self.cell, self.reach, self.on_grid = row, cell, reach, on_grid

    def at(self, number: int, place: Place) -> str:
        """The value of a step at a place: a number, or the name of a variable."""
        plan = self.plan
        if number in plan.literals:
            return literal(plan.literals[number])
        if number in plan.uniforms:
            return f"u{plan.uniforms.index(number)}"
        axes = plan.extents[number].axes
        key = (number, tuple(p if a in axes else None for a, p in enumerate(place)))
        found = self.cell.find(key)
        if found is not None:
            return found
        if self.memory.line in axes:
            return self.cell.declare(key, "const T", self._text(number, place))
        return self.row.declare(key, "const T", self._on_row()._text(number, place))

    def _on_row(self) -> Values:
        """The same, for what does not vary along the line."""
        return Values(self.memory, self.row, self.row, self.reach, self.on_grid)

    def inputs(self, number: int, place: Place) -> list[str]:
        """Values of what a pointwise step reads."""
        return [self.at(i, place) for i in self.plan.steps[number].inputs]

    def texts(self, number: int, place: Place, cotangent: str) -> Texts:
        """What a pointwise step reads and gives, for `cotangent_text`."""
        makers: dict[str, Callable[[], str]] = {"g": lambda: cotangent, "v": partial(self.at, number, place)}
        for argument, read in enumerate(self.plan.steps[number].inputs):
            makers[str(argument)] = partial(self.at, read, place)
            makers |= {name: makers[str(argument)] for name in NAMES[argument : argument + 1]}
        return Texts(makers)

    def exponent(self, number: int) -> float | None:
        """The second argument, where it is a number."""
        inputs = self.plan.steps[number].inputs
        return self.plan.literals.get(inputs[1]) if len(inputs) == 2 else None

    def _text(self, number: int, place: Place) -> str:
        operation = self.plan.steps[number].operation
        if self.plan.leaves.count(number):
            return self._load(number, place)
        if operation == "pointwise":
            function = self.plan.attributes(number)[0]
            return value_text(function, self.inputs(number, place), self.exponent(number))
        if operation in FILLS:
            return self._filled(number, place)
        texts = {"stencil": self._stencil, "coordinate": self._coordinate, "replace_end": self._replaced}
        return texts.get(operation, self._near_wall)(number, place)

    def _load(self, number: int, place: Place) -> str:
        """A point of an array leaf, or of a fill along an axis with rows."""
        plan = self.plan
        index = wrapped(place[plan.last]) if plan.periodic(plan.last) else place[plan.last]
        if index[0] == "i":
            extent = plan.extents[self.memory.leaf(number)]
            self.reach.note(index[1], -extent.shift[plan.last], extent.above(plan.last))
        return f"{self.pointer(number, place)}[{index_text(index, plan.last, plan)}]"

    def pointer(self, number: int, place: Place) -> str:
        """The row of an array leaf or a fill."""
        outer = place[: self.plan.last]
        key = ("row", number, outer)
        found = self.row.find(key)
        if found is not None:
            return found
        leaf = self.memory.leaf(number)
        indices = [index_text(p, a, self.plan) for a, p in enumerate(outer)]
        text = f"row_{number}({', '.join([f'A[{self.plan.leaves.index(leaf)}]', 'G', *indices])})"
        return self.row.declare(key, "const T *const restrict", text)

    def _coordinate(self, number: int, place: Place) -> str:
        axis = self.plan.attributes(number)[0]
        line = self.plan.grid.axes[axis]
        first = float(line.coordinates(0)[0])
        text = index_text(place[axis], axis, self.plan)
        if place[axis][0] == "i" and place[axis][1] and self.plan.periodic(axis):
            text = f"WRAP({text}, {self.plan.sizes[axis]})"
        elif place[axis][0] == "i" and place[axis][1] and axis != self.memory.line:
            # Beyond what is defined a point is met only where it is multiplied by zero; it must not be infinite there.
            extent = self.plan.extents[number]
            text = f"LIMIT({text}, {-extent.shift[axis]}, {self.plan.sizes[axis] - 1 + extent.above(axis)})"
        return f"real({first!r} + {line.spacing!r}*(double)({text}))"

    def _stencil(self, number: int, place: Place) -> str:
        axis, weights = self.plan.attributes(number)
        argument, centre = self.plan.steps[number].inputs[0], self.plan.centre(number)
        return weighted(
            (weight, self.at(argument, moved(place, axis, k - centre))) for k, weight in enumerate(weights) if weight
        )

    def _filled(self, number: int, place: Place) -> str:
        plan, axis = self.plan, self.plan.fill_axis(number)
        base, offset = place[axis]
        inner = plan.steps[number].inputs[0]
        if base == "i" and axis != self.memory.line:
            if self._kept(number, offset):
                # By its own name, for which what else reads it has a pointer already.
                return self.at(inner, place)
            return self._load(number, place)
        if plan.steps[number].operation == "wrap":
            return self.at(inner, at_index(place, axis, wrapped(place[axis])))
        first, beyond = plan.kept(number)
        if base == "i":
            self.reach.note(offset, first, beyond)
        elif base == "0" and offset < first:
            return self.ghost(number, 0, first - 1 - offset, place)
        elif base == "n" and offset >= beyond:
            return self.ghost(number, 1, offset - beyond, place)
        return self.at(inner, place)

    def _kept(self, fill: int, offset: int) -> bool:
        """Whether a fill leaves what is this far from the loop's own row as it is, at every row."""
        if not self.on_grid or offset:
            return False
        first, beyond = (0, 0) if self.plan.steps[fill].operation == "wrap" else self.plan.kept(fill)
        return first <= 0 <= beyond

    def ghost(self, fill: int, side: int, layer: int, place: Place) -> str:
        """Ghost number `layer` of a fill, counted from the wall outward."""
        rows, axis, inner = self.plan.rows(fill)[side], self.plan.fill_axis(fill), self.plan.steps[fill].inputs[0]
        parts = [
            (weight, self.at(inner, at_index(place, axis, self.kept_point(fill, side, j))))
            for j, weight in enumerate(rows.weights[layer])
            if weight
        ]
        kappa = self.plan.kappas(fill)[side]
        if kappa is not None and rows.correction[layer]:
            parts.append((rows.correction[layer], self.at(kappa, at_index(place, axis, ("0", 0)))))
        return weighted(parts)

    def kept_point(self, fill: int, side: int, j: int) -> tuple[str, int]:
        """The index of the j-th kept point, counted from the wall inward."""
        first, beyond = self.plan.kept(fill)
        return ("0", first + j) if side == 0 else ("n", beyond - 1 - j)

    def _near_wall(self, number: int, place: Place) -> str:
        axis, _, _, weights = self.plan.attributes(number)
        argument = self.plan.steps[number].inputs[0]
        return weighted(
            (weight, self.at(argument, at_index(place, axis, self.wall_point(number, j))))
            for j, weight in enumerate(weights)
            if weight
        )

    def wall_point(self, number: int, j: int) -> tuple[str, int]:
        """The index of the j-th point that a ``near_wall`` step reads."""
        axis, side, strip, _ = self.plan.attributes(number)
        extent = self.plan.extents[self.plan.steps[number].inputs[0]]
        return ("0", strip - extent.shift[axis] + j) if side == 0 else ("n", extent.above(axis) - 1 - strip - j)

    def _replaced(self, number: int, place: Place) -> str:
        total, end = self.plan.steps[number].inputs
        axis, side = self.plan.attributes(number)
        where = at_end(place, axis, side, self)
        if where == "0":
            return self.at(total, place)
        if where == "1":
            return self.at(end, place)
        return f"where({where}, {self.at(end, place)}, {self.at(total, place)})"


def at_end(place: Place, axis: int, side: int, values: Values) -> str:
    """The condition that a place is the first or last point of an axis; 0 or 1 where that is known."""
    base, offset = place[axis]
    if base != "i":
        return str(int((base, offset) == (("0", 0) if side == 0 else ("n", -1))))
    if axis == values.memory.line:
        values.reach.note(offset, 1 - side, -side)
        return "0"
    return f"({index_text(place[axis], axis, values.plan)} == {0 if side == 0 else values.plan.sizes[axis] - 1})"


def weighted(parts: Iterable[tuple[float, str]]) -> str:
    """The text of a weighted sum."""
    texts = [name if weight == 1.0 else f"{literal(weight)}*{name}" for weight, name in parts]
    return " + ".join(texts) or "real(0)"
