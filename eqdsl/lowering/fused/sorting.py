"""Sorts the steps of a program into what a kernel evaluates and what it reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from eqdsl.lowering.fused.extents import Extent, Unsupported, extent_of
from eqdsl.lowering.fused.plan import FILLS, OPAQUE, Plan
from eqdsl.lowering.fused.scalars import SCALARS
from eqdsl.lowering.fused.seams import check_seams
from eqdsl.lowering.operations import ARITHMETIC
from eqdsl.lowering.program import Program
from eqdsl.model.model import Model
from eqdsl.numerics.grid import Grid


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
    needed = _needed(found)
    found.filled.update(_filled(found, needed))
    for number in sorted(needed):
        found.extents[number] = extent_of(found.steps[number], number, found.extents, model, grid)
        _fold(found, number)
    check_seams(found)
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


def _filled(found: Plan, needed: set[int]) -> set[int]:
    """Values that fills are made of, channels aside."""
    inner = {found.steps[n].inputs[0] for n in needed if found.steps[n].operation in FILLS}
    return {n for n in inner if found.steps[n].operation not in (*FILLS, "channel")}


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
            _add_array(found, number)
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
    """Opaque steps, what gets ghosts without being a channel, and a few points.

    A value that varies along some axes only, yet depends on numbers, has few points and is cheap in torch.
    """
    step, every = found.steps[number], len(found.sizes)
    if step.operation in OPAQUE or number in found.filled:
        return True
    return len(found.extents[number].axes) < every and _reads(found, number, lambda n: not found.extents[n].axes)


def _reads(found: Plan, number: int, wanted: Callable[[int], bool]) -> bool:
    """Whether a step depends on one that is no literal and of some kind."""
    step = found.steps[number]
    return any(i not in found.literals and (wanted(i) or _reads(found, i, wanted)) for i in step.inputs)


def _add_array(found: Plan, number: int) -> None:
    """An array leaf: torch hands it over on the whole grid, with its ghosts beyond walls."""
    extent, axes = found.extents[number], range(len(found.sizes))
    if any(extent.half):
        raise Unsupported(f"`{found.steps[number].operation}` on faces")
    found.arrays.append(number)
    found.cuts[number] = tuple(extent.shift[a] if found.periodic(a) else 0 for a in axes)
    found.extents[number] = Extent(
        frozenset(axes),
        tuple(0 if found.periodic(a) else extent.shift[a] for a in axes),
        tuple(0 if found.periodic(a) else extent.extra[a] for a in axes),
        extent.half,
    )


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
        if step.operation == "input" or step.operation in ("wrap", "extrapolate"):
            read.append(number)
            continue
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
