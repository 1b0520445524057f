"""A run on other trajectories: how it is rolled out, and from where."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from eqdsl.core.errors import DataError
from eqdsl.data.frames import check_frames
from eqdsl.data.inputs import with_wall_series
from eqdsl.data.statistics import channel_variance
from eqdsl.data.trajectories import Trajectories
from eqdsl.data.velocities import with_velocities
from eqdsl.fitting.starts import FRAMES, FittedStarts, fit_starts, fitted_channels, start_states
from eqdsl.fitting.training_data import Batch, TrainingData
from eqdsl.lowering.observation import observed_path
from eqdsl.lowering.vector_field import VectorField
from eqdsl.model.model import Model
from eqdsl.numerics.grid import Grid, grid_from_coordinates
from eqdsl.simulation.observing import with_rollouts
from eqdsl.simulation.remembering import at_frames, roll_out

START_ITERATIONS = 50
"""Iterations that fit the starts which the data lack."""


class Fitted(Protocol):
    """What is needed of a run: `eqdsl.fitting.run_folder.Run` is one."""

    @property
    def model(self) -> Model:
        """The checked model."""

    @property
    def state(self) -> Mapping[str, Any]:
        """The content of ``state.json``."""

    @property
    def method(self) -> str:
        """The integrator of the fit."""

    @property
    def substeps(self) -> int:
        """Integrator steps between two frames of the training data."""

    def field_as(self, dtype: torch.dtype, grid: Grid | None = None) -> VectorField:
        """The fitted vector field in some precision on some grid."""


@dataclass(frozen=True)
class Trial:
    """A run on some trajectories.

    Parameters
    ----------
    run : Fitted
    field : VectorField
        On their grid.
    data : TrainingData
    substeps : int
    fitted : FittedStarts or None
    notes : tuple of str
        How rollouts are started, where not from the data alone.
    """

    run: Fitted
    field: VectorField
    data: TrainingData
    substeps: int
    fitted: FittedStarts | None = None
    notes: tuple[str, ...] = ()

    def states(self, start: Tensor, batch: Batch) -> Tensor:
        """Rollouts over windows, shape (W, T, C, *S), with the integrator of the fit."""
        return roll_out(
            self.field.driven(batch.driving).with_past(batch.past), start, batch.times, method=self.run.method,
            substeps=self.substeps,
        )  # fmt: skip

    def rollout(self, start: Tensor, batch: Batch) -> Tensor:
        """What is observed of rollouts over windows, shape (W, T, C', *S)."""
        return observed_path(self.field.driven(batch.driving), batch.times, self.states(start, batch))

    def remembering(self, states: Tensor, batch: Batch) -> Iterator[VectorField]:
        """The vector field of each frame of some rollouts, with what it looks back on there."""
        return at_frames(self.field.driven(batch.driving).with_past(batch.past), states)

    def start(self, batch: Batch) -> Tensor:
        """The states that windows start from, shape (W, C, *S)."""
        return start_states(self.field, batch, self.fitted)


def make_trial(
    run: Fitted, trajectories: Trajectories, dtype: torch.dtype = torch.float64, *, field: VectorField | None = None,
    kept: Tensor | None = None, ahead: int = 1,
) -> Trial:  # fmt: skip
    """Make everything ready for rollouts from the first frames of some trajectories; see `evaluate`.

    Parameters
    ----------
    field : VectorField, optional
        The run's, where it is there already.
    kept : Tensor, shape (B, F, *S), optional
        Fitted starts of the first B trajectories, where the fit has found them.
    ahead : int
        Frames that have to follow those that the model looks back on.

    Raises
    ------
    DataError
        No trajectory has a complete frame followed by another one, or the grid or the times do not suit the run.
    """
    model = run.model
    if field is None:
        field = run.field_as(dtype, grid_from_coordinates(model, trajectories.axes))
    check_frames(trajectories, field.memory, spacing=float(run.state["integrator"]["spacing"]), ahead=ahead)
    filled = with_velocities(trajectories, model)
    if not model.guessed:
        filled = with_rollouts(filled, field)
    trajectories = with_wall_series(trajectories, model)
    data = TrainingData(trajectories, filled, device=field.device, dtype=dtype, field=field)
    if ahead and not len(data.starts(max(data.horizon, 1), first_only=True)):
        raise DataError("no trajectory has a frame without missing values that is followed by another frame")
    trial = Trial(run, field, data, substeps_for(run, trajectories))
    channels = fitted_channels(model, trajectories)
    fitted, notes = None, _notes(model, field.memory)
    if channels:
        variance = torch.as_tensor(channel_variance(trajectories)).to(data.state)
        own = torch.as_tensor(channel_variance(filled)).to(data.state)
        variance[channels] = torch.where(torch.isfinite(own), own, 1.0)[channels]
        variance = torch.where(variance > 0, variance, 1.0)
        scale = {n: float(v) for n, v in run.state.get("scales", {}).items()}
        for index in model.hidden:
            variance[index] = scale.get(model.channel_names[index], 1.0) ** 2
        fitted = FittedStarts(model, channels, data, variance.sqrt())
        if kept is not None and kept.shape[1:] == fitted.estimate.shape[1:] and len(kept) >= len(fitted.estimate):
            fitted.estimate.copy_(kept[: len(fitted.estimate)])
        else:
            if not data.horizon:
                raise DataError(
                    f"the start of `{model.channel_names[channels[0]]}` is fitted to the frames that follow, and there "
                    "are none",
                    help="give trajectories of several frames",
                )
            fit_starts(fitted, data, trial.rollout, field, variance, iterations=START_ITERATIONS)
            names = ", ".join(f"`{model.channel_names[c]}`" for c in channels)
            frames = min(FRAMES, data.horizon)
            notes = (*notes, f"the start of {names} is fitted to the first {frames + 1} frames of each trajectory")
    return Trial(run, field, data, trial.substeps, fitted, notes)


def _notes(model: Model, memory: int) -> tuple[str, ...]:
    if memory < 2:
        return ()
    encoded = ", ".join(f"`{i.channel}`" for i in model.starts("encode"))
    made = f", from which the start of {encoded} is encoded" if encoded else ""
    return (
        f"the first {memory} frames of each trajectory are looked back on{made}; rollouts start at the last of them",
    )


def substeps_for(run: Fitted, trajectories: Trajectories) -> int:
    """Substeps that make steps as long as in training, or shorter."""
    longest = float(run.state["integrator"]["spacing"])
    return max(1, math.ceil(run.substeps * frame_spacing(trajectories) / longest - 1e-6))


def frame_spacing(trajectories: Trajectories) -> float:
    """Longest interval between two real frames."""
    inside = np.arange(1, trajectories.frames) < trajectories.lengths[:, None]
    return float(np.diff(trajectories.times, axis=1)[inside].max(initial=0.0))


def with_hidden(run: Fitted, trajectories: Trajectories, kept: Tensor | None = None) -> Trajectories:
    """The trajectories with hidden states as rollouts from their first frames have them; NaN before those start.

    Parameters
    ----------
    kept : Tensor, shape (B, F, *S), optional
        Fitted starts that the fit has found.
    """
    hidden = list(run.model.hidden)
    if not hidden or not len(trajectories):
        return trajectories
    trial = make_trial(run, trajectories, kept=kept)
    starts = trial.data.starts(max(trial.data.horizon, 1), first_only=True)
    batch = trial.data.batch(starts, trial.data.horizon)
    with torch.no_grad():
        path = trial.states(trial.start(batch), batch)[:, :, hidden].numpy()
    state = np.array(trajectories.state, dtype=np.float64)
    for (row, first), found in zip(starts, path, strict=True):
        last = int(trajectories.lengths[row])
        state[row, first:last, hidden] = np.moveaxis(found[: last - first], 1, 0)
    return replace(trajectories, state=state)
