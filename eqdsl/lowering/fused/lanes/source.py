"""What all kernels of a plan have in common: the frame of their module, their arguments, and the ghosts.

Kernels follow each other on the device, so each finds what those before it have stored. Ghosts are filled level by
level: those of one level read none of each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod

from eqdsl.lowering.fused.extents import Unsupported
from eqdsl.lowering.fused.lanes.addresses import LaneBlock
from eqdsl.lowering.fused.lanes.box import Box, wall_box
from eqdsl.lowering.fused.lanes.values import LaneValues
from eqdsl.lowering.fused.memory import Memory
from eqdsl.lowering.fused.places import HERE, Place
from eqdsl.lowering.fused.plan import FILLS, Plan

MOST_LINES = 10_000
"""Beyond, Triton compiles for minutes."""

_HEADER = """import triton
import triton.language as tl
from triton.language.extra import libdevice
"""

_WORDS = {
    **{name: f"tl.{name}" for name in ("where", "cos", "erf", "exp", "floor", "log", "sin", "sqrt")},
    "fabs": "tl.abs",
    **{
        name: f"libdevice.{name}"
        for name in ("acos", "asin", "atan", "atan2", "cosh", "log10", "log1p", "pow", "sinh", "tan", "tanh")
    },
}
"""Functions of the texts that are shared with C, as Triton has them."""

_CALL = re.compile(rf"(?<![\w.])({'|'.join(_WORDS)})\(")


@dataclass(frozen=True, slots=True)
class Launch:
    """A kernel of a module, and its programs for each trajectory."""

    name: str
    programs: int


def arguments(plan: Plan) -> list[str]:
    """What every kernel is given first."""
    numbers = range(len(plan.arrays))
    return ["state", *(f"a{k}" for k in numbers), *(f"s{k}" for k in numbers), "uniforms", "stride", "ghosts"]


def kernel_text(memory: Memory, name: str, more: Sequence[str], box: Box, statements: Iterable[str]) -> str:
    """One kernel: where its lane is, what it reads, and the statements that follow."""
    plan = memory.plan
    first = len(plan.channels)
    lines = box.text()
    lines += [
        f"A{i} = state + (b*{len(plan.totals)} + {c})*{prod(plan.sizes)}" for i, c in enumerate(plan.channels.values())
    ]
    lines += [f"A{first + k} = a{k} + b*s{k}" for k in range(len(plan.arrays))]
    lines += [f"G = ghosts + b*{memory.size}"] if memory.size else []
    lines += [f"u{k} = tl.load(uniforms + b*stride + {k})" for k in range(len(plan.uniforms))]
    body = "".join(f"    {line}\n" for line in (*lines, *statements))
    return f"\n\n@triton.jit\ndef {name}({', '.join((*arguments(plan), *more))}):\n{body}"


def module_text(texts: Iterable[str], plan: Plan, precision: str) -> str:
    """A whole module, with the words that texts share with C put into Triton's.

    Raises
    ------
    Unsupported
    """
    text = "".join(texts)
    if text.count("\n") > MOST_LINES:
        raise Unsupported("the equations are too long")
    text = text.replace("POINTS", str(prod(plan.sizes)))
    text = re.sub(r"\bNAN\b", 'float("nan")', re.sub(r"\bINFINITY\b", 'float("inf")', text))
    text = _CALL.sub(lambda found: f"{_WORDS[found[1]]}(", text)
    # A typed number: a bare one among bare ones would be one of float32.
    text = re.sub(r"\breal\(((?:[^()]|\([^()]*\))*)\)", r"tl.full([1], \1, REAL)", text)
    return _HEADER + text.replace("REAL", f"tl.{precision}")


def fill_levels(memory: Memory) -> list[list[int]]:
    """The stored fills in groups with a common wall, in an order in which each finds what it reads."""
    plan, levels = memory.plan, dict[int, int]()

    def level(fill: int) -> int:
        if fill not in levels:
            levels[fill] = 1 + max((level(f) for f in _read_by(memory, fill)), default=-1)
        return levels[fill]

    groups: dict[tuple[int, int, tuple[tuple[int, tuple[int, int]], ...]], list[int]] = {}
    for fill in memory.stored:
        box = wall_box(plan, fill)
        groups.setdefault((level(fill), plan.fill_axis(fill), tuple(box.ranges.items())), []).append(fill)
    return [groups[key] for key in sorted(groups)]


def _read_by(memory: Memory, fill: int) -> set[int]:
    """The stored fills that one is made of, as far as the next ones."""
    plan, found, seen = memory.plan, set[int](), set[int]()
    waiting = list(plan.steps[fill].inputs)
    while waiting:
        number = waiting.pop()
        if number in memory.stored:
            found.add(number)
        elif number not in seen and (number in plan.walls or plan.steps[number].operation in FILLS):
            seen.add(number)
            waiting += plan.steps[number].inputs
    return found


def wall_place(plan: Plan, fill: int) -> Place:
    """The place of a lane at a wall."""
    return tuple(("0", 0) if a == plan.fill_axis(fill) else HERE for a in range(len(plan.sizes)))


def fill_kernels(memory: Memory) -> tuple[list[str], list[Launch]]:
    """The kernels that fill the stored ghosts, in order."""
    plan, texts, launches = memory.plan, [], []
    for number, fills in enumerate(fill_levels(memory)):
        box, block = wall_box(plan, fills[0]), LaneBlock()
        values = LaneValues(memory, block, box)
        for fill in fills:
            place = wall_place(plan, fill)
            for side, rows in enumerate(plan.rows(fill)):
                for layer in range(len(rows.weights)):
                    text = values.ghost(fill, side, layer, place)
                    pointer = values.addresses.ghost(fill, side, layer, place, "G")
                    # A pointer for each lane, whatever the wall: on a line there is one.
                    block.add(f"tl.store({pointer} + lane*0, {text}, here)")
        texts.append(kernel_text(memory, f"fill{number}", (), box, block.statements))
        launches.append(Launch(f"fill{number}", box.programs))
    return texts, launches
