"""Trajectories as tensors on a device, and windows cut from them."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from eqdsl.data.frames import with_frames_before
from eqdsl.data.inputs import without_driven
from eqdsl.data.resting import resting_times
from eqdsl.data.trajectories import Trajectories
from eqdsl.lowering.vector_field import VectorField
from eqdsl.numerics.driving import Driving


@dataclass(frozen=True)
class Batch:
    """W windows of H + 1 frames.

    Parameters
    ----------
    rows, frames : Tensor, shape (W,)
        Trajectory and first frame of each window.
    times : Tensor, shape (W, H + 1), float64
        Past the end of a trajectory they all but stand still, so that a rollout rests there.
    state : Tensor, shape (W, H + 1, C, *S)
        States as the data give them, with missing values replaced by finite ones: what rollouts start from.
    observed : Tensor, shape (W, H + 1, C', *S)
        Data, with missing values replaced: what rollouts are compared with, by `model.data_channels`.
    present : Tensor of bool, like `observed`
        Which values were observed.
    complete : Tensor, shape (W, H + 1), 0 or 1
        Frames in which the whole state is known.
    driving : Driving, optional
        What drives the model in each window.
    history : Tensor, shape (W, N - 1 + H + 1, C, *S), optional
        Where the model looks back on N frames: the state, and the N - 1 frames before the window.
    """

    rows: Tensor
    frames: Tensor
    times: Tensor
    state: Tensor
    observed: Tensor
    present: Tensor
    complete: Tensor
    driving: Driving | None = None
    history: Tensor | None = None

    @property
    def past(self) -> Tensor | None:
        """The frames that the model looks back on at the start, shape (W, N, C, *S)."""
        return None if self.history is None else self.history[:, : self._memory]

    def past_of_frames(self) -> Tensor | None:
        """The same at every frame, shape (W * (H + 1), N, C, *S)."""
        if self.history is None:
            return None
        return self.history.unfold(1, self._memory, 1).movedim(-1, 2).flatten(0, 1)

    @property
    def _memory(self) -> int:
        assert self.history is not None
        return self.history.shape[1] - self.state.shape[1] + 1

    def select(self, index: Tensor) -> Batch:
        """Some of the windows."""
        driving = None if self.driving is None else self.driving.select(index)
        return Batch(
            self.rows[index], self.frames[index], self.times[index], self.state[index], self.observed[index],
            self.present[index], self.complete[index], driving, None if self.history is None else self.history[index],
        )  # fmt: skip


class TrainingData:
    """Trajectories as tensors.

    Parameters
    ----------
    observed : Trajectories
        What the file holds; NaN where missing.
    filled : Trajectories
        The states alone, with what stands in for those that the file does not hold: estimated velocities, and whatever
        is in place of unobserved states. They are part of the state but never compared with.
    field : VectorField, optional
        Says which points follow the data, what drives the others, and which states are not observed.
    """

    def __init__(
        self, observed: Trajectories, filled: Trajectories, *, device: torch.device, dtype: torch.dtype,
        field: VectorField | None = None,
    ) -> None:  # fmt: skip
        inside = np.arange(observed.frames) < observed.lengths[:, None]
        self.memory = field.memory if field is not None else 0
        model = field.model if field is not None else None
        unobserved = model.unobserved if model is not None else frozenset[str]()
        hidden = model.hidden if model is not None else ()
        known = [c for c in range(filled.state.shape[2]) if c not in hidden]
        whole = np.isfinite(filled.state[:, :, known]).all(axis=tuple(range(2, filled.state.ndim))) & inside
        whole = with_frames_before(whole, self.memory)
        if model is not None and any(
            i.channel in unobserved and i.kind in ("expression", "data") for i in model.initial
        ):
            # What `init` says of such states holds at the first frame, and nowhere else.
            whole[:, max(self.memory, 1) :] = False
        self.whole = whole
        """Frames from which a rollout can start, hidden states aside, shape (B, T)."""
        self.lengths = np.asarray(observed.lengths)
        last = observed.times[np.arange(len(self.lengths)), self.lengths - 1] if len(self.lengths) else np.zeros(0)
        self.ends = torch.as_tensor(np.nextafter(last, np.inf), device=device)
        """Just after the last frame of each trajectory, shape (B,)."""
        self.first = np.where(whole.any(axis=1), whole.argmax(axis=1), observed.frames)
        """First such frame of each trajectory, shape (B,)."""
        spare = int(self.first[whole.any(axis=1)].max(initial=0))
        spread = inside.reshape(inside.shape + (1,) * (observed.state.ndim - 2))
        present = np.isfinite(observed.state) & spread
        present[:, :, [i for i, name in enumerate(observed.channels) if name in unobserved]] = False
        self.environment: Tensor | None = None
        """Environment of each trajectory, shape (B,), where the data tell."""
        if observed.environment is not None:
            self.environment = torch.as_tensor(observed.environment, device=device)
        self.driving: Driving | None = None
        if field is not None:
            present = without_driven(present, field.model)
            driven = field.driven(observed).driving
            self.driving = None if driven is None else driven.to(torch.zeros((), device=device, dtype=dtype))
        self.times = torch.as_tensor(
            resting_times(observed.times, self.lengths, observed.frames + spare), device=device
        )
        self.state = torch.as_tensor(_padded(_finite(filled.state, spread), spare), device=device).to(dtype)
        self.observed = self.state
        count = self.state.shape[2]
        if observed.state.shape[2] > count:
            others = _padded(_finite(observed.state[:, :, count:], spread), spare)
            self.observed = torch.cat([self.state, torch.as_tensor(others, device=device).to(dtype)], dim=2)
        self.present = torch.as_tensor(_padded(present, spare, False), device=device)
        self.complete = torch.as_tensor(_padded(whole, spare, False), device=device).to(dtype)

    def to(self, dtype: torch.dtype) -> TrainingData:
        """The same data in another precision."""
        other = copy.copy(self)
        other.state, other.complete = self.state.to(dtype), self.complete.to(dtype)
        other.observed = other.state if self.observed is self.state else self.observed.to(dtype)
        other.driving = None if self.driving is None else self.driving.to(other.complete)
        return other

    @property
    def horizon(self) -> int:
        """Steps of the longest rollout."""
        return int((self.lengths - 1 - self.first).max(initial=0))

    def starts(self, horizon: int, *, first_only: bool = False) -> np.ndarray:
        """Trajectory and frame of all windows of a horizon, shape (N, 2).

        A window starts at a complete frame and fits into its trajectory; a trajectory that is too short for any gives
        one from its first complete frame, which ends early.
        """
        frames = np.arange(self.whole.shape[1])
        first = frames == self.first[:, None]
        fits = (frames + horizon < self.lengths[:, None]) & (not first_only)
        return np.argwhere(self.whole & (fits | first) & (frames + 1 < self.lengths[:, None]))

    def batch(self, starts: np.ndarray, horizon: int) -> Batch:
        """Windows that start at the given (trajectory, frame) pairs."""
        chosen = torch.as_tensor(starts, device=self.state.device)
        rows, frames = chosen[:, 0], chosen[:, 1]
        index = rows[:, None], frames[:, None] + torch.arange(horizon + 1, device=self.state.device)
        driving = None if self.driving is None else self.driving.select(rows)
        history = None
        if self.memory:
            back = torch.arange(1 - self.memory, horizon + 1, device=self.state.device)
            history = self.state[rows[:, None], frames[:, None] + back]
        state = self.state[index]
        observed = state if self.observed is self.state else self.observed[index]
        return Batch(
            rows, frames, self.times[index], state, observed, self.present[index], self.complete[index], driving,
            history,
        )  # fmt: skip


def _finite(state: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """The state with missing values replaced by the mean of their channel; NaN would leak into gradients."""
    values = np.where(inside, state, np.nan)
    for channel in range(values.shape[2]):
        part = values[:, :, channel]
        known = np.isfinite(part)
        part[~known] = part[known].mean() if known.any() else 0.0
    return values


def _padded(values: np.ndarray, frames: int, fill: bool | None = None) -> np.ndarray:
    """`frames` more frames, copies of the last one unless `fill` is given, for windows that end early."""
    if frames == 0:
        return values
    more = np.repeat(values[:, -1:], frames, axis=1)
    return np.concatenate([values, more if fill is None else np.full_like(more, fill)], axis=1)
