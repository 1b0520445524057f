"""What the kernel of an ODE computes: its steps, sorted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eqdsl.learned.mlp import Mlp
from eqdsl.learned.term import LearnedTermModule
from eqdsl.lowering.fused.extents import Unsupported
from eqdsl.lowering.fused.scalars import SCALARS
from eqdsl.lowering.program import Program, Step, frames_read, unchanging


@dataclass(frozen=True)
class Plan:
    """The right-hand sides of an ODE as scalar steps.

    Parameters
    ----------
    steps : tuple of Step
        All of the program's.
    totals : tuple of int
        Steps that hold the right-hand sides.
    order : tuple of int
        Steps that change along a rollout, in order.
    literals : dict of int to float
    uniforms : tuple of int
        Steps whose numbers are given: parameters and what follows from them.
    networks : dict of str to tuple of int
        Widths of the perceptrons by name, in order.
    activation : str
        Of all of them.
    """

    steps: tuple[Step, ...]
    totals: tuple[int, ...]
    order: tuple[int, ...]
    literals: dict[int, float]
    uniforms: tuple[int, ...]
    networks: dict[str, tuple[int, ...]]
    activation: str


def plan(program: Program, dimension: int, learned: Mapping[str, LearnedTermModule]) -> Plan:
    """Sort the steps.

    Raises
    ------
    Unsupported
    """
    if dimension:
        raise Unsupported("it has space")
    totals = tuple(e.total for e in program.equations)
    if frames_read(program, totals):
        raise Unsupported("it reads past frames, which differ between trajectories")
    static, needed, waiting = unchanging(program), set(totals), list(totals)
    while waiting:
        number = waiting.pop()
        if number not in static:
            new = [i for i in program.steps[number].inputs if i not in needed]
            needed.update(new)
            waiting.extend(new)
    order = tuple(n for n in sorted(needed) if n not in static)
    constants = {n: program.steps[n].attributes[0] for n in needed if program.steps[n].operation == "constant"}
    literals = {n: float(v) for n, v in constants.items() if isinstance(v, int | float)}
    networks: dict[str, tuple[int, ...]] = {}
    for number in order:
        step = program.steps[number]
        if step.operation == "learned":
            networks[str(step.attributes[0])] = _widths(learned[str(step.attributes[0])])
        elif step.operation == "pointwise":
            if step.attributes[0] not in SCALARS:
                raise Unsupported(f"`{step.attributes[0]}` has no kernel")
        elif step.operation not in ("channel", "uniform_channel", "time", "output"):
            raise Unsupported(f"`{step.operation}` has no kernel")
    activations = {_family(learned[name]).activation for name in networks}
    if len(activations) > 1:
        raise Unsupported("its learned terms have different activations")
    uniforms = tuple(sorted((needed & static) - set(literals)))
    return Plan(
        program.steps, totals, order, literals, uniforms, networks, activations.pop() if activations else "relu"
    )


def _family(term: LearnedTermModule) -> Mlp:
    if not isinstance(term.family, Mlp) or term.constraints:
        raise Unsupported("a learned term is not a plain mlp")
    return term.family


def _widths(term: LearnedTermModule) -> tuple[int, ...]:
    family = _family(term)
    if not len(family.hidden):
        raise Unsupported("a learned term has no hidden layer")
    return (term.n_inputs, *(len(bias) for bias in family.parameters() if bias.ndim == 1))
