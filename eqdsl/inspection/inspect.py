"""`inspect_run`: look at what a fit has found. The only place that joins the parts of an inspection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np

from eqdsl.core.errors import ComputationError
from eqdsl.data.trajectories import Trajectories
from eqdsl.data.velocities import with_velocities
from eqdsl.inspection.caveats import caveats
from eqdsl.inspection.data_fit import DataFit
from eqdsl.inspection.distil import Distillation
from eqdsl.inspection.distil import distil as distilled
from eqdsl.inspection.ensemble import ensemble
from eqdsl.inspection.environments import environment_reports
from eqdsl.inspection.equations import equation_texts
from eqdsl.inspection.figures.style import NO_PICTURES, can_draw
from eqdsl.inspection.fitted_run import FittedRun
from eqdsl.inspection.forecast import forecast_error
from eqdsl.inspection.half_step import HalfStep, half_step
from eqdsl.inspection.horizon import HorizonError, Rollouts, horizon_error, rollouts
from eqdsl.inspection.identifiability import Identifiability, identifiability
from eqdsl.inspection.inspection import Inspection, Picture
from eqdsl.inspection.laws import law_drifts
from eqdsl.inspection.ledger import Ledger, make_ledger
from eqdsl.inspection.multiplier_path import multiplier_path
from eqdsl.inspection.parameters import ParameterReport, report_parameters
from eqdsl.inspection.pictures import error_pictures, history_picture, learned_pictures, ledger_picture, profile_picture
from eqdsl.inspection.provenance import provenance, settings
from eqdsl.inspection.report import write_report
from eqdsl.inspection.response import Response, learned_responses
from eqdsl.inspection.sensitivity import Norm, Sensitivity, sensitivity
from eqdsl.inspection.visited import Visited, as_tensor, visited_states
from eqdsl.inspection.wording import PARTS
from eqdsl.inspection.writing import write_pictures, write_text
from eqdsl.lowering.vector_field import VectorField
from eqdsl.model.symbolic import latex
from eqdsl.simulation.observing import with_rollouts
from eqdsl.simulation.seen import Departure, departures, seen_ranges

__all__ = ["DISTILLED", "inspect_run", "write_pictures", "write_report"]

DISTILLED = "distilled.eq"

MOST_FAILURES = 3
"""Failed rollouts that are told of one by one."""


def inspect_run(
    run: FittedRun,
    *,
    members: Sequence[FittedRun] = (),
    distil: bool = False,
    plots: bool = True,
    force: bool = False,
) -> Inspection:
    """Inspect a run: terms, parameters, learned functions, errors of rollouts.

    Rollouts are compared on the run's test trajectories, else on its validation trajectories, else on those it was
    trained on; `Inspection.part` says which.

    Parameters
    ----------
    run : FittedRun
        From `eqdsl.fitting.run_folder.load_run`.
    members : sequence of FittedRun
        The other runs of an ensemble, from `eqdsl.fitting.ensemble.load_members`.
    distil : bool
        Also seek formulas for the learned terms and write ``distilled.eq`` into the run folder.
    plots : bool
        Also draw the pictures. Without matplotlib there are none, and a sentence of `Inspection.caveats` says so.
    force : bool
        Replace a ``distilled.eq`` that says something else.

    Raises
    ------
    DataError
        The stored sample is missing, damaged, or has no complete frame.
    UsageError
        Another ``distilled.eq`` is there.
    """
    field = deepcopy(run.field).double().eval()
    sample = run.completed()
    training, part = sample["train"], _compared_part(sample)
    visited = visited_states(training, field)
    ledger = make_ledger(field, visited)
    responses = learned_responses(field, visited)
    values = parameter_values(field)
    numbers = {name: float(value) for name, value in values.items() if value.ndim == 0}
    found = sensitivity(field, visited, _norm(run.config))
    parameters, identified = _identified(run, field, training, visited, values, found)
    spread = ensemble((run, *members), visited)
    compared, trouble = _rolled_out(field, sample[part], part)
    error = horizon_error(compared.data, compared.model, compared.observed, compared.counted) if compared else None
    distillation = _distilled(run, field, responses, numbers, compared, force) if distil else None
    formulas = {name: f.text for name, f in distillation.formulas.items()} if distillation else None
    history = run.history()
    pictures: tuple[Picture, ...] = ()
    if plots and can_draw():
        profiles = profile_picture(parameters, spread)
        pictures = (
            *((profiles,) if profiles is not None else ()),
            *_pictures(field, visited, ledger, responses, compared, error, part, history),
        )
    elif plots:
        trouble = (*trouble, NO_PICTURES)
    return Inspection(
        name=Path(run.path).name,
        model=run.model,
        equations=equation_texts(run.model, numbers, formulas),
        latex=latex(run.model),
        parameters=parameters,
        identifiability=identified,
        ensemble=spread,
        half_step=_half_step(run, field, compared, visited, found, numbers) if compared else None,
        ledger=ledger,
        distillation=distillation,
        horizon=error,
        part=part,
        laws=law_drifts(field, compared.states or compared.model, compared.past) if compared else (),
        outside=_outside(run, field, training, compared) if compared else (),
        multiplier=multiplier_path(history) if run.model.acting else None,
        history=history,
        settings=settings(run.config),
        facts=provenance(run, visited),
        caveats=caveats(run.model, parameters, ledger, (*_stagnation(run), *trouble), part),
        pictures=pictures,
        environments=environment_reports(field, visited, compared),
    )


def identify_run(run: FittedRun) -> tuple[tuple[ParameterReport, ...], Identifiability]:
    """The parameters with their ranges, and what is determined: the part of an inspection that needs no rollouts.

    Raises
    ------
    DataError
        As `inspect_run`.
    """
    field = deepcopy(run.field).double().eval()
    training = run.completed()["train"]
    visited = visited_states(training, field)
    found = sensitivity(field, visited, _norm(run.config))
    return _identified(run, field, training, visited, parameter_values(field), found)


def _identified(
    run: FittedRun, field: VectorField, training: Trajectories, visited: Visited, values: dict[str, np.ndarray],
    found: Sensitivity,
) -> tuple[tuple[ParameterReport, ...], Identifiability]:  # fmt: skip
    numbers = {name: float(value) for name, value in values.items() if value.ndim == 0}
    parameters = report_parameters(run.model, values, found, _forecast_error(field, training, found), field.members)
    return parameters, identifiability(field, visited, found, numbers)


def _outside(run: FittedRun, field: VectorField, training: Trajectories, compared: Rollouts) -> tuple[Departure, ...]:
    """Where the rollouts leave what the learned terms have seen; a run that did not end has only its sample to tell."""
    stored, states = run.state.get("seen"), compared.states or compared.model
    filled = with_rollouts(with_velocities(training, run.model), field)
    seen = stored if isinstance(stored, dict) else seen_ranges(field, filled)
    remembering = field.with_past(None if compared.past is None else as_tensor(compared.past, field))
    return tuple(replace(d, trajectory=compared.rows[d.trajectory]) for d in departures(remembering, states, seen))


def _half_step(
    run: FittedRun, field: VectorField, compared: Rollouts, visited: Visited, found: Sensitivity,
    numbers: Mapping[str, float],
) -> HalfStep | None:  # fmt: skip
    integrator = run.state.get("integrator")
    if not isinstance(integrator, dict):
        return None
    return half_step(field, compared, visited, found, numbers, str(integrator["method"]), int(integrator["substeps"]))


def _stagnation(run: FittedRun) -> tuple[str, ...]:
    text = run.state.get("stagnation")
    return (f"The fit stagnated: {text}.",) if isinstance(text, str) and text else ()


def _norm(config: object) -> Norm:
    """The norm that the fit minimised."""
    options = getattr(config, "multiplier", None)
    return Norm() if options is None else Norm(options.norm, options.weights)


def parameter_values(field: VectorField) -> dict[str, np.ndarray]:
    """Physical values of all parameters; shape () for numbers, the grid's for coefficient fields."""
    return {name: value.detach().double().cpu().numpy() for name, value in field.physical.values().items()}


