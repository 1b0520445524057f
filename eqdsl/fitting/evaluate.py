"""Scores of a run on data: raw squared errors of rollouts from the first frames."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass, field, replace
from functools import reduce

import numpy as np
import torch
from torch import Tensor

from eqdsl.core.errors import ComputationError
from eqdsl.data.trajectories import Trajectories
from eqdsl.fitting.errors import ErrorSums, first_frame_errors
from eqdsl.fitting.fingerprint import content_hash
from eqdsl.fitting.run_folder import Run
from eqdsl.fitting.training_data import Batch
from eqdsl.fitting.trial import make_trial
from eqdsl.lowering.observation import observed_path
from eqdsl.model.model import TRAJECTORY, Model
from eqdsl.simulation.seen import Departure, Lookout


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
    outside : tuple of Departure
        Where rollouts leave what the learned terms have seen.
    environments : dict of int to float
        Mean squared error by environment, where the data tell them apart.
    """

    mse: float
    log10_mse: float
    log10_mse_without_first: float
    per_state: dict[str, float]
    trajectories: int
    frames: int
    per_frame: tuple[float, ...]
    notes: tuple[str, ...] = ()
    outside: tuple[Departure, ...] = ()
    environments: dict[int, float] = field(default_factory=dict)

    @property
    def worst(self) -> int | None:
        """The environment with the largest error."""
        return max(self.environments, key=lambda e: self.environments[e], default=None)

    def as_json(self) -> dict[str, object]:
        """What ``eqdsl evaluate --json`` prints."""
        return {
            "mse": self.mse, "log10_mse": _number(self.log10_mse),
            "log10_mse_without_first": _number(self.log10_mse_without_first), "per_state": self.per_state,
            "trajectories": self.trajectories, "frames": self.frames,
            **({"notes": list(self.notes)} if self.notes else {}),
            "outside": [departure.as_json() for departure in self.outside],
            **(self._environments_json() if self.environments else {}),
        }  # fmt: skip

    def _environments_json(self) -> dict[str, object]:
        by_label = {str(label): mse for label, mse in self.environments.items()}
        return {"environments": by_label, "worst_environment": str(self.worst)}

    def __str__(self) -> str:
        states = "\n".join(f"  {name:<12} mse {value:.4g}" for name, value in self.per_state.items())
        later = f"{self.log10_mse_without_first:.2f} without the first frame"
        own = [
            f"\n  environment {label:<6} mse {mse:.4g}" + (", the worst" if label == self.worst else "")
            for label, mse in (self.environments.items() if len(self.environments) > 1 else ())
        ]
        notes = "".join(f"\nnote: {note}" for note in (*self.notes, *self.outside))
        return (
            f"mse {self.mse:.4g}, log10 {self.log10_mse:.2f} ({later})\n"
            f"{states}{''.join(own)}\n{self.trajectories} trajectories, {self.frames} frames{notes}"
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
    trajectories = of_the_fit(run, trajectories)
    model = run.model
    trial = make_trial(run, trajectories, dtype)
    data = trial.data
    lookout = Lookout(trial.field, run.seen())

    def watched(start: Tensor, batch: Batch) -> Tensor:
        states = trial.states(start, batch)
        last = torch.as_tensor(data.lengths)[batch.rows] - 1 - batch.frames
        for frame, driven in enumerate(trial.remembering(states, batch)):
            lookout.look(driven, batch.times[:, frame], states[:, frame], batch.rows, frame <= last)
        return observed_path(trial.field.driven(batch.driving), batch.times, states)

    parts = {
        label: first_frame_errors(watched, data, start=trial.start, rows=rows)
        for label, rows in _by_environment(trajectories)
    }
    sums = reduce(operator.add, parts.values())
    if not torch.isfinite(sums.square).all():
        frame, channel = torch.nonzero(~torch.isfinite(sums.square))[0].tolist()
        raise ComputationError(
            f"rollouts of `{model.data_channels[channel].name}` are not finite from {frame} frames after their start",
            help="fit longer, or to data that visit the states of these trajectories",
        )
    starts = data.starts(max(data.horizon, 1), first_only=True)
    frames = int(sum(data.lengths[row] - frame for row, frame in starts))
    scores = _scores(run.model, sums, len(starts), frames, trial.notes)
    own = {label: _mse(part) for label, part in parts.items() if label is not None}
    seen = {label: mse for label, mse in own.items() if mse is not None}
    return replace(scores, environments=seen, outside=lookout.found())


def of_the_fit(run: Run, trajectories: Trajectories) -> Trajectories:
    """The same, numbered as those of the fit if they are the same data and each has numbers of its own."""
    if TRAJECTORY not in run.model.scopes or trajectories.number is not None:
        return trajectories
    same = content_hash(trajectories) == run.state["data"]["sha256"]
    return replace(trajectories, number=np.arange(len(trajectories))) if same else trajectories


def _by_environment(trajectories: Trajectories) -> list[tuple[int | None, np.ndarray | None]]:
    """Each environment and its trajectories; None and None where they are not told apart."""
    own = trajectories.environment
    return [(None, None)] if own is None else [(int(e), np.flatnonzero(own == e)) for e in np.unique(own)]


def _mse(sums: ErrorSums) -> float | None:
    """Mean over the channels that were compared; None where there are none."""
    channels = sums.per_channel()
    seen = ~torch.isnan(channels)
    return float(channels[seen].mean()) if bool(seen.any()) else None


def _scores(model: Model, sums: ErrorSums, trajectories: int, frames: int, notes: tuple[str, ...]) -> Scores:
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
        trajectories, frames, tuple(per_frame.tolist()), notes,
    )  # fmt: skip


def _log10(value: float) -> float:
    return math.log10(value) if value > 0 else -math.inf


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
