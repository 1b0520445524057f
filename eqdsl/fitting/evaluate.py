"""Scores of a run on data: raw squared errors of rollouts from the first frames."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from eqdsl.core.errors import ComputationError
from eqdsl.data.trajectories import Trajectories
from eqdsl.fitting.errors import ErrorSums, first_frame_errors
from eqdsl.fitting.run_folder import Run
from eqdsl.fitting.trial import make_trial
from eqdsl.model.model import Model


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
    notes : tuple of str
        How rollouts were started, where not from the data alone.
    """

    mse: float
    log10_mse: float
    log10_mse_without_first: float
    per_state: dict[str, float]
    trajectories: int
    frames: int
    per_frame: tuple[float, ...]
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """What ``eqdsl evaluate --json`` prints."""
        return {
            "mse": self.mse, "log10_mse": _number(self.log10_mse),
            "log10_mse_without_first": _number(self.log10_mse_without_first), "per_state": self.per_state,
            "trajectories": self.trajectories, "frames": self.frames,
            **({"notes": list(self.notes)} if self.notes else {}),
        }  # fmt: skip

    def __str__(self) -> str:
        states = "\n".join(f"  {name:<12} mse {value:.4g}" for name, value in self.per_state.items())
        later = f"{self.log10_mse_without_first:.2f} without the first frame"
        notes = "".join(f"\n{note}" for note in self.notes)
        return (
            f"mse {self.mse:.4g}, log10 {self.log10_mse:.2f} ({later})\n"
            f"{states}\n{self.trajectories} trajectories, {self.frames} frames{notes}"
        )


def evaluate(run: Run, trajectories: Trajectories, *, dtype: torch.dtype = torch.float64) -> Scores:
    """Roll a run out from the first complete frame of each trajectory and compare all frames.

    The integrator is that of the run, with steps at most as long as those it was fitted with. Velocities that the data
    lack, and starts that the model says are fitted, are fitted to the first frames of each trajectory. A model that
    looks back on frames starts at the last one of its first history.

    Raises
    ------
    DataError
        No trajectory has a complete frame followed by another one, or the grid or the times do not suit the run.
    ComputationError
        A rollout is not finite.
    """
    trial = make_trial(run, trajectories, dtype)
    sums = first_frame_errors(trial.rollout, trial.data, start=trial.start)
    if not torch.isfinite(sums.square).all():
        frame, channel = torch.nonzero(~torch.isfinite(sums.square))[0].tolist()
        raise ComputationError(
            f"rollouts of `{run.model.channel_names[channel]}` are not finite from {frame} frames after their start on",
            help="fit longer, or to data that visit the states of these trajectories",
        )
    starts = trial.data.starts(max(trial.data.horizon, 1), first_only=True)
    frames = int(sum(trial.data.lengths[row] - frame for row, frame in starts))
    return _scores(run.model, sums, len(starts), frames, trial.notes)


def _scores(model: Model, sums: ErrorSums, trajectories: int, frames: int, notes: tuple[str, ...]) -> Scores:
    channels = sums.per_channel()
    seen = ~torch.isnan(channels)
    by_state: dict[str, list[float]] = {}
    for channel, value, used in zip(model.channels, channels.tolist(), seen.tolist(), strict=True):
        if used:
            name = f"dt({channel.field})" if channel.velocity else channel.field
            by_state.setdefault(name, []).append(value)
    later = float(sums.per_channel(first=1)[seen].mean())
    per_frame = torch.nanmean((sums.square / sums.count)[:, seen], dim=1)
    mse = float(channels[seen].mean())
    return Scores(
        mse, _log10(mse), _log10(later), {name: sum(v) / len(v) for name, v in by_state.items()},
        trajectories, frames, tuple(per_frame.tolist()), notes,
    )  # fmt: skip


def _log10(value: float) -> float:
    return math.log10(value) if value > 0 else -math.inf


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
