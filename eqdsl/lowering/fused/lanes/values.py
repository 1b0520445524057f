"""Values and cotangents of a program's steps in a kernel of Triton."""

from __future__ import annotations

from eqdsl.lowering.fused.cotangents import Cotangents
from eqdsl.lowering.fused.lanes.addresses import Addresses, LaneBlock
from eqdsl.lowering.fused.lanes.box import Box
from eqdsl.lowering.fused.memory import Memory
from eqdsl.lowering.fused.places import Place
from eqdsl.lowering.fused.scalars import literal
from eqdsl.lowering.fused.values import Reach, Values


class LaneValues(Values):
    """Values at the points of a box."""

    def __init__(self, memory: Memory, row: LaneBlock, box: Box) -> None:
        super().__init__(memory, row, row, Reach())
        self.box, self.addresses = box, Addresses(memory, box, row)

    def _on_row(self) -> LaneValues:
        return self

    def _load(self, number: int, place: Place) -> str:
        return f"tl.load({self.addresses.of(number, place)})"

    def _coordinate(self, number: int, place: Place) -> str:
        plan = self.plan
        axis, extent = plan.attributes(number)[0], plan.extents[number]
        line, n = plan.grid.axes[axis], plan.sizes[axis]
        first = float(line.coordinates(0)[0])
        text = self.addresses.index(axis, place[axis], -extent.shift[axis], n + extent.above(axis))
        if place[axis][0] != "i":
            return literal(first + line.spacing * int(text))
        return f"({first!r} + {line.spacing!r}*({text}).to(tl.float64)).to(REAL)"


class LaneCotangents(Cotangents):
    """Cotangents at the points of a box."""

    values: LaneValues

    def output(self, channel: int, place: Place) -> str | None:
        """The cotangent of a right-hand side; zero, or None, outside the grid."""
        plan, values = self.plan, self.values
        addresses, sizes = values.addresses, enumerate(plan.sizes)
        grid = {a: (0, n) for a, n in sizes if not plan.periodic(a)}
        spans = {a: values.box.span(a, place[a], plan.sizes[a]) for a in grid}
        if any(most < 0 or least >= plan.sizes[a] for a, (least, most) in spans.items()):
            return None
        key = ("output", channel, place)
        found = values.cell.find(key)
        if found is not None:
            return found
        text = ""
        for axis, n in enumerate(plan.sizes):
            index = addresses.index(axis, place[axis], 0, n)
            text = f"({text})*{n} + {index}" if text else index
        tests = addresses.within(place, grid)
        mask = f", {' & '.join(tests)}, 0.0" if tests else ""
        return values.cell.declare(key, "", f"tl.load(g + {channel}*POINTS + {text}{mask})")
