"""The states that data visit, in batches that fit into memory: every average of an inspection runs over these."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from eqdsl.core.errors import DataError
from eqdsl.data.frames import past_frames
from eqdsl.data.trajectories import Trajectories
from eqdsl.data.velocities import with_velocities
from eqdsl.lowering.vector_field import VectorField
from eqdsl.simulation.observing import with_rollouts

MAX_POINTS = 400_000
"""Most grid points (frames times cells) looked at; more are thinned evenly."""

BATCH_POINTS = 50_000
"""Grid points in one call of the vector field."""


@dataclass(frozen=True)
class Visited:
    """Complete frames of some trajectories.

    Parameters
    ----------
    times : ndarray, shape (N,)
    state : ndarray, shape (N, C, *S)
        No NaN.
    skipped : int
        Frames left out because a value is missing.
    rows : ndarray, shape (N,), optional
        Trajectory of each frame; the first of all without it.
    trajectories : Trajectories, optional
        Hold what drives the model.
    past : ndarray, shape (N, frames, C, *S), optional
        Where the model looks back on frames.
    """

    times: np.ndarray
    state: np.ndarray
    skipped: int
    rows: np.ndarray | None = None
    trajectories: Trajectories | None = None
    past: np.ndarray | None = None

    def __len__(self) -> int:
        return int(self.times.size)

    @property
    def cells(self) -> int:
        """Grid points of a frame."""
        return int(np.prod(self.state.shape[2:], dtype=int))

    def thinned(self, frames: int) -> Visited:
        """At most about `frames` of them, evenly spread."""
        stride = max(1, -(-len(self) // max(frames, 1)))
        rows = None if self.rows is None else self.rows[::stride]
        past = None if self.past is None else self.past[::stride]
        return replace(self, times=self.times[::stride], state=self.state[::stride], rows=rows, past=past)

    def batches(self, field: VectorField, points: int = BATCH_POINTS) -> Iterator[tuple[VectorField, Tensor, Tensor]]:
        """Times (n,) and states (n, C, *S) in the vector field's precision and on its device, with the field for them.

        That is the same field, driven as their trajectories are.
        """
        frames = max(1, points // self.cells)
        driven = field.driven(self.trajectories)
        for start in range(0, len(self), frames):
            chosen = slice(start, start + frames)
            here = driven if self.rows is None else driven.of_rows(torch.as_tensor(self.rows[chosen]))
            here = here if self.past is None else here.with_past(as_tensor(self.past[chosen], field))
            yield here, as_tensor(self.times[chosen], field), as_tensor(self.state[chosen], field)


def as_tensor(values: np.ndarray, field: VectorField) -> Tensor:
    """A tensor in the vector field's precision and on its device."""
    return torch.as_tensor(np.ascontiguousarray(values), dtype=field.dtype, device=field.device)


def visited_states(trajectories: Trajectories, field: VectorField, *, max_points: int = MAX_POINTS) -> Visited:
    """The complete frames of `trajectories`, thinned to `max_points` grid points.

    Velocities of second-order states that the data do not hold are taken from central differences in time, states that
    are not observed from rollouts out of the first frames.

    Raises
    ------
    DataError
        No frame is complete.
    """
    filled = with_rollouts(with_velocities(trajectories, field.model), field)
    frames = filled.state.reshape(-1, *filled.state.shape[2:])
    real = (np.arange(filled.frames) < filled.lengths[:, None]).reshape(-1)
    complete = real & np.isfinite(frames).all(axis=tuple(range(1, frames.ndim)))
    # Frames that are only looked back on are no states that anything is evaluated at, and lack nothing.
    real &= np.tile(np.arange(filled.frames) >= field.memory - 1, len(filled))
    complete &= real
    if not complete.any():
        raise DataError("no frame is complete: there is no state to inspect the terms at")
    rows = np.repeat(np.arange(len(filled)), filled.frames)[complete]
    skipped = int(real.sum() - complete.sum())
    visited = Visited(filled.times.reshape(-1)[complete], frames[complete], skipped, rows, filled)
    thinned = visited.thinned(max(2, max_points // visited.cells))
    if field.memory:
        stride = max(1, -(-len(visited) // max(len(thinned), 1)))
        numbers = np.tile(np.arange(filled.frames), len(filled))[complete][::stride]
        assert thinned.rows is not None
        return replace(thinned, past=past_frames(filled, thinned.rows, numbers, field.memory))
    return thinned
