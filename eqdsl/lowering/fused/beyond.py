"""What an adjoint kernel computes beyond the grid: sums of uniform leaves, and arrays that have ghosts of their own."""

from __future__ import annotations

from eqdsl.lowering.fused.cotangents import Cotangents, Readers
from eqdsl.lowering.fused.extents import Extent, Unsupported
from eqdsl.lowering.fused.memory import Memory
from eqdsl.lowering.fused.places import HERE, Block, Index, Place, index_text, inside
from eqdsl.lowering.fused.plan import Plan
from eqdsl.lowering.fused.source import cells, indented
from eqdsl.lowering.fused.values import Reach, Values


def uniform_readers(plan: Plan, readers: Readers) -> list[tuple[int, int, int]]:
    """Uniform leaf, reader, and number of the argument."""
    return [
        (k, reader, argument) for k, uniform in enumerate(plan.uniforms) for reader, argument in readers.others[uniform]
    ]


def uniform_parts(backs: Cotangents, where: Place) -> list[tuple[int, str]]:
    """What comes back to uniform leaves at a place."""
    plan, readers = backs.plan, backs.readers
    parts = []
    for k, reader, argument in uniform_readers(plan, readers):
        text = backs.through(reader, argument, where) if inside(plan.extents[reader], where, plan) else None
        if text is not None:
            parts.append((k, text))
    for k, uniform in enumerate(plan.uniforms):
        for channel in readers.totals[uniform]:
            text = backs.output(channel, where)
            if text is not None:
                parts.append((k, text))
    return parts


def add_lanes(cell: Block, parts: list[tuple[int, str]], index: Index, plan: Plan) -> None:
    looped = index[0] == "i"
    for k, text in parts:
        # A factor, not a branch: a branch would keep the loop from becoming vectors.
        cell.add(f"a{k}[l] += (T)(int)(i{plan.last} >= s)*({text});" if looped else f"a{k}[0] += {text};")


def indices_of_sums(plan: Plan, readers: Readers, axis: int) -> list[Index]:
    """Raw indices beyond the walls of an axis where a uniform leaf is read."""
    extents = [plan.extents[reader] for _, reader, _ in uniform_readers(plan, readers)]
    if plan.last > 1 and any(sum(bool(e.extra[a]) for a in range(plan.last)) > 1 for e in extents):
        raise Unsupported("parameters within mixed derivatives at walls")
    return indices_beyond(plan, extents, axis)


def indices_beyond(plan: Plan, extents: list[Extent], axis: int) -> list[Index]:
    """Raw indices beyond the walls of an axis where any of some values is defined."""
    if plan.periodic(axis):
        return []
    extents = [e for e in extents if axis in e.axes]
    below = max((e.shift[axis] for e in extents), default=0)
    above = max((e.above(axis) for e in extents), default=0)
    return [*(("0", -k) for k in range(below, 0, -1)), *(("n", k) for k in range(above))]


def sums_beyond(memory: Memory, readers: Readers, outer: Place, row: Block) -> str:
    """Sums at the points beyond both ends of a row."""
    plan, text = memory.plan, ""
    for index in indices_of_sums(plan, readers, plan.last):
        cell = row.inner()
        backs = Cotangents(readers, Values(memory, row, cell, Reach()))
        add_lanes(cell, uniform_parts(backs, (*outer, index)), index, plan)
        text += "    {\n" + indented(cell.statements, 3) + "    }\n"
    return text


def array_beyond(memory: Memory, readers: Readers, leaf: int, target: str, outer: Place, row: Block) -> str:
    """An array's points beyond both ends of a row."""
    plan, text = memory.plan, ""
    for index in indices_beyond(plan, [plan.extents[leaf]], plan.last):
        cell = row.inner()
        back = Cotangents(readers, Values(memory, row, cell, Reach())).whole(leaf, (*outer, index)) or "0"
        cell.add(f"{target}[{index_text(index, plan.last, plan)}] = {back};")
        text += "    {\n" + indented(cell.statements, 3) + "    }\n"
    return text


def array_row(memory: Memory, readers: Readers, leaf: int, axis: int, index: Index) -> str:
    """A row of an array beyond a wall."""
    plan, row, extent = memory.plan, Block(), memory.plan.extents[leaf]
    outer = tuple(index if a == axis else HERE for a in range(plan.last))
    row.add(f"T *const restrict d = {back_row(plan, leaf, outer)};")

    def write(values: Values, where: Place) -> None:
        back = Cotangents(readers, values).whole(leaf, where) or "0"
        values.cell.add(f"d[{index_text(where[plan.last], plan.last, plan)}] = {back};")

    body = cells(memory, outer, row, write) + array_beyond(memory, readers, leaf, "d", outer, row)
    text = indented(row.statements, 2) + body
    for a in range(plan.last):
        if a != axis:
            first, end = -extent.shift[a], plan.sizes[a] + extent.above(a)
            text = f"  for (long i{a} = {first}; i{a} < {end}; ++i{a}) {{\n{text}  }}\n"
    return f"  {{\n{text}  }}\n"


def back_row(plan: Plan, leaf: int, outer: Place) -> str:
    """The row of an array's cotangents."""
    indices = [index_text(p, a, plan) for a, p in enumerate(outer)]
    return f"back_{leaf}({', '.join([f'D[{plan.leaves.index(leaf)}]', 'H', *indices])})"


def sums_row(memory: Memory, readers: Readers, axis: int, index: Index) -> str:
    """Sums in a row beyond a wall."""
    plan, row = memory.plan, Block()
    outer = tuple(index if a == axis else HERE for a in range(plan.last))

    def write(values: Values, where: Place) -> None:
        add_lanes(values.cell, uniform_parts(Cotangents(readers, values), where), where[plan.last], plan)

    body = cells(memory, outer, row, write) + sums_beyond(memory, readers, outer, row)
    text = indented(row.statements, 2) + body
    for other in range(plan.last):
        if other != axis:
            text = f"  for (long i{other} = 0; i{other} < {plan.sizes[other]}; ++i{other}) {{\n{text}  }}\n"
    return f"  {{\n{text}  }}\n"
