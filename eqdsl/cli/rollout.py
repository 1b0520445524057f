"""The work of `eqdsl simulate`: which vector field, from where, at which times; then the files. Loads torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from eqdsl.cli.console import say
from eqdsl.cli.driving import labelled, what_drives, with_members
from eqdsl.cli.progress import progress_bar
from eqdsl.cli.starting import after_history, check_every, started
from eqdsl.cli.starts import shared_start, times_of
from eqdsl.core.errors import UsageError
from eqdsl.data.reading import read_data
from eqdsl.data.trajectories import Trajectories
from eqdsl.data.writing import group_channels, write_trajectories
from eqdsl.fitting.precision import arithmetic
from eqdsl.fitting.problem import chosen_device
from eqdsl.fitting.run_folder import Run, load_run, stored_grid
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.model.model import Model
from eqdsl.numerics.grid import Grid, grid_from_coordinates, grid_from_model
from eqdsl.simulation import simulate
from eqdsl.simulation.choice import AUTO
from eqdsl.simulation.error_estimate import ErrorEstimate, estimate_error
from eqdsl.simulation.observing import observed_trajectories
from eqdsl.simulation.rolling import Simulation
from eqdsl.simulation.seen import departures

_LONGEST = 1_000_000
"""Largest number of frames; beyond it the times are a slip of the pen."""


@dataclass(frozen=True)
class Request:
    """The options of `eqdsl simulate`, read but not yet checked against the model."""

    model: Model | None
    out: Path
    picture: Path | None
    force: bool
    until: float | None
    every: float | None
    start: str | None
    inputs: str | None
    mapping: Mapping[str, str]
    params: Mapping[str, float]
    grid: Mapping[str, int]
    run_path: str | None
    environment: int | None
    method: str
    step: float | None
    rtol: float
    atol: float
    dtype: str
    device: str
    seed: int
    estimate_error: bool


def perform(request: Request) -> dict[str, Any]:
    """Simulate, write the files and return what ``--json`` prints."""
    device = chosen_device(request.device)
    run = load_run(request.run_path) if request.run_path else None
    model = run.model if run is not None else _model_without_learned(request)
    if run is not None and request.model is not None:
        _note_other_text(request.model, model, request)
    data = labelled(_starts(request, model, run), run, request.environment)
    grid = _grid(request, model, data, run)
    field = _field(request, model, grid, run).to(device)
    _set_parameters(field, request.params, fitted=run is not None)
    began = after_history(data, field, run, request.start)
    times = frame_times(request, began)
    check_every(times, field, run)
    mapping = request.mapping or (run.config.data.map if run is not None else {})
    inputs = what_drives(model, field.grid, request.inputs, data, mapping)
    inputs = with_members(field, request.environment, data, inputs)
    initial = None
    if data is not None:
        initial, field = started(data, field, run, str(request.start))
    with progress_bar("simulating") as progress, arithmetic(tf32=False):
        done = simulate(
            field,
            times,
            initial=initial,
            inputs=inputs,
            method=request.method,
            step=request.step,
            rtol=request.rtol,
            atol=request.atol,
            progress=progress,
        )
    if request.method == AUTO:
        say(f"integrator: {done.integrator}")
    outside = departures(field, done.trajectories, run.seen()) if run is not None else ()
    for departure in outside:
        say(f"note: {departure}")
    estimate = _estimate(request, field, done, initial, inputs) if request.estimate_error else None
    written = observed_trajectories(field, done.trajectories)
    _note_observed(model, request)
    write_trajectories(request.out, written, model=model, force=request.force, attributes=_attributes(estimate))
    if request.picture is not None:
        from eqdsl.inspection.figures.simulation import plot_trajectories

        plot_trajectories(written, request.picture, model)
        say(f"{request.picture}: drawn")
    return {
        "out": str(request.out),
        "times": times.tolist(),
        "states": list(done.trajectories.channels),
        "observed": [c for c in written.channels if c not in done.trajectories.channels],
        "shapes": _shapes(written, model),
        "wall_seconds": done.wall_seconds,
        "steps": done.steps,
        "integrator": {
            "method": done.integrator.method, "kind": done.integrator.kind, "step": done.integrator.step,
            "reason": done.integrator.reason,
        },
        **({} if run is None else {"outside": [departure.as_json() for departure in outside]}),
        **({} if estimate is None else {"errors": _errors(estimate)}),
    }  # fmt: skip


def _note_observed(model: Model, request: Request) -> None:
    for seen in model.observations:
        if seen.of_state and seen.components:
            say(f"note: `{seen.name}` in {request.out} is what is observed, {seen.text}")


def _estimate(
    request: Request, field: VectorField, done: Simulation, initial: torch.Tensor | None, inputs: Trajectories | None
) -> ErrorEstimate:
    found = estimate_error(field, done, initial=initial, inputs=inputs, rtol=request.rtol, atol=request.atol)
    for note in found.notes:
        say(f"note: {note}")
    return found


def _errors(estimate: ErrorEstimate) -> dict[str, dict[str, float | None]]:
    """By state, what ``--json`` prints; None where there is no estimate."""
    names = dict.fromkeys((*estimate.time, *estimate.space))
    return {name: {"time": estimate.time.get(name), "space": estimate.space.get(name)} for name in names}


def _attributes(estimate: ErrorEstimate | None) -> dict[str, float]:
    """Attributes of the file: ``relative error of u, time``."""
    if estimate is None:
        return {}
    parts = {"time": estimate.time, "space": estimate.space}
    return {f"relative error of {name}, {which}": v for which, part in parts.items() for name, v in part.items()}


def _starts(request: Request, model: Model, run: Run | None) -> Trajectories | None:
    """The data of --from; a run remembers the mapping of the data it was fitted to."""
    if request.start is None:
        return None
    if request.grid:
        raise UsageError("--grid and --from exclude each other", help="the grid of the data file is used")
    mapping = request.mapping or (run.config.data.map if run is not None else {})
    return read_data(request.start, model, mapping=mapping, minimum_frames=1)


def _grid(request: Request, model: Model, data: Trajectories | None, run: Run | None) -> Grid:
    if data is not None:
        return grid_from_coordinates(model, data.axes, file=request.start)
    if run is None or request.grid:
        return grid_from_model(model, request.grid)
    return stored_grid(run.state)


def _model_without_learned(request: Request) -> Model:
    assert request.model is not None
    model = request.model
    if model.learned:
        names = ", ".join(f"`{term.name}`" for term in model.learned)
        raise UsageError(
            f"{model.source.name}: the learned terms {names} have not been learned yet",
            help=f"fit them first (`eqdsl fit {model.source.name} DATA.h5 -o RUN`), then simulate with `--run RUN`",
        )
    return model


def _note_other_text(given: Model, used: Model, request: Request) -> None:
    if given.source.text != used.source.text:
        say(f"note: {given.source.name} differs from the model of {request.run_path}; the run's own model is used")


def frame_times(request: Request, data: Trajectories | None) -> np.ndarray:
    """The times to write: ``t0, t0 + every, …, until``, (T,), or those of the data file, also (B, T).

    Raises
    ------
    UsageError
        They are missing, not positive, `every` does not divide the span, or trajectories start at different times.
    """
    if request.until is None and request.every is None and data is not None:
        return times_of(data)
    if request.until is None or request.every is None:
        raise UsageError("both --until and --every are needed", help="for example `--until 10 --every 0.1`")
    first = shared_start(data) if data is not None else 0.0
    span = request.until - first
    if not (span > 0 and request.every > 0 and np.isfinite(span)):
        raise UsageError(
            f"--until {request.until:g} --every {request.every:g} from time {first:g} makes no frames",
            help=f"give a positive --every, and an --until after {first:g}",
        )
    count = span / request.every
    if count > _LONGEST:
        raise UsageError(f"{count:.3g} frames are too many", help="take a larger --every")
    frames = round(count)
    if frames < 1 or abs(count - frames) > 1e-6 * max(count, 1):
        raise UsageError(
            f"--every {request.every:g} does not divide the {span:g} from time {first:g} to {request.until:g}",
            help=f"`--until {first + max(1, int(count)) * request.every:g}` would end on a frame",
        )
    times: np.ndarray = first + request.every * np.arange(frames + 1)
    return times


def _field(request: Request, model: Model, grid: Grid, run: Run | None) -> VectorField:
    dtype = getattr(torch, request.dtype)
    return compile_model(model, grid=grid, dtype=dtype, seed=request.seed) if run is None else run.field_as(dtype, grid)


def _set_parameters(field: VectorField, params: Mapping[str, float], *, fitted: bool) -> None:
    known = [parameter.name for parameter in field.model.parameters]
    if not fitted:
        # A compiled model has its starts only as precisely as raw numbers give them; here the very numbers are meant.
        params = {p.name: p.value for p in field.model.parameters} | dict(params)
    for name, value in params.items():
        if name not in known:
            raise UsageError(
                f"--param {name}: the model has no such parameter", help=f"it has {', '.join(known) or 'none'}"
            )
        field.physical.set_value(name, value)


def _shapes(trajectories: Trajectories, model: Model) -> dict[str, list[int]]:
    batch, frames = trajectories.state.shape[:2]
    shapes = {}
    for name, positions in group_channels(trajectories, model).items():
        uniform = model.data_channels[positions[0]].uniform
        grid = () if uniform else trajectories.shape
        shapes[name] = [batch, frames, *grid] + ([len(positions)] if len(positions) > 1 else [])
    return shapes
