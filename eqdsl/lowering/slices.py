"""The part of a program between some of its values: a function of its own, which can be differentiated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eqdsl.lowering.builder import Value
from eqdsl.lowering.program import Step


@dataclass(frozen=True, slots=True)
class Slice:
    """Steps that read `arguments` values given from outside, numbered before them, and their outputs."""

    arguments: int
    steps: tuple[Step, ...]
    outputs: tuple[int, ...]

    def __str__(self) -> str:
        lines = (f"%{self.arguments + i} = {s.operation} {s.inputs}" for i, s in enumerate(self.steps))
        return f"({'; '.join(lines)} -> {self.outputs})"


def slice_between(
    steps: Sequence[Step], moving: Sequence[Value], outputs: Sequence[Value]
) -> tuple[Slice, tuple[int, ...]]:
    """What leads from `moving` to `outputs`.

    Returns
    -------
    Slice
        Its first arguments are `moving`; then come the values that it reads and that do not depend on them.
    arguments : tuple of int
        The step of each argument.
    """
    start = {v.number for v in moving}
    inside: set[int] = set()
    for number in range(min(start) + 1, max((v.number for v in outputs), default=0) + 1):
        if number not in start and any(i in inside or i in start for i in steps[number].inputs):
            inside.add(number)
    needed = _needed(steps, {v.number for v in outputs} & inside, inside)
    read = {i for n in needed for i in steps[n].inputs} | {v.number for v in outputs}
    arguments = (*(v.number for v in moving), *sorted(read - set(needed) - start))
    renumbered = {n: i for i, n in enumerate((*arguments, *needed))}
    inner = tuple(
        Step(steps[n].operation, tuple(renumbered[i] for i in steps[n].inputs), steps[n].attributes) for n in needed
    )
    return Slice(len(arguments), inner, tuple(renumbered[v.number] for v in outputs)), arguments


def _needed(steps: Sequence[Step], wanted: set[int], inside: set[int]) -> list[int]:
    found, waiting = set(wanted), list(wanted)
    while waiting:
        new = [i for i in steps[waiting.pop()].inputs if i in inside and i not in found]
        found.update(new)
        waiting.extend(new)
    return sorted(found)
