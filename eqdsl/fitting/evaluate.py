"""Scores of a run on data: raw squared errors of rollouts from the first frames."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from eqdsl.core.errors import ComputationError, DataError
from eqdsl.data.inputs import with_wall_series
from eqdsl.data.statistics import channel_variance
from eqdsl.data.trajectories import Trajectories
from eqdsl.data.velocities import missing_velocities, with_velocities
from eqdsl.fitting.errors import ErrorSums, first_frame_errors
from eqdsl.fitting.run_folder import Run
from eqdsl.fitting.training_data import Batch, TrainingData
from eqdsl.fitting.velocities import InitialVelocities, fit_velocities
from eqdsl.lowering.observation import observed_path, with_given_starts
from eqdsl.model.model import Model
from eqdsl.numerics.grid import grid_from_coordinates
from eqdsl.numerics.integrators.integrate import integrate
from eqdsl.simulation.observing import with_rollouts

VELOCITY_ITERATIONS = 50
"""Iterations that fit velocities which the data lack."""


@dataclass(frozen=True)
class Scores:
    """Mean squared errors in the units of the data, not scaled.

    Parameters
    ----------
    mse : float
        Mean over channels of the mean over trajectories, frames (the first one included) and grid.
    log10_mse, log10_mse_without_first : float
        Its decimal logarithm, and the same over the frames after the first.
    per_state : dict of str to float
        By state (vector components averaged); a velocity is ``dt(w)``.
    trajectories, frames : int
        How many were rolled out, and real frames of all of them together.
    per_frame : tuple of float
        Mean squared error by the number of frames since the start.
    """

    mse: float
    log10_mse: float
    log10_mse_without_first: float
    per_state: dict[str, float]
    trajectories: int
    frames: int
    per_frame: tuple[float, ...]

    def as_json(self) -> dict[str, object]:
        """What ``eqdsl evaluate --json`` prints."""
        return {
            "mse": self.mse, "log10_mse": _number(self.log10_mse),
            "log10_mse_without_first": _number(self.log10_mse_without_first), "per_state": self.per_state,
            "trajectories": self.trajectories, "frames": self.frames,
        }  # fmt: skip

    def __str__(self) -> str:
        states = "\n".join(f"  {name:<12} mse {value:.4g}" for name, value in self.per_state.items())
        later = f"{self.log10_mse_without_first:.2f} without the first frame"
        return (
            f"mse {self.mse:.4g}, log10 {self.log10_mse:.2f} ({later})\n"
            f"{states}\n{self.trajectories} trajectories, {self.frames} frames"
        )


def evaluate(run: Run, trajectories: Trajectories, *, dtype: torch.dtype = torch.float64) -> Scores:
    """Roll a run out from the first complete frame of each trajectory and compare all frames.

    The integrator is that of the run, with steps at most as long as those it was fitted with. Velocities that the data
    lack are fitted to the first frames of each trajectory, and not compared.

    Raises
    ------
    DataError
        No trajectory has a complete frame followed by another one, or the grid does not suit the run.
    ComputationError
        A rollout is not finite.
    """
    model = run.model
    grid = grid_from_coordinates(model, trajectories.axes)
    field = run.field_as(dtype, grid)
    filled = with_rollouts(with_velocities(trajectories, model), field)
    trajectories = with_wall_series(trajectories, model)
    data = TrainingData(trajectories, filled, device=torch.device("cpu"), dtype=dtype, field=field)
    starts = data.starts(max(data.horizon, 1), first_only=True)
    if not len(starts):
        raise DataError("no trajectory has a frame without missing values that is followed by another frame")
    substeps = substeps_for(run, trajectories)

    def rollout(start: Tensor, batch: Batch) -> Tensor:
        driven = field.driven(batch.driving)
        start = with_given_starts(driven, batch.times[:, 0], start)
        states = integrate(driven, start, batch.times, method=run.method, substeps=substeps)
        return observed_path(driven, batch.times, states)

    velocities = _initial_velocities(trajectories, filled, model, data, rollout)
    sums = first_frame_errors(rollout, data, start=velocities.put_into if velocities is not None else None)
    if not torch.isfinite(sums.square).all():
        frame, channel = torch.nonzero(~torch.isfinite(sums.square))[0].tolist()
        raise ComputationError(
            f"rollouts of `{model.data_channels[channel].name}` are not finite from {frame} frames after their start",
            help="fit longer, or to data that visit the states of these trajectories",
        )
    frames = int(sum(data.lengths[row] - frame for row, frame in starts))
    return _scores(model, sums, len(starts), frames)


def _initial_velocities(
    observed: Trajectories, filled: Trajectories, model: Model, data: TrainingData,
    rollout: Callable[[Tensor, Batch], Tensor],
) -> InitialVelocities | None:  # fmt: skip
    """Fitted velocities of the first frames; None when the data hold them."""
    missing = missing_velocities(observed, model)
    if not missing:
        return None
    variance = torch.as_tensor(channel_variance(observed)).to(data.state)
    variance[list(missing)] = torch.as_tensor(channel_variance(filled)).to(data.state)[list(missing)]
    variance = torch.where(variance > 0, variance, 1.0)
    velocities = InitialVelocities(list(missing), data.state[:, 0], variance.sqrt())
    fit_velocities(velocities, data, rollout, variance, iterations=VELOCITY_ITERATIONS)
    return velocities


def substeps_for(run: Run, trajectories: Trajectories) -> int:
    """Substeps that make steps as long as in training, or shorter."""
    longest = float(run.state["integrator"]["spacing"])
    return max(1, math.ceil(run.substeps * frame_spacing(trajectories) / longest - 1e-6))


def frame_spacing(trajectories: Trajectories) -> float:
    """Longest interval between two real frames."""
    inside = np.arange(1, trajectories.frames) < trajectories.lengths[:, None]
    return float(np.diff(trajectories.times, axis=1)[inside].max(initial=0.0))


def _scores(model: Model, sums: ErrorSums, trajectories: int, frames: int) -> Scores:
    channels = sums.per_channel()
    seen = ~torch.isnan(channels)
    by_state: dict[str, list[float]] = {}
    for channel, value, used in zip(model.data_channels, channels.tolist(), seen.tolist(), strict=True):
        if used:
            name = f"dt({channel.field})" if channel.velocity else channel.field
            by_state.setdefault(name, []).append(value)
    later = float(sums.per_channel(first=1)[seen].mean())
    per_frame = torch.nanmean((sums.square / sums.count)[:, seen], dim=1)
    mse = float(channels[seen].mean())
    return Scores(
        mse, _log10(mse), _log10(later), {name: sum(v) / len(v) for name, v in by_state.items()},
        trajectories, frames, tuple(per_frame.tolist()),
    )  # fmt: skip


def _log10(value: float) -> float:
    return math.log10(value) if value > 0 else -math.inf


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
