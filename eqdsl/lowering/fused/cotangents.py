"""The exact discrete adjoint in C: the cotangent of any step at any place.

For a right-hand side F of values v and a cotangent g of F, the cotangent of v is gathered, never scattered: a stencil
``s[i] = sum_k w_k v[i + k]`` gives ``dv[i] = sum_k w_k ds[i - k]``, a function ``f(a, b)`` gives ``da = df*f_a(a, b)``,
with the values of a and b computed again. So each point is written once, whatever its neighbours do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable

from eqdsl.lowering.fused.memory import Memory
from eqdsl.lowering.fused.places import Place, at_index, index_text, inside, moved, wrapped
from eqdsl.lowering.fused.plan import FILLS
from eqdsl.lowering.fused.scalars import cotangent_text, literal
from eqdsl.lowering.fused.values import Values, at_end

_ZERO = "0"


class Readers:
    """Who reads each step: fills, and others with the number of the argument."""

    def __init__(self, memory: Memory) -> None:
        plan = memory.plan
        self.fills: dict[int, list[int]] = defaultdict(list)
        self.others: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self.totals: dict[int, list[int]] = defaultdict(list)
        for number in sorted(plan.bulk):
            step = plan.steps[number]
            if step.operation in FILLS:
                self.fills[step.inputs[0]].append(number)
                continue
            for argument, read in enumerate(step.inputs):
                self.others[read].append((number, argument))
        for channel, total in enumerate(plan.totals):
            self.totals[total].append(channel)


class Cotangents:
    """Cotangents of a program's steps, named in the blocks of `values`."""

    def __init__(self, readers: Readers, values: Values) -> None:
        self.readers, self.values, self.plan = readers, values, values.plan

    def of(self, number: int, place: Place) -> str | None:
        """What comes back to a step from all that reads it but fills; None for zero."""
        place = self._normal(place)
        if not inside(self.plan.extents[number], place, self.plan):
            return None
        key = ("cotangent", number, place)
        found = self.values.cell.find(key)
        if found is None:
            parts = [self.output(c, place) for c in self.readers.totals[number]]
            parts += [self.through(reader, argument, place) for reader, argument in self.readers.others[number]]
            found = self._sum(key, parts)
        return None if found == _ZERO else found

    def whole(self, number: int, place: Place) -> str | None:
        """What comes back to an array or a fill at a place, through fills of it too; None for zero."""
        place = self._normal(place)
        key = ("whole", number, place)
        found = self.values.cell.find(key)
        if found is None:
            parts = [self.of(number, place), *(self._from_fill(fill, place) for fill in self.readers.fills[number])]
            found = self._sum(key, parts)
        return None if found == _ZERO else found

    def through(self, reader: int, argument: int, place: Place) -> str | None:
        """What comes back from one reader to its argument at a place."""
        step, values = self.plan.steps[reader], self.values
        if step.operation == "stencil":
            return self._through_stencil(reader, place)
        back = self.of(reader, place)
        if back is None:
            return None
        if step.operation == "replace_end":
            axis, side = self.plan.attributes(reader)
            where = at_end(place, axis, side, values)
            if where in "01":
                return back if int(where) == argument else None
            return f"where({where}, {_ZERO}, {back})" if argument == 0 else f"where({where}, {back}, {_ZERO})"
        function, count = self.plan.attributes(reader)[0], len(step.inputs)
        return cotangent_text(function, argument, count, values.texts(reader, place, back), values.exponent(reader))

    def _through_stencil(self, reader: int, place: Place) -> str | None:
        axis, weights = self.plan.attributes(reader)
        centre = self.plan.centre(reader)
        parts = []
        for k, weight in enumerate(weights):
            where = moved(place, axis, centre - k)
            back = self.of(reader, where) if weight else None
            if back is not None:
                back = self._defined(reader, where, back)
                parts.append(back if weight == 1.0 else f"{literal(weight)}*{back}")
        return f"({' + '.join(parts)})" if parts else None

    def _defined(self, number: int, place: Place, back: str) -> str:
        """A cotangent, or zero in rows in which its step is not defined: there it may be zero times infinity."""
        plan, extent, line = self.plan, self.plan.extents[number], self.values.memory.line
        rows = [a for a in range(line) if place[a][0] == "i" and a in extent.axes and not plan.periodic(a)]
        if not rows or not plan.singular:
            return back
        key = ("defined", number, place[:line])
        found = self.values.row.find(key)
        if found is None:
            indices = {a: index_text(place[a], a, plan) for a in rows}
            tests = [
                f"({i} >= {-extent.shift[a]}) & ({i} < {plan.sizes[a] + extent.above(a)})" for a, i in indices.items()
            ]
            found = self.values.row.declare(key, "const int", " & ".join(tests))
        return f"where({found}, {back}, {_ZERO})"

    def _from_fill(self, fill: int, place: Place) -> str | None:
        """From a fill at a place where it is the array itself."""
        plan, axis = self.plan, self.plan.fill_axis(fill)
        if plan.steps[fill].operation == "wrap":
            return self.whole(fill, place)
        base, offset = place[axis]
        first, beyond = plan.kept(fill)
        if (base == "0" and offset < first) or (base == "n" and offset >= beyond):
            return None
        if base == "i" and axis == self.values.memory.line:
            self.values.reach.note(offset, first, beyond)
        back = self.whole(fill, place)
        condition = self.kept_condition(fill, place)
        return back if back is None or not condition else f"where({condition}, {back}, {_ZERO})"

    def kept_condition(self, fill: int, place: Place) -> str:
        """The condition that a row is not replaced by a fill with walls; empty where none is."""
        plan, axis = self.plan, self.plan.fill_axis(fill)
        if place[axis][0] != "i" or axis == self.values.memory.line or plan.steps[fill].operation == "wrap":
            return ""
        first, beyond = plan.kept(fill)
        i = index_text(place[axis], axis, plan)
        parts = [f"({i} >= {first})"] if first > 0 else []
        parts += [f"({i} < {plan.sizes[axis] + beyond})"] if beyond < 0 else []
        return " & ".join(parts)

    def output(self, channel: int, place: Place) -> str | None:
        """The cotangent of a right-hand side; None outside the grid."""
        plan, values = self.plan, self.values
        place = self._normal(place)
        for axis, (base, offset) in enumerate(place):
            if not plan.periodic(axis) and ((base == "0" and offset < 0) or (base == "n" and offset >= 0)):
                return None
        key = ("output", channel, place)
        found = values.cell.find(key)
        if found is not None:
            return found
        if place[plan.last][0] == "i":
            values.reach.note(place[plan.last][1], 0, 0)
        outer = place[: plan.last]
        pointer = values.row.find(("output row", channel, outer))
        if pointer is None:
            indices = [index_text(p, a, plan) for a, p in enumerate(outer)]
            text = f"cotangent_row({', '.join([f'g + {channel}*POINTS', *indices])})"
            pointer = values.row.declare(("output row", channel, outer), "const T *const restrict", text)
        return values.cell.declare(key, "const T", f"{pointer}[{index_text(place[plan.last], plan.last, plan)}]")

    def _sum(self, key: Hashable, parts: list[str | None]) -> str:
        texts = [p for p in parts if p is not None]
        if not texts:
            self.values.cell.know(key, _ZERO)
            return _ZERO
        return self.values.cell.declare(key, "const T", " + ".join(texts))

    def _normal(self, place: Place) -> Place:
        """A place with known indices on periodic axes within the grid."""
        for axis in range(len(place)):
            if self.plan.periodic(axis):
                place = at_index(place, axis, wrapped(place[axis]))
        return place
