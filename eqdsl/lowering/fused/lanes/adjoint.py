"""The adjoint kernels: cotangents of arrays, of ghosts and of uniform leaves, then the ghosts' folds.

One kernel goes over the grid and what lies beyond its walls: each lane gathers what comes back to its point. What came
back to ghosts is then brought to the points they were made of, in the opposite order to that in which they were filled.
Numbers are summed within each program, and the programs' sums are added up in order.
"""

from __future__ import annotations

from collections import defaultdict
from math import prod

from eqdsl.lowering.fused.beyond import uniform_readers
from eqdsl.lowering.fused.cotangents import Readers
from eqdsl.lowering.fused.extents import Extent
from eqdsl.lowering.fused.folds import fold
from eqdsl.lowering.fused.lanes.addresses import LaneBlock
from eqdsl.lowering.fused.lanes.box import Box, wall_box, wide_box
from eqdsl.lowering.fused.lanes.source import Launch, fill_levels, kernel_text, wall_place
from eqdsl.lowering.fused.lanes.values import LaneCotangents, LaneValues
from eqdsl.lowering.fused.memory import Memory
from eqdsl.lowering.fused.places import HERE, Place
from eqdsl.lowering.fused.plan import Plan


def adjoint_arguments(plan: Plan) -> list[str]:
    """What adjoint kernels are given last: cotangents in, those of the arrays and of the ghosts, sums."""
    return ["g0", "back", *(f"d{k}" for k in range(len(plan.arrays))), "ghost_backs", "acc"]


def adjoint_kernels(memory: Memory) -> tuple[list[str], list[Launch]]:
    """Texts, and what is launched in order.

    Raises
    ------
    Unsupported
    """
    plan, readers = memory.plan, Readers(memory)
    groups = fill_levels(memory)[::-1]
    extents = [plan.extents[n] for n in (*memory.stored, *plan.arrays)]
    extents += [plan.extents[reader] for _, reader, _ in uniform_readers(plan, readers)]
    box = wide_box(plan, extents)
    launches = [Launch("gather", box.programs)]
    launches += [Launch(f"fold{k}", wall_box(plan, fills[0]).programs) for k, fills in enumerate(groups)]
    every, first = sum(launch.programs for launch in launches), 0
    texts = []
    for launch, fills in zip(launches, [None, *groups], strict=True):
        own = wall_box(plan, fills[0]) if fills else box
        block = LaneBlock()
        for line in _places(memory, every, first, launch.programs):
            block.add(line)
        values = LaneValues(memory, block, own)
        if fills is None:
            _gather(LaneCotangents(readers, values), values)
        else:
            _fold(values, fills)
        texts.append(kernel_text(memory, launch.name, adjoint_arguments(plan), own, block.statements))
        first += launch.programs
    return texts, launches


def sums_of(launches: list[Launch]) -> int:
    """Programs that have sums of their own, for each trajectory."""
    return sum(launch.programs for launch in launches)


def _places(memory: Memory, every: int, first: int, programs: int) -> list[str]:
    """Names of the places where a program stores."""
    plan = memory.plan
    channels, points = len(plan.totals), prod(plan.sizes)
    lines = [f"g = g0 + b*{channels * points}"]
    lines += [f"D{i} = back + (b*{channels} + {c})*{points}" for i, c in enumerate(plan.channels.values())]
    own = len(plan.channels)
    lines += [f"D{own + k} = d{k} + b*{prod(plan.shape(a))}" for k, a in enumerate(plan.arrays)]
    lines += [f"H = ghost_backs + b*{memory.size}"] if memory.size else []
    if plan.uniforms:
        lines.append(f"sums = acc + (b*{every} + {first} + program % {programs})*{len(plan.uniforms)}")
    return lines


