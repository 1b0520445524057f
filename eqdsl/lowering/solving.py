"""``0 = expr for p`` into one step: the residual as a program of its own, in which p is an input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from eqdsl.lowering.axis_modes import AxisWalls, axis_walls
from eqdsl.lowering.builder import Value
from eqdsl.lowering.program import Step
from eqdsl.model.model import Model, SolvedState
from eqdsl.model.operator_form import Derivation
from eqdsl.numerics.grid import Grid, GridAxis


@dataclass(frozen=True, slots=True)
class Problem:
    """A linear equation for one field.

    Parameters
    ----------
    name, text : str
        The state, and its equation as written.
    body : tuple of Step
        The residual: values 0 to `reads` - 1 are given, value `reads` is the unknown, each step makes the next.
    reads, result : int
        How many values are given, and which one is the residual.
    terms : tuple of tuples of Derivation
        What acts on the unknown with one coefficient each, as far as modes can tell.
    walls : tuple of AxisWalls or None
        By axis; None for a periodic one.
    direct : bool
        Whether these terms are the whole operator and their coefficients the same everywhere.
    symmetric : bool
        Whether the operator is its own transpose.
    up_to_constant : bool
        Whether a constant stays open.
    """

    name: str
    text: str
    body: tuple[Step, ...]
    reads: int
    result: int
    terms: tuple[tuple[Derivation, ...], ...]
    walls: tuple[AxisWalls | None, ...]
    direct: bool
    symmetric: bool
    up_to_constant: bool
    order: int
    grid: Grid = field(repr=False)

    def __str__(self) -> str:
        how = "in the modes of its axes" if self.direct else "by conjugate gradients" if self.symmetric else "by GMRES"
        return f"{self.text}: residual of {len(self.body)} steps, solved {how}"


def cut(steps: Sequence[Step], unknown: int, result: int) -> tuple[tuple[Step, ...], tuple[int, ...], int]:
    """The steps between an unknown and a result, renumbered; the steps they read; the new number of the result."""
    moved = {unknown}
    for number in range(unknown + 1, result + 1):
        if any(i in moved for i in steps[number].inputs):
            moved.add(number)
    needed, waiting = set(), [result]
    while waiting:
        number = waiting.pop()
        if number in moved and number not in needed:
            needed.add(number)
            waiting.extend(steps[number].inputs)
    inner = sorted(needed - {unknown})
    reads = sorted({i for number in inner for i in steps[number].inputs if i not in moved})
    names = {number: place for place, number in enumerate((*reads, unknown, *inner))}
    body = tuple(Step(steps[n].operation, tuple(names[i] for i in steps[n].inputs), steps[n].attributes) for n in inner)
    return body, tuple(reads), names[result]


def problem_of(
    model: Model,
    grid: Grid,
    state: SolvedState,
    body: tuple[tuple[Step, ...], tuple[int, ...], int],
    coefficients: Sequence[Value],
) -> tuple[Problem, tuple[Value, ...]]:
    """The problem of a state, and those of the coefficients that its terms use."""
    steps, reads, result = body
    name = state.channel.name
    pairs = list(zip(state.form.terms, coefficients, strict=True))
    kept = [(t.derivations, c) for t, c in pairs if _in_modes(t.derivations, grid)]
    flux = {d.axis: d.flux for derivations, _ in kept for d in derivations}
    walls = tuple(None if a.periodic else axis_walls(model, a, name, flux.get(a.name, False)) for a in grid.axes)
    sides = zip(grid.axes, walls, strict=True)
    mixed = model.order > 2 and any(
        d.flux != flux[d.axis] and not grid.axes[grid.axis(d.axis)].periodic for ds, _ in kept for d in ds
    )
    whole = state.form.exact and len(kept) == len(pairs) and not mixed
    known = all(w is None or w.known for w in walls)
    problem = Problem(
        name=name,
        text=state.text,
        body=steps,
        reads=len(reads),
        result=result,
        terms=tuple(d for d, _ in kept),
        walls=walls,
        direct=whole and known and not any(c.axes for _, c in kept),
        symmetric=state.form.symmetric and all(_symmetric(a, w, model.order) for a, w in sides),
        up_to_constant=state.up_to_constant,
        order=model.order,
        grid=grid,
    )  # fmt: skip
    return problem, tuple(c for _, c in kept)


def _in_modes(derivations: tuple[Derivation, ...], grid: Grid) -> bool:
    """Whether the modes of the axes tell what these derivatives do: one second derivative along each walled axis."""
    for axis in (a for a in grid.axes if not a.periodic):
        along = [d.order for d in derivations if d.axis == axis.name]
        if along not in ([], [2]):
            return False
    return True


def _symmetric(axis: GridAxis, walls: AxisWalls | None, order: int) -> bool:
    """Whether the closures of an axis keep a symmetric operator symmetric."""
    if walls is None:
        return True
    kinds = {"neumann"} if axis.position == "cells" else {"dirichlet"}
    return order == 2 and set(walls.kinds) == kinds
