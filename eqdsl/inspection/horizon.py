"""Error against horizon: rollouts from the first frame of trajectories, frame by frame."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from eqdsl.core.errors import ComputationError
from eqdsl.data.frames import past_frames
from eqdsl.data.inputs import without_driven
from eqdsl.data.resting import resting_times
from eqdsl.data.trajectories import Trajectories
from eqdsl.data.velocities import with_velocities
from eqdsl.inspection.visited import as_tensor
from eqdsl.lowering.vector_field import VectorField
from eqdsl.simulation.observing import first_states, observed_trajectories
from eqdsl.simulation.remembering import roll_out as remember

RTOL, ATOL = 1e-6, 1e-8


@dataclass(frozen=True)
class Rollouts:
    """Data and the rollouts beside them.

    Parameters
    ----------
    data, model : Trajectories
        Observed quantities of the same trajectories. Past a trajectory's end the model's state rests.
    observed : tuple of str
        Channels that the data hold: velocities made from differences are not judged.
    rows : tuple of int
        Positions of these trajectories in the data given.
    lost : tuple of str
        A sentence without its full stop for each rollout that failed.
    counted : ndarray of bool, shape (C, *S), optional
        Points that are predicted, and not given by walls that follow the data; all without it.
    states : Trajectories, optional
        The states of the model, where `model` holds something else.
    past : ndarray, shape (B, N, C, *S), optional
        The frames up to the first one, where the model looks back on N.
    """

    data: Trajectories
    model: Trajectories
    observed: tuple[str, ...]
    rows: tuple[int, ...]
    lost: tuple[str, ...] = ()
    counted: np.ndarray | None = None
    states: Trajectories | None = None
    past: np.ndarray | None = None

    def select(self, indices: Sequence[int]) -> Rollouts:
        """The rollouts at these positions."""
        chosen = list(indices)
        rows = tuple(self.rows[i] for i in chosen)
        states = None if self.states is None else self.states.select(chosen)
        past = None if self.past is None else self.past[chosen]
        return replace(
            self, data=self.data.select(chosen), model=self.model.select(chosen), rows=rows, states=states, past=past
        )


@dataclass(frozen=True)
class HorizonError:
    """Mean square errors of rollouts.

    Parameters
    ----------
    times : ndarray, shape (T,)
        Mean time since the first frame.
    mse : ndarray, shape (T,)
        Over trajectories, observed channels and grid points; NaN where no value is observed.
    spread : ndarray, shape (T, 2)
        10 % and 90 % quantile over trajectories.
    per_channel : dict of str to float
        Mean square error over all frames.
    overall : float
        Mean square error over everything, the first frame included.
    variance : float
        Variance of the data, the error of the best constant.
    trajectories, frames : int
    """

    times: np.ndarray
    mse: np.ndarray
    spread: np.ndarray
    per_channel: dict[str, float]
    overall: float
    variance: float
    trajectories: int
    frames: int

    def shown_frames(self, count: int) -> list[int]:
        """At most `count` frames with an error, evenly spread, the last one included, the exact first one not."""
        known = np.flatnonzero(np.isfinite(self.mse))
        later = known[known > 0]
        picks = np.linspace(0, later.size, min(count, later.size) + 1)[1:].round().astype(int) - 1
        return [int(frame) for frame in later[picks]]

    def as_json(self) -> dict[str, object]:
        """Numbers only; missing ones are null."""
        return {
            "times": [float(t) for t in self.times],
            "mse": [None if math.isnan(v) else float(v) for v in self.mse],
            "per_channel": self.per_channel,
            "overall": self.overall,
            "log10_overall": math.log10(self.overall) if self.overall > 0 else None,
            "data_variance": self.variance,
            "trajectories": self.trajectories,
            "frames": self.frames,
        }


def rollouts(field: VectorField, data: Trajectories) -> Rollouts:
    """Roll the vector field out from the first frame of each trajectory at the data's times, up to its own end.

    A vector field that looks back on frames starts at the last one of the first history.

    A trajectory whose rollout fails is left out and told of in `Rollouts.lost`; one whose first frame has missing
    values is left out.

    Raises
    ------
    ComputationError
        No trajectory can be rolled out, or the rollouts of all of them failed.
    """
    filled = with_velocities(data, field.model)
    first = max(field.memory - 1, 0)
    past = past_frames(filled, np.arange(len(filled)), np.full(len(filled), first), field.memory)
    filled, data = filled.window(first, filled.frames), data.window(first, data.frames)
    starts = first_states(field.driven(filled), filled)
    whole = np.isfinite(starts).all(axis=tuple(range(1, starts.ndim)))
    chosen = np.flatnonzero(whole & (filled.lengths > 1))
    if not chosen.size:
        raise ComputationError("no trajectory has a complete first frame and a second one to compare with")
    filled = filled.select(chosen)
    times = resting_times(filled.times, filled.lengths, filled.frames)
    remembered = field.driven(filled).with_past(None if past is None else as_tensor(past[chosen], field))
    states, failures = _all_or_one_by_one(remembered, times, starts[chosen])
    good = [row for row in range(len(filled)) if row not in failures]
    if not good:
        raise next(iter(failures.values()))
    kept = filled.select(good)
    rows = tuple(int(chosen[row]) for row in good)
    lost = tuple(f"trajectory {chosen[row]}: {failure.message}" for row, failure in failures.items())
    rolled = replace(kept, state=states[good])
    compared = replace(kept, channels=field.model.data_channel_names, state=_as_data(kept, data.select(list(rows))))
    model = observed_trajectories(field, rolled)
    observed = tuple(name for name in observed_channels(data) if name not in field.model.unobserved)
    looked = None if past is None else past[list(rows)]
    return Rollouts(compared, model, observed, rows, lost, _counted(field, compared), rolled, looked)


def _as_data(filled: Trajectories, data: Trajectories) -> np.ndarray:
    """The states with their estimated velocities, and what else the data hold."""
    return np.concatenate([filled.state, data.state[:, :, filled.state.shape[2] :]], axis=2)


def _counted(field: VectorField, data: Trajectories) -> np.ndarray | None:
    if not field.model.driven_walls:
        return None
    counted: np.ndarray = without_driven(np.ones((1, 1, *data.state.shape[2:]), bool), field.model)[0, 0]
    return counted


def observed_channels(data: Trajectories) -> tuple[str, ...]:
    """The channels of which the data hold a value; a reader fills the others with NaN."""
    empty = np.isnan(data.state).all(axis=(0, 1, *range(3, data.state.ndim)))
    return tuple(name for name, missing in zip(data.channels, empty, strict=True) if not missing)


def _all_or_one_by_one(
    field: VectorField, times: np.ndarray, initial: np.ndarray
) -> tuple[np.ndarray, dict[int, ComputationError]]:
    """Rollouts of all trajectories together; if that fails, of each alone, with the failures by row."""
    with contextlib.suppress(ComputationError):
        return roll_out(field, times, initial), {}
    states = np.full((len(times), times.shape[1], *initial.shape[1:]), np.nan)
    failures = {}
    for row in range(len(times)):
        alone = slice(row, row + 1)
        try:
            states[alone] = roll_out(field.of_rows(torch.tensor([row])), times[alone], initial[alone])
        except ComputationError as failure:
            failures[row] = failure
    return states, failures


def roll_out(field: VectorField, times: np.ndarray, initial: np.ndarray) -> np.ndarray:
    """Adaptive rollouts: the vector field's own solution, whatever steps the fit took; shape (B, T, C, *S).

    Raises
    ------
    ComputationError
        A rollout diverged.
    """
    with torch.no_grad():
        start = field.constrain(as_tensor(times[:, 0], field), as_tensor(initial, field))
        states = remember(field, start, torch.as_tensor(times), method="dopri5", rtol=RTOL, atol=ATOL)
    return np.asarray(states.double().cpu().numpy())


def horizon_error(
    data: Trajectories, model: Trajectories, observed: tuple[str, ...], counted: np.ndarray | None = None
) -> HorizonError:
    """Compare rollouts with data on the channels the data hold.

    Parameters
    ----------
    data, model : Trajectories
        Of equal shape.
    observed : tuple of str
        Channels to compare, from `observed_channels`.
    counted : ndarray of bool, shape (C, *S), optional
        Points to compare.
    """
    channels = [i for i, name in enumerate(data.channels) if name in observed]
    square = (model.state[:, :, channels] - data.state[:, :, channels]) ** 2
    late = np.arange(data.frames) >= data.lengths[:, None]
    square[late] = np.nan
    if counted is not None:
        square[:, :, ~counted[channels]] = np.nan
    by_row = _mean(square, tuple(range(2, square.ndim)))
    since = np.where(late, np.nan, data.times - data.times[:, :1])
    truth = np.where(np.isnan(square), np.nan, data.state[:, :, channels])
    return HorizonError(
        _mean(since, (0,)),
        _mean(square, (0, *range(2, square.ndim))),
        _quantiles(by_row),
        {data.channels[c]: float(_mean(square[:, :, [i]], None)) for i, c in enumerate(channels)},
        float(_mean(square, None)),
        float(np.nanmean([np.nanvar(truth[:, :, i]) for i in range(len(channels))])),
        len(data),
        data.frames,
    )


def _mean(values: np.ndarray, axes: tuple[int, ...] | None) -> np.ndarray:
    """Mean over the values that are there; NaN where none is, without a warning."""
    there = np.isfinite(values)
    count = there.sum(axis=axes)
    total = np.where(there, values, 0.0).sum(axis=axes)
    return np.asarray(np.divide(total, count, out=np.full(np.shape(total), np.nan), where=count > 0))


def _quantiles(by_row: np.ndarray) -> np.ndarray:
    spread = np.full((by_row.shape[1], 2), np.nan)
    for frame, column in enumerate(by_row.T):
        seen = column[np.isfinite(column)]
        if seen.size:
            spread[frame] = np.quantile(seen, [0.1, 0.9])
    return spread