def _gather(backs: LaneCotangents, values: LaneValues) -> None:
    """What comes back to the points of a box."""
    plan, memory, block = values.plan, values.memory, values.cell
    here: Place = (HERE,) * len(plan.sizes)
    for leaf in plan.leaves:
        back = backs.whole(leaf, here) or "0.0"
        mask = _mask(values, plan.extents[leaf])
        block.add(f"tl.store({values.addresses.of(leaf, here, 'D', 'H')}, {back}, {mask})")
    for fill in memory.stored:
        back = backs.whole(fill, here) or "0.0"
        axis, (first, beyond) = plan.fill_axis(fill), plan.kept(fill)
        outside = f"((i{axis} < {first}) | (i{axis} >= {plan.sizes[axis] + beyond}))"
        inner = plan.extents[plan.steps[fill].inputs[0]]
        reached = inner.widened(axis, plan.extents[fill].shift[axis] - inner.shift[axis],
                                plan.extents[fill].extra[axis] - inner.extra[axis])  # fmt: skip
        pointer = values.addresses.of(fill, here, "D", "H")
        block.add(f"tl.store({pointer}, {back}, {_mask(values, reached)} & {outside})")
    sums: dict[int, list[str]] = defaultdict(list)
    for k, reader, argument in uniform_readers(plan, backs.readers):
        part = backs.through(reader, argument, here)
        if part is not None:
            sums[k].append(f"where({_mask(values, plan.extents[reader])}, {part}, 0.0)")
    for k, uniform in enumerate(plan.uniforms):
        outputs = [backs.output(channel, here) for channel in backs.readers.totals[uniform]]
        sums[k] += [f"where(here, {text}, 0.0)" for text in outputs if text is not None]
    _store_sums(values, sums)


def _mask(values: LaneValues, extent: Extent) -> str:
    """The condition that a lane lies where a value is defined."""
    plan = values.plan
    ranges = {a: (-extent.shift[a], n + extent.above(a)) for a, n in enumerate(plan.sizes) if not plan.periodic(a)}
    return " & ".join(["here", *values.addresses.within((HERE,) * len(plan.sizes), ranges)])


def _fold(values: LaneValues, fills: list[int]) -> None:
    """The ghosts of some fills with a common wall.

    Each lane adds to points of its own; between those of different arrays a barrier stands, because they may be the
    same place in memory.
    """
    block = values.cell
    parts: dict[tuple[int, Place], list[str]] = defaultdict(list)
    sums: dict[int, list[str]] = defaultdict(list)

    def add(number: int, where: Place, part: str) -> None:
        parts[number, _absolute(values, where)].append(part)

    def add_sum(k: int, part: str) -> None:
        sums[k].append(f"where(here, {part}, 0.0)")

    for fill in fills:
        place = wall_place(values.plan, fill)
        for side, rows in enumerate(values.plan.rows(fill)):
            for layer in range(len(rows.weights)):
                pointer = values.addresses.ghost(fill, side, layer, place, "H")
                back = block.declare(("back", fill, side, layer), "", f"tl.load({pointer})")
                fold(values, fill, side, layer, place, back, add, add_sum)
    for number, place in sorted(parts):
        pointer = block.declare(("to", number, place), "", f"{values.addresses.of(number, place, 'D', 'H')} + lane*0")
        total = " + ".join(parts[number, place])
        block.add(f"tl.store({pointer}, tl.load({pointer}) + {total}, here)")
        block.add("tl.debug_barrier()")
    _store_sums(values, sums)


def _absolute(values: LaneValues, place: Place) -> Place:
    """A place whose known indices count from the beginning: the same point has the same one."""
    sizes = values.plan.sizes
    return tuple(
        p if p[0] == "i" else ("0", values.addresses.box.span(axis, p, sizes[axis])[0]) for axis, p in enumerate(place)
    )


def _store_sums(values: LaneValues, sums: dict[int, list[str]]) -> None:
    box: Box = values.box
    for k, parts in sums.items():
        if parts:
            total = f"tl.zeros([{box.lanes}], REAL) + {' + '.join(parts)}"
            values.cell.add(f"tl.store(sums + {k}, tl.sum({total}, axis=0).to(tl.float64))")