def _compared_part(sample: Mapping[str, Trajectories]) -> str:
    """The part of the stored sample that the fit has seen least of."""
    return next(part for part in PARTS if part in sample and len(sample[part]))


def _forecast_error(field: VectorField, training: Trajectories, found: Sensitivity) -> float | None:
    if not found.names or not field.model.observes_states:
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
    compared: Rollouts | None,
    force: bool,
) -> Distillation:
    found = distilled(field, responses, numbers, compared, _data_fit(run, field))
    if found.text is not None:
        write_text(Path(run.path) / DISTILLED, found.text, force=force)
    return found


def _data_fit(run: FittedRun, field: VectorField) -> DataFit | None:
    """The training data as judge of formulas; None where no rollout of them can be compared."""
    if not field.model.observes_states:
        return None
    integrator = run.state.get("integrator")
    steps = integrator if isinstance(integrator, dict) else {}
    data = DataFit(
        field, run.completed()["train"], method=str(steps.get("method", "rk4")), substeps=int(steps.get("substeps", 4))
    )
    return data if data.usable else None


def _rolled_out(field: VectorField, data: Trajectories, part: str) -> tuple[Rollouts | None, tuple[str, ...]]:
    """Rollouts, and a sentence where some or all of them failed."""
    try:
        found = rollouts(field, data)
    except ComputationError as failure:
        return None, (f"No rollout could be compared with the {part} data: {failure.message}.",)
    if not found.lost:
        return found, ()
    told = "; ".join(found.lost[:MOST_FAILURES]) + ("; …" if len(found.lost) > MOST_FAILURES else "")
    count = f"{len(found.lost)} of {len(found.lost) + len(found.rows)}"
    return found, (f"{count} rollouts of the {part} data failed and are left out of the errors: {told}.",)


def _pictures(
    field: VectorField,
    visited: Visited,
    ledger: Ledger,
    responses: Mapping[str, Response],
    compared: Rollouts | None,
    error: HorizonError | None,
    part: str,
    history: list[dict[str, object]],
) -> tuple[Picture, ...]:
    found = [ledger_picture(field.model, ledger), *learned_pictures(field, visited, responses)]
    if compared is not None and error is not None:
        found += error_pictures(field, error, compared, PARTS[part])
    course = history_picture(history)
    return (*found, course) if course is not None else tuple(found)
