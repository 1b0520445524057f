"""Where `eqdsl simulate --from` starts models with hidden states, and models that look back on frames."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from eqdsl.cli.console import say
from eqdsl.cli.starts import first_frames
from eqdsl.core.errors import UsageError
from eqdsl.data.frames import UNEVEN, check_frames, past_frames
from eqdsl.data.trajectories import Trajectories
from eqdsl.fitting.run_folder import Run
from eqdsl.fitting.trial import make_trial
from eqdsl.lowering.vector_field import VectorField


def after_history(
    data: Trajectories | None, field: VectorField, run: Run | None, file: str | None
) -> Trajectories | None:
    """The data from the frame on that a simulation starts from: the last one of the first history.

    Raises
    ------
    DataError
        Trajectories are too short to look back on, or their frames are not spaced as in the fit.
    """
    if data is None or field.memory < 2:
        return data
    spacing = None if run is None else float(run.state["integrator"]["spacing"])
    check_frames(data, field.memory, file=file, spacing=spacing, ahead=0)
    return data.window(field.memory - 1, data.frames)


def check_every(times: np.ndarray, field: VectorField, run: Run | None) -> None:
    """Refuse frames that are spaced otherwise than those that a model has learned to look back on.

    Raises
    ------
    UsageError
    """
    if run is None or not field.remembers:
        return
    spacing = float(run.state["integrator"]["spacing"])
    if np.any(np.abs(np.diff(times, axis=-1) - spacing) > UNEVEN * spacing):
        raise UsageError(
            f"the model looks back on frames that are {spacing:.6g} apart, the frames asked for are not",
            help=f"take `--every {spacing:.6g}`",
        )


def started(data: Trajectories, field: VectorField, run: Run | None, file: str) -> tuple[Tensor, VectorField]:
    """Initial states (B, C, *S), and the vector field with the frames that it looks back on.

    Raises
    ------
    DataError
        Values are missing in a first frame, or too few frames follow to fit what is hidden.
    UsageError
        The start of a hidden state is fitted or encoded, and there is no run.
    """
    model, first = field.model, max(field.memory - 1, 0)
    past = past_frames(data, np.arange(len(data)), np.full(len(data), first), field.memory)
    if past is not None:
        field = field.with_past(torch.as_tensor(past, dtype=field.dtype))
    if not model.hidden:
        return first_frames(data.window(first, data.frames), field, file), field
    filled = data.state.copy()
    filled[:, first, list(model.hidden)] = 0.0
    state = first_frames(replace(data, state=filled).window(first, data.frames), field, file)
    if run is None:
        return _by_formulas(state, field), field
    trial = make_trial(run, data, field.dtype, field=field, ahead=0)
    for note in trial.notes:
        say(f"note: {note}")
    places = np.stack([np.arange(len(data)), np.full(len(data), first)], axis=1)
    with torch.no_grad():
        found = trial.start(trial.data.batch(places, 0))
    return torch.stack(
        [(found if c in model.hidden else state)[:, c] for c in range(len(model.channels))], dim=1
    ), field


@torch.no_grad()
def _by_formulas(state: Tensor, field: VectorField) -> Tensor:
    given, model = field.initial_values(len(state)), field.model
    unknown = next((model.channel_names[c] for c in model.hidden if model.channel_names[c] not in given), None)
    if unknown is not None:
        raise UsageError(
            f"`{unknown}` is hidden, and its start is known only to a fitted model",
            help=f"give `--run RUN`, or write `init {unknown} = …` with a formula",
        )
    return torch.stack(
        [given[n].to(state) if i in model.hidden else state[:, i] for i, n in enumerate(model.channel_names)], dim=1
    )
