"""What came back to ghosts, brought to the points and numbers that they were made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from eqdsl.lowering.fused.cotangents import Cotangents, Readers
from eqdsl.lowering.fused.extents import Unsupported
from eqdsl.lowering.fused.memory import Memory
from eqdsl.lowering.fused.places import HERE, Block, Index, Place, at_index, index_text
from eqdsl.lowering.fused.plan import FILLS
from eqdsl.lowering.fused.scalars import cotangent_text, literal
from eqdsl.lowering.fused.source import indented, other_loops
from eqdsl.lowering.fused.values import Reach, Values

Target = Callable[[int, Place, str], None]
"""Adds a text to the stored cotangent of an array or fill at a place."""

Sums = Callable[[int, str], None]
"""Adds a text to the sum of a uniform leaf."""


def last_axis_folds(memory: Memory, readers: Readers, owner: int, target: str, outer: Place, row: Block) -> str:
    """The ghosts along the last axis of one row of an array, or of a fill of it.

    Parameters
    ----------
    owner : int
        The array or fill whose row this is.
    target : str
        The row of its cotangents.
    """
    plan, text = memory.plan, ""
    for fill, conditions in _last_axis_fills(memory, readers, owner, []):
        first, beyond = plan.kept(fill)
        for side, rows in enumerate(plan.rows(fill)):
            for layer in range(len(rows.weights)):
                index: Index = ("0", first - 1 - layer) if side == 0 else ("n", beyond + layer)
                values = Values(memory, row, row.inner(), Reach())
                backs, place = Cotangents(readers, values), (*outer, index)
                back = backs.whole(fill, place)
                if back is None:
                    continue
                tests = " & ".join(filter(None, (backs.kept_condition(c, place) for c in conditions)))
                back = f"where({tests}, {back}, 0)" if tests else back

                def add(number: int, where: Place, part: str, cell: Block = values.cell) -> None:
                    cell.add(f"{target}[{index_text(where[plan.last], plan.last, plan)}] += {part};")

                def add_sum(k: int, part: str, cell: Block = values.cell) -> None:
                    cell.add(f"a{k}[0] += {part};")

                fold(values, fill, side, layer, place, back, add, add_sum)
                text += "    {\n" + indented(values.cell.statements, 3) + "    }\n"
    return text


def _last_axis_fills(memory: Memory, readers: Readers, owner: int, path: list[int]) -> list[tuple[int, list[int]]]:
    """The fills with walls along the last axis of an array or fill, each with the fills in between."""
    plan, found = memory.plan, []
    for fill in readers.fills[owner]:
        if plan.fill_axis(fill) != plan.last:
            found += _last_axis_fills(memory, readers, fill, [*path, fill])
        elif plan.steps[fill].operation != "wrap":
            found.append((fill, path))
    return found


def stored_folds(memory: Memory, fill: int) -> str:
    """The stored ghost rows of a fill."""
    plan, text = memory.plan, ""
    i = f"i{plan.last}"
    for side, rows in enumerate(plan.rows(fill)):
        for layer in range(len(rows.weights)):
            row = Block()
            values = Values(memory, row, row.inner(), Reach())
            place = (*(("0", 0) if a == plan.fill_axis(fill) else HERE for a in range(plan.last)), HERE)
            start = memory.ghost(fill, side, str(layer), [f"i{a}" for a in range(plan.last)])
            row.add(f"const T *const restrict b = H + {start};")

            def add(number: int, where: Place, part: str, row: Block = row, cell: Block = values.cell) -> None:
                cell.add(f"{_back_row(memory, row, number, where)}[{i}] += {part};")

            def add_sum(k: int, part: str, cell: Block = values.cell) -> None:
                cell.add(f"acc[{k}] += {part};")

            fold(values, fill, side, layer, place, f"b[{i}]", add, add_sum)
            loop = f"    for (long {i} = 0; {i} < {plan.sizes[plan.last]}; ++{i}) {{\n"
            loop += indented(values.cell.statements, 3) + "    }\n"
            text += other_loops(memory, fill, indented(row.statements, 2) + loop)
    return text


def _back_row(memory: Memory, row: Block, number: int, where: Place) -> str:
    """The row of cotangents of an array or fill."""
    plan = memory.plan
    key = ("back row", number, where[: plan.last])
    found = row.find(key)
    if found is not None:
        return found
    while plan.steps[number].operation in FILLS and plan.fill_axis(number) == plan.last:
        number = plan.steps[number].inputs[0]
    leaf = plan.leaves.index(memory.leaf(number))
    indices = [index_text(p, a, plan) for a, p in enumerate(where[: plan.last])]
    return row.declare(key, "T *const", f"back_{number}({', '.join([f'D[{leaf}]', 'H', *indices])})")


def fold(
    values: Values,
    fill: int,
    side: int,
    layer: int,
    place: Place,
    back: str,
    add: Target,
    add_sum: Sums,
) -> None:
    """One ghost, ``sum_j w_j u_j + c*kappa``: to the points u_j and to what kappa is made of."""
    plan, cell = values.plan, values.cell
    rows, axis, inner = plan.rows(fill)[side], plan.fill_axis(fill), plan.steps[fill].inputs[0]
    name = cell.declare(("ghost", fill, side, layer), "const T", back)
    for j, weight in enumerate(rows.weights[layer]):
        if weight:
            where = at_index(place, axis, values.kept_point(fill, side, j))
            add(inner, where, f"{literal(weight)}*{name}")
    kappa = plan.kappas(fill)[side]
    if kappa is not None and rows.correction[layer]:
        wall = at_index(place, axis, ("0", 0))
        _push(values, kappa, wall, f"{literal(rows.correction[layer])}*{name}", add, add_sum)


def _push(values: Values, kappa: int, place: Place, seed: str, add: Target, add_sum: Sums) -> None:
    """Reverse differentiation of a wall's own value at one point of the wall."""
    plan, cell = values.plan, values.cell
    backs: dict[int, list[str]] = defaultdict(list, {kappa: [seed]})
    while backs:
        number = max(backs)
        total = " + ".join(backs.pop(number))
        if number in plan.literals:
            continue
        if number in plan.uniforms:
            add_sum(plan.uniforms.index(number), total)
            continue
        step = plan.steps[number]
        if step.operation == "input" or step.operation in FILLS:
            # Walls that follow the data: data are no variables.
            continue
        back = cell.declare(("wall", kappa, place, number), "const T", total)
        if step.operation == "near_wall":
            axis, _, _, weights = plan.attributes(number)
            for j, weight in enumerate(weights):
                if weight:
                    where = at_index(place, axis, values.wall_point(number, j))
                    add(step.inputs[0], where, f"{literal(weight)}*{back}")
        elif step.operation == "pointwise":
            texts, function = values.texts(number, place, back), plan.attributes(number)[0]
            for argument, read in enumerate(step.inputs):
                text = cotangent_text(function, argument, len(step.inputs), texts, values.exponent(number))
                if text is not None:
                    backs[read].append(text)
        elif step.operation != "coordinate":
            raise Unsupported(f"`{step.operation}` in a wall's value")
