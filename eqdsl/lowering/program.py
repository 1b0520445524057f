"""`Program`: a vector field as straight-line steps, before any tensor exists.

A value is the number of the step that made it. Values are *fields*, of shape ``(B | 1, *S')`` with S' the grid plus
ghost cells, or *uniform*, a scalar or ``(B, 1, ...)``; everything broadcasts. Each step lists what it reads, so the
whole is printable (``eqdsl show --stage program``), and equal steps are shared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast


@dataclass(frozen=True, slots=True)
class Step:
    """One operation.

    Parameters
    ----------
    operation : str
        A key of `eqdsl.lowering.operations.OPERATIONS`.
    inputs : tuple of int
        Numbers of the steps it reads.
    attributes : tuple
        Constants of the operation (weights, axis, channel …), hashable.
    """

    operation: str
    inputs: tuple[int, ...]
    attributes: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Output:
    """A named value: one term of an equation, a learned output, a law."""

    name: str
    value: int


@dataclass(frozen=True, slots=True)
class EquationOutputs:
    """The terms of one channel's right-hand side and the steps that hold them.

    Their sum is `total`, except at points that lie on a Dirichlet wall (``nodes``): there `total` is the rate of the
    wall's own value, and the terms are what the equation alone would give.
    """

    channel: int
    terms: tuple[Output, ...]
    total: int


@dataclass(frozen=True, slots=True)
class CarriedOutputs:
    """A channel that semi-Lagrangian steps carry.

    `values` is the channel with the ghosts that the kernel reads, `velocity` that along each axis with the ghosts that
    its own kernel reads, `diffusivity` a number for each axis.
    """

    channel: int
    values: int
    velocity: tuple[int, ...]
    diffusivity: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FlowOutputs:
    """What semi-Lagrangian steps read, and the rates of the rest; `rest` is empty where there is none."""

    kernel: str
    carried: tuple[CarriedOutputs, ...]
    rest: tuple[int, ...]


@dataclass(frozen=True)
class Program:
    """Steps in order, and what to take from them.

    `inputs` lists the values of each learned term's declared inputs, `observed` the channels of data that are not those
    of the state as it is, `constrained` the channels whose stored points
    on Dirichlet walls are replaced by the walls' values, `solved` the states that ``0 = … for p`` gives, `flow` what
    semi-Lagrangian steps need.
    """

    steps: tuple[Step, ...]
    equations: tuple[EquationOutputs, ...]
    named: tuple[Output, ...]
    learned: tuple[Output, ...]
    inputs: tuple[tuple[str, tuple[int, ...]], ...]
    laws: tuple[Output, ...]
    penalties: tuple[Output, ...]
    initial: tuple[Output, ...]
    constrained: tuple[Output, ...]
    solved: tuple[Output, ...] = ()
    flow: FlowOutputs | None = None
    observed: tuple[Output, ...] = ()

    def __str__(self) -> str:
        lines = []
        for number, step in enumerate(self.steps):
            reads = " ".join(f"%{i}" for i in step.inputs)
            extra = " ".join(str(a) for a in step.attributes)
            lines.append(f"%{number} = {step.operation} {reads}".rstrip() + (f"  [{extra}]" if extra else ""))
        for equation in self.equations:
            terms = " + ".join(f"%{t.value} ({t.name})" for t in equation.terms)
            lines.append(f"d channel {equation.channel} /dt = %{equation.total} = {terms}")
        return "\n".join(lines)


_STATIC = (
    "constant", "parameter", "coordinate", "pointwise", "stencil", "wrap", "extend", "extrapolate", "near_wall",
    "reduce", "point", "learned", "output", "past",
)  # fmt: skip
"""Operations that give the same as long as what they read is the same."""


def unchanging(program: Program, also: tuple[str, ...] = ()) -> frozenset[int]:
    """Steps that depend neither on the state nor on the time (but for the operations in `also`)."""
    found: set[int] = set()
    remembering: set[int] = set()
    for number, step in enumerate(program.steps):
        # A neighbourhood term takes the number of trajectories from the state, but past frames have it too.
        batched = step.operation == "learned" and bool(step.attributes[1]) and remembering.isdisjoint(step.inputs)
        if step.operation == "past" or not remembering.isdisjoint(step.inputs):
            remembering.add(number)
        if step.operation in (*_STATIC, *also) and not batched and found.issuperset(step.inputs):
            found.add(number)
    return frozenset(found)


def frames_read(program: Program, wanted: Iterable[int]) -> int:
    """How many past frames the wanted steps read, the newest one included."""
    seen: set[int] = set()
    waiting, most = list(wanted), 0
    while waiting:
        number = waiting.pop()
        if number not in seen:
            seen.add(number)
            step = program.steps[number]
            waiting.extend(step.inputs)
            if step.operation == "past":
                most = max(most, 1 + int(cast(int, step.attributes[1])))
    return most
