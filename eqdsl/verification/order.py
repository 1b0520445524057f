"""Observed order of accuracy of the whole compiled model, by a manufactured solution."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from eqdsl.core.errors import ComputationError, EqdslError
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.model.model import Model
from eqdsl.numerics.grid import Grid
from eqdsl.numerics.integrators.integrate import integrate
from eqdsl.verification.errors import ROUNDING, Errors
from eqdsl.verification.exact import OFFSETS, ExactSolution
from eqdsl.verification.grids import probe, refined, size_text
from eqdsl.verification.horizon import (
    COARSE_STEPS,
    FEWEST_STEPS,
    MOST_STEPS,
    ODE_STEPS,
    Pace,
    final_time,
    pace,
    steps_to,
)
from eqdsl.verification.manufactured import NoManufacturing, manufactured
from eqdsl.verification.report import SKIPPED, UNKNOWN, Check, number, worst
from eqdsl.verification.standins import with_stand_ins
from eqdsl.verification.truncation import exact_state, truncation

CLOSURE_LOSS = 2
"""Orders that the scheme loses next to walls and the solution does not (Gustafsson 1975)."""

SECONDS = 25.0
"""Longest time for the finest grid; a slower one is left out."""

TIME_SHARE = 0.1
"""Most that the error of time may be, as a share of that of space."""

LOOKS = 4
"""Times at which the solution is compared; at a single one an error may pass through zero."""

LATE = 3
"""The first of those times that counts: earlier the error at a wall has not spread over cells."""

RK4_ORDER = 4
TITLE = "Order of accuracy"


@dataclass(frozen=True)
class Problem:
    """A manufactured problem and how long to solve it."""

    model: Model
    end: float


def check_order(model: Model, points: Mapping[str, int], seed: int = 0, quick: bool = False) -> Check:
    """Measure the order of truncation and solution on grids of halved spacing (an ODE: of RK4 on halved steps)."""
    try:
        problem = _problem(with_stand_ins(model), seed)
        notes = _notes(model, problem.end)
        if not model.axes:
            return _as_check(model, _in_steps(problem), notes, ("steps", [str(n) for n in _STEPS]))
        grids = refined(model, 2 if quick else 3, points)
        fields, kept = _compiled(problem.model, grids, problem.end)
        if len(kept) < len(grids):
            notes.append(f"The grid {size_text(grids[-1])} was left out: it would take more than {SECONDS:g} s.")
        found = _on_grids(problem, fields)
        return _as_check(model, found, notes, ("grid", [size_text(g) for g in kept]))
    except NoManufacturing as reason:
        return Check("order", TITLE, SKIPPED, notes=(f"{reason.message}.",))
    except EqdslError as reason:
        if isinstance(reason, ComputationError) or reason.exit_code == 1:
            return Check("order", TITLE, UNKNOWN, notes=(f"{reason.message}.",))
        raise


def _problem(known: Model, seed: int) -> Problem:
    """The manufactured model with a time that suits it; its offset one at which all functions are defined."""
    failure: ComputationError | None = None
    for offset in OFFSETS:
        try:
            first = ExactSolution(known, 1.0, seed, offset)
            long = COARSE_STEPS if known.axes else ODE_STEPS
            end = final_time(_pace_on(manufactured(known, first), probe(known)), long)
            exact = ExactSolution(known, end, seed, offset)
            return Problem(manufactured(known, exact), end)
        except ComputationError as reason:
            failure = reason
    assert failure is not None
    raise failure


def _pace_on(model: Model, grid: Grid) -> Pace:
    field = compile_model(model, grid=grid)
    state = field.initial_state()
    if not bool(torch.isfinite(field(0.0, state)).all()):
        raise ComputationError("the vector field is not finite at a smooth state within the ranges of the states")
    return pace(field, state)


def _compiled(model: Model, grids: list[Grid], end: float) -> tuple[list[VectorField], list[Grid]]:
    """The vector fields, without the finest one where it would take too long."""
    fields = [compile_model(model, grid=grid) for grid in grids]
    if len(fields) > 2 and _seconds(fields[-1], end, model.order) > SECONDS:
        return fields[:-1], grids[:-1]
    return fields, grids


@torch.no_grad()
def _seconds(field: VectorField, end: float, order: int) -> float:
    state = field.initial_state()
    field(0.0, state)
    began = time.perf_counter()
    field(0.0, state)
    once = time.perf_counter() - began
    return once * 4 * steps_to(end, pace(field, state).step, _share(order), FEWEST_STEPS)


def _share(order: int) -> float:
    # RK4's own error must stay below that of space. With half the stable step it would not from order 4 on: walls whose
    # values change in time cost RK4 orders of its own.
    return 0.15 if order >= RK4_ORDER else 0.5


@torch.no_grad()
def _on_grids(problem: Problem, fields: list[VectorField]) -> list[Errors]:
    truncations = [truncation(field, problem.end) for field in fields]
    fewest = _fewest_steps(problem, fields)
    solutions = [_solution_error(problem, field, fewest) for field in fields]
    names = problem.model.channel_names
    walled = any(not axis.periodic for axis in problem.model.axes)
    rate, solution = (
        problem.model.schemes.order(problem.model.order, walled=walled, steps=steps) for steps in (False, True)
    )
    kinds = ["truncation, inner half", "truncation, near walls"] if walled else ["truncation"]
    found = []
    for number_, name in enumerate(names):
        for kind_number, kind in enumerate(kinds):
            least = rate - CLOSURE_LOSS * kind_number
            values = tuple(float(t.errors[kind_number, number_]) for t in truncations)
            found.append(Errors(name, kind, values, float(truncations[-1].floor[number_]), rate, least))
        values = tuple(float(error[number_]) for error, _ in solutions)
        found.append(Errors(name, "solution", values, float(solutions[-1][1][number_]), solution, solution))
    return found


def _fewest_steps(problem: Problem, fields: list[VectorField]) -> int:
    """Steps with which the error of time on the coarsest grid is below that of space on the finest."""
    coarsest, steps = fields[0], FEWEST_STEPS
    share = TIME_SHARE / 2.0 ** (problem.model.order * (len(fields) - 1))
    rounding = ROUNDING * float(coarsest.initial_state().abs().max())
    found = _deviation(problem, coarsest, steps)
    while steps < MOST_STEPS:
        steps *= 2
        finer = _deviation(problem, coarsest, steps)
        if bool((_size(finer - found) <= share * _size(finer) + rounding).all()):
            return steps
        found = finer
    return steps


def _deviation(problem: Problem, field: VectorField, fewest: int) -> Tensor:
    """Solution less exact solution at some times, (times, channel, *S)."""
    step = pace(field, field.initial_state()).step
    return _followed(problem, field, steps_to(problem.end, step, _share(field.model.order), fewest))


def _followed(problem: Problem, field: VectorField, steps: int) -> Tensor:
    """The same in so many steps."""
    times = torch.linspace(0.0, problem.end, LOOKS + 1, dtype=torch.float64)
    found = integrate(field, field.initial_state(), times, method="rk4", substeps=math.ceil(steps / LOOKS))[0, 1:]
    return torch.stack(
        [
            field.constrain(float(t), u[None])[0] - exact_state(field, float(t))[0]
            for t, u in zip(times[LATE:], found[LATE - 1 :], strict=True)
        ]
    )


def _size(deviation: Tensor) -> Tensor:
    """Root mean square over the grid, the largest of the times, of each channel."""
    return deviation.reshape(*deviation.shape[:2], -1).square().mean(dim=2).sqrt().amax(dim=0)


def _solution_error(problem: Problem, field: VectorField, fewest: int) -> tuple[Tensor, Tensor]:
    """Error of the solution, and the rounding, of each channel."""
    error = _size(_deviation(problem, field, fewest))
    exact = exact_state(field, problem.end)[0]
    size = exact.flatten(1).abs().amax(dim=1)
    return error, ROUNDING * math.sqrt(fewest) * size.clamp_min(float(exact.abs().max()))


_STEPS = (32, 64, 128)


@torch.no_grad()
def _in_steps(problem: Problem) -> list[Errors]:
    """The error of RK4 on an ODE, for halved steps."""
    field = compile_model(problem.model)
    exact = exact_state(field, problem.end)
    errors = [_size(_followed(problem, field, n)) for n in _STEPS]
    floor = 10 * ROUNDING * float(exact.abs().max())
    return [
        Errors(name, "solution by rk4", tuple(float(e[i]) for e in errors), floor, RK4_ORDER, RK4_ORDER)
        for i, name in enumerate(field.model.channel_names)
    ]


def _notes(model: Model, end: float) -> list[str]:
    notes = [f"Source and walls from sines, solved to t = {end:.3g} in float64."]
    if model.learned:
        outputs = ", ".join(f"`{o}`" for term in model.learned for o in term.outputs)
        notes.append(f"A fixed smooth function of the same inputs stands in for {outputs}.")
    fields = [p.name for p in model.parameters if p.axes]
    if fields:
        notes.append(f"Uniform at its value: `{'`, `'.join(fields)}`.")
    return notes


def _as_check(model: Model, found: list[Errors], notes: list[str], head: tuple[str, list[str]]) -> Check:
    what, names = head
    if any(e.kind.endswith("near walls") for e in found):
        notes.append(
            f"Near walls the truncation may lose {CLOSURE_LOSS} orders, the closures' own; the solution must not."
        )
    if any(e.order is None for e in found):
        notes.append("exact: no larger than the rounding of the arithmetic.")
    rows = tuple(
        (e.state, e.kind, *(number(v) for v in e.values), e.order_text, f"{e.least:g}", e.verdict) for e in found
    )
    data: list[dict[str, Any]] = [
        {
            "state": e.state, "error": e.kind, what: names, "values": list(e.values), "order": e.order,
            "nominal": e.nominal, "least": e.least, "verdict": e.verdict,
        }
        for e in found
    ]  # fmt: skip
    columns = ("state", "error", *(f"{what} {n}" for n in names), "order", "wanted", "verdict")
    return Check("order", TITLE, worst([e.verdict for e in found]), columns, rows, tuple(notes), data)
