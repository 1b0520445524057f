"""Where a lane finds a value: in its array, or among the ghosts that were stored before."""

from __future__ import annotations

from eqdsl.lowering.fused.extents import Unsupported
from eqdsl.lowering.fused.lanes.box import Box
from eqdsl.lowering.fused.memory import Memory
from eqdsl.lowering.fused.places import Block, Index, Place
from eqdsl.lowering.fused.plan import FILLS


class LaneBlock(Block):
    """Statements of a kernel of Triton."""

    def declare(self, key: object, type_: str, text: str) -> str:
        """Name a value; Python knows its type."""
        name = f"x{next(self._names)}"
        self.statements.append(f"{name} = {text}")
        self._known[key] = name
        return name


class Addresses:
    """Pointers as texts; what is known of a box's indices is decided here, the rest by the lanes.

    Parameters
    ----------
    memory : Memory
    box : Box
    block : Block
        Takes the names of indices.
    """

    def __init__(self, memory: Memory, box: Box, block: Block) -> None:
        self.memory, self.plan, self.box, self.block = memory, memory.plan, box, block

    def of(self, number: int, place: Place, arrays: str = "A", ghosts: str = "G") -> str:
        """The pointer to an array leaf, or to a fill of one, at a place."""
        plan = self.plan
        if plan.steps[number].operation not in FILLS or number in plan.leaves:
            return f"{arrays}{plan.leaves.index(number)} + {self._in_array(number, place)}"
        text = self.of(plan.steps[number].inputs[0], place, arrays, ghosts)
        if number not in self.memory.stored:
            return text
        axis, (first, beyond) = plan.fill_axis(number), plan.kept(number)
        end = plan.sizes[axis] + beyond
        least, most = self.box.span(axis, place[axis], plan.sizes[axis])
        here = self._raw(axis, place[axis])
        for side, never, always, test in (
            (0, least >= first, most < first, f"{here} < {first}"),
            (1, most < end, least >= end, f"{here} >= {end}"),
        ):
            if never or not plan.rows(number)[side].weights:
                continue
            ghost = f"{ghosts} + {self._ghost(number, side, place)}"
            text = ghost if always else f"where({test}, {ghost}, {text})"
        return text

    def ghost(self, fill: int, side: int, layer: int, place: Place, ghosts: str) -> str:
        """The pointer to one layer of a fill's ghosts."""
        return f"{ghosts} + {self.memory.ghost(fill, side, str(layer), self._others(fill, place))}"

    def within(self, place: Place, ranges: dict[int, tuple[int, int]]) -> list[str]:
        """Conditions that the indices of a place lie in some ranges; none where that is known."""
        tests = []
        for axis, (first, end) in ranges.items():
            least, most = self.box.span(axis, place[axis], self.plan.sizes[axis])
            here = self._raw(axis, place[axis])
            tests += [f"({here} >= {first})"] if least < first else []
            tests += [f"({here} < {end})"] if most >= end else []
        return tests

    def index(self, axis: int, index: Index, first: int, end: int) -> str:
        """A raw index from `first` to `end` - 1: wrapped on a periodic axis, else the nearest."""
        if self.plan.periodic(axis):
            return self._wrapped(axis, index)
        least, most = self.box.span(axis, index, self.plan.sizes[axis])
        if index[0] != "i":
            return str(min(max(least, first), end - 1))
        text = self._raw(axis, index)
        text = f"tl.maximum({text}, {first})" if least < first else text
        text = f"tl.minimum({text}, {end - 1})" if most >= end else text
        return self._named(("index", axis, index, first, end), text) if "tl." in text else text

    def _wrapped(self, axis: int, index: Index) -> str:
        base, offset = index
        n = self.plan.sizes[axis]
        if base != "i":
            return str((offset if base == "0" else n + offset) % n)
        if abs(offset) > n:
            raise Unsupported(f"{n} points along `{self.plan.grid.axes[axis].name}` are too few")
        if not offset:
            return f"i{axis}"
        i, seam = f"i{axis}", n - offset if offset > 0 else -offset
        below, above = (f"{i} + {offset}", f"{i} - {seam}") if offset > 0 else (f"{i} + {n + offset}", f"{i} - {seam}")
        return self._named(("index", axis, index), f"where({i} < {seam}, {below}, {above})")

    def _named(self, key: tuple[object, ...], text: str) -> str:
        return self.block.find(key) or self.block.declare(key, "", text)

    def _raw(self, axis: int, index: Index) -> str:
        base, offset = index
        if base != "i":
            return str(self.box.span(axis, index, self.plan.sizes[axis])[0])
        return f"i{axis}" if not offset else f"(i{axis} {'+' if offset > 0 else '-'} {abs(offset)})"

    def _in_array(self, leaf: int, place: Place) -> str:
        plan, extent, text = self.plan, self.plan.extents[leaf], ""
        for axis, size in enumerate(plan.shape(leaf)):
            shift = extent.shift[axis]
            index = self.index(axis, place[axis], -shift, size - shift)
            index = f"{index} + {shift}" if shift else index
            text = f"({text})*{size} + {index}" if text else index
        return f"({text})"

    def _ghost(self, fill: int, side: int, place: Place) -> str:
        plan, axis, (first, beyond) = self.plan, self.plan.fill_axis(fill), self.plan.kept(fill)
        count, end = len(plan.rows(fill)[side].weights), plan.sizes[axis] + beyond
        here = self._raw(axis, place[axis])
        layer = f"{first - 1} - {here}" if side == 0 else f"{here} - {end}"
        return self.memory.ghost(
            fill, side, f"tl.minimum(tl.maximum({layer}, 0), {count - 1})", self._others(fill, place)
        )

    def _others(self, fill: int, place: Place) -> list[str]:
        """Raw indices along the axes that a fill does not fill."""
        plan, extent = self.plan, self.plan.extents[self.plan.steps[fill].inputs[0]]
        texts = []
        for axis, n in enumerate(plan.sizes):
            own = axis == plan.fill_axis(fill)
            texts.append("" if own else self.index(axis, place[axis], -extent.shift[axis], n + extent.above(axis)))
        return texts
