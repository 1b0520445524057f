"""`inspect_run`: look at what a fit has found. The only place that joins the parts of an inspection."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path

import numpy as np

from eqdsl.core.errors import ComputationError
from eqdsl.data.trajectories import Trajectories
from eqdsl.inspection.caveats import caveats
from eqdsl.inspection.distil import Distillation
from eqdsl.inspection.distil import distil as find_formulas
from eqdsl.inspection.equations import equation_texts
from eqdsl.inspection.fitted_run import FittedRun
from eqdsl.inspection.forecast import forecast_error
from eqdsl.inspection.horizon import HorizonError, horizon_error, rollouts
from eqdsl.inspection.inspection import Inspection, Picture
from eqdsl.inspection.laws import law_drifts
from eqdsl.inspection.ledger import Ledger, make_ledger
from eqdsl.inspection.parameters import confused, report_parameters
from eqdsl.inspection.pictures import error_pictures, history_picture, learned_pictures, ledger_picture
from eqdsl.inspection.provenance import provenance, settings
from eqdsl.inspection.report import write_report
from eqdsl.inspection.response import Response, learned_responses
from eqdsl.inspection.sensitivity import Sensitivity, sensitivity
from eqdsl.inspection.visited import Visited, visited_states
from eqdsl.inspection.writing import write_text
from eqdsl.lowering.vector_field import VectorField
from eqdsl.model.symbolic import latex

__all__ = ["DISTILLED", "inspect_run", "write_report"]

DISTILLED = "distilled.eq"

Compared = tuple[Trajectories, Trajectories]
"""Held-out data and the rollouts beside them."""


def inspect_run(run: FittedRun, *, distil: bool = False, plots: bool = True, force: bool = False) -> Inspection:
    """Inspect a run: terms, parameters, learned functions, held-out errors.

    Parameters
    ----------
    run : FittedRun
        From `eqdsl.fitting.run_folder.load_run`.
    distil : bool
        Also seek formulas for the learned terms and write ``distilled.eq`` into the run folder.
    plots : bool
        Also draw the pictures of the report.
    force : bool
        Replace a ``distilled.eq`` that says something else.

    Raises
    ------
    DataError
        The stored sample has no complete frame.
    UsageError
        Pictures are asked for without matplotlib, or another ``distilled.eq`` is there.
    """
    field = deepcopy(run.field).double().eval()
    training, held_out, own = _samples(run.sample())
    visited = visited_states(training, field)
    ledger = make_ledger(field, visited)
    responses = learned_responses(field, visited)
    values = parameter_values(field)
    numbers = {name: float(value) for name, value in values.items() if value.ndim == 0}
    found = sensitivity(field, visited)
    parameters = report_parameters(run.model, values, found, _forecast_error(field, training, found))
    distillation = _distilled(run, field, responses, numbers, held_out, force) if distil else None
    compared, trouble = _rolled_out(field, held_out)
    error = horizon_error(*compared, held_out.channels) if compared else None
    formulas = {name: f.text for name, f in distillation.formulas.items()} if distillation else None
    history = run.history()
    return Inspection(
        name=Path(run.path).name,
        model=run.model,
        equations=equation_texts(run.model, numbers, formulas),
        latex=latex(run.model),
        parameters=parameters,
        ledger=ledger,
        distillation=distillation,
        horizon=error,
        laws=law_drifts(field, compared[1]) if compared else (),
        history=history,
        settings=settings(run.config),
        facts=provenance(run, visited),
        caveats=caveats(run.model, parameters, confused(found), ledger, trouble, held_out_is_training=not own),
        pictures=_pictures(field, visited, ledger, responses, compared, error, history) if plots else (),
    )


def parameter_values(field: VectorField) -> dict[str, np.ndarray]:
    """Physical values of all parameters; shape () for numbers, the grid's for coefficient fields."""
    return {name: value.detach().double().cpu().numpy() for name, value in field.physical.values().items()}


def _samples(sample: Mapping[str, Trajectories]) -> tuple[Trajectories, Trajectories, bool]:
    """Training and held-out trajectories, and whether the latter were really held out."""
    training, held_out = sample["train"], sample.get("validation")
    if held_out is None or not len(held_out):
        return training, training, False
    return training, held_out, True


def _forecast_error(field: VectorField, training: Trajectories, found: Sensitivity) -> float | None:
    if not found.names:
        return None
    try:
        error = forecast_error(field, training, found.scales)
    except ComputationError:
        return None
    return error if np.isfinite(error) else None


def _distilled(
    run: FittedRun,
    field: VectorField,
    responses: Mapping[str, Response],
    numbers: Mapping[str, float],
    held_out: Trajectories,
    force: bool,
) -> Distillation:
    found = find_formulas(field, responses, numbers, held_out)
    if found.text is not None:
        write_text(Path(run.path) / DISTILLED, found.text, force=force)
    return found


def _rolled_out(field: VectorField, held_out: Trajectories) -> tuple[Compared | None, str]:
    """Rollouts, or why there are none."""
    try:
        return rollouts(field, held_out), ""
    except ComputationError as failure:
        return None, f"No rollout could be compared with held-out data: {failure.message}."


def _pictures(
    field: VectorField,
    visited: Visited,
    ledger: Ledger,
    responses: Mapping[str, Response],
    compared: Compared | None,
    error: HorizonError | None,
    history: list[dict[str, object]],
) -> tuple[Picture, ...]:
    found = [ledger_picture(field.model, ledger), *learned_pictures(field, visited, responses)]
    if compared is not None and error is not None:
        found += error_pictures(field, error, *compared)
    course = history_picture(history)
    return (*found, course) if course is not None else tuple(found)
