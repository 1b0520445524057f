"""Do the laws hold in a rollout: compared over tolerances of time and over grids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from eqdsl.core.errors import ComputationError
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.model.model import Law, Model
from eqdsl.numerics.grid import Grid
from eqdsl.numerics.integrators.failure import IntegrationFailure
from eqdsl.numerics.integrators.integrate import integrate
from eqdsl.verification.grids import size_text
from eqdsl.verification.horizon import final_time, pace
from eqdsl.verification.report import FAILED, PASSED, SKIPPED, Check, number, worst
from eqdsl.verification.standins import with_stand_ins, without_learned
from eqdsl.verification.starts import with_start

LOOSE, TIGHT = 1e-7, 1e-10
"""Relative tolerances of the two rollouts."""

HELD = 1e-8
"""Relative change up to which a law holds at the tight tolerance."""

FALLS = 5.0
"""Factor by which the change must fall between the tolerances to be the integrator's."""

FALLS_WITH_GRID = 2.0
"""Factor by which it must fall when the spacing is halved to be the scheme's."""

FRAMES = 11
STABLE_STEPS = 20
"""Largest stable steps of the coarser grid that the rollout is long."""

MOST_STEPS = 2_000
METHOD = "dopri8"
TITLE = "Laws"


@dataclass(frozen=True)
class Changes:
    """Largest change of a law, relative to its size: at both tolerances, and at the tight one on the coarser grid."""

    law: Law
    loose: float
    tight: float
    coarse: float | None

    @property
    def verdict(self) -> tuple[str, str]:
        """Passed or failed, and in words."""
        what = "" if self.law.trend == "constant" else " against its trend"
        if self.tight <= HELD:
            return PASSED, f"holds{what and ' its trend'}"
        if self.loose >= FALLS * self.tight:
            return PASSED, f"changes{what} by the error of the integrator: falls with the tolerance"
        if self.coarse is not None and self.coarse >= FALLS_WITH_GRID * self.tight:
            return PASSED, f"changes{what} by the error of the scheme: falls with the grid"
        return FAILED, f"changes{what}; neither a smaller tolerance nor a finer grid mends it"


def check_laws(model: Model, grids: tuple[Grid, Grid] | None, seed: int = 0) -> Check:
    """Roll the model out without learned terms and follow every law.

    Parameters
    ----------
    model : Model
    grids : (Grid, Grid), optional
        A coarser and a finer one; None for an ODE.
    seed : int
        Of the start of a state without an initial value.

    Raises
    ------
    ComputationError
        The rollout fails or a law is not finite.
    """
    if not model.laws:
        return Check("laws", TITLE, SKIPPED, notes=("The model states no `law`.",))
    try:
        return _check(model, with_start(without_learned(model), seed), grids, "Learned terms are left out.")
    except ComputationError:
        if not model.learned:
            raise
    note = "Learned terms are fixed smooth functions: without them the rollout fails."
    return _check(model, with_start(with_stand_ins(model), seed), grids, note)


def _check(model: Model, known: Model, grids: tuple[Grid, Grid] | None, note: str) -> Check:
    fields = [compile_model(known, grid=grid) for grid in grids] if grids is not None else [compile_model(known)]
    start = fields[0].initial_state()
    end = final_time(pace(fields[0], start), STABLE_STEPS)
    tight, loose = (_paths(fields[-1], end, rtol) for rtol in (TIGHT, LOOSE))
    coarse = _paths(fields[0], end, TIGHT) if len(fields) > 1 else {}
    found = [
        Changes(
            law, _change(law, loose[law.name]), _change(law, tight[law.name]),
            _change(law, coarse[law.name]) if coarse else None,
        )
        for law in model.laws
    ]  # fmt: skip
    columns = ("law", "wanted", f"rtol {LOOSE:g}", f"rtol {TIGHT:g}", "half the points", "verdict", "")
    rows = tuple(
        (c.law.name, c.law.trend, number(c.loose), number(c.tight), number(c.coarse), *c.verdict) for c in found
    )
    data: list[dict[str, Any]] = [
        {
            "law": c.law.name, "trend": c.law.trend, "loose": c.loose, "tight": c.tight, "coarse": c.coarse,
            "verdict": c.verdict[0], "words": c.verdict[1],
        }
        for c in found
    ]  # fmt: skip
    verdict = worst([c.verdict[0] for c in found])
    return Check("laws", TITLE, verdict, columns, rows, _notes(model, fields[-1].grid, end, note), data)


def _notes(model: Model, grid: Grid, end: float, note: str) -> tuple[str, ...]:
    where = f" on {size_text(grid)} points" if grid.axes else ""
    notes = [f"Largest relative change (a trend: step against it) by {METHOD} to t = {end:.3g}{where}."]
    if model.schemes.kernel is not None:
        notes.append("`advect` by central differences here; semi-Lagrangian steps keep an integral to their own error.")
    return (*notes, *((note,) if model.learned else ()))


@torch.no_grad()
def _paths(field: VectorField, end: float, rtol: float) -> dict[str, Tensor]:
    """Each law along a rollout."""
    times = torch.linspace(0.0, end, FRAMES, dtype=torch.float64)
    start = field.initial_state()
    atol = rtol * 1e-2 * max(float(start.abs().max()), 1e-12)
    try:
        # The rate itself, without semi-Lagrangian steps: those have no tolerance.
        states = integrate(field.forward, start, times, method=METHOD, rtol=rtol, atol=atol, max_steps=MOST_STEPS)
    except IntegrationFailure as failure:
        raise ComputationError(f"the rollout for the laws fails: {failure.message}") from failure
    frames = [field.laws(float(t), field.constrain(float(t), states[:, i])) for i, t in enumerate(times)]
    paths = {name: torch.stack([frame[name][0] for frame in frames]) for name in frames[0]}
    for name, path in paths.items():
        if not bool(torch.isfinite(path).all()):
            raise ComputationError(f"the law `{name}` is not finite along a rollout")
    return paths


def _change(law: Law, path: Tensor) -> float:
    """The largest change, or step against the trend, over the size of the law (over 1 where it is about zero)."""
    size = float(path.abs().max())
    scale = size if size > 1e-6 else 1.0
    if law.trend == "constant":
        return float((path - path[0]).abs().max()) / scale
    steps = path.diff() * (-1.0 if law.trend == "increasing" else 1.0)
    return max(0.0, float(steps.max())) / scale
