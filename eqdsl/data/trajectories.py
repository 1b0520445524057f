"""`Trajectories`: what data files hold, what `simulate` returns, what `fit` reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np


@dataclass(frozen=True)
class InputValues:
    """What drives a model, with one row (R = 1) for all trajectories or one for each (R = B).

    Parameters
    ----------
    values : ndarray, shape (R, T', *S) or (R, *S)
        A series, or values that do not change; finite. S is the grid, nothing for a number, and has size 1 along the
        axis of a wall.
    times : ndarray, shape (1 | R, T'), float64, optional
        Of a series; its own, not those of the frames. Constant spacing past the end.
    lengths : ndarray, shape (1 | R,), int, optional
        Real times of each row; all of them when left out.
    """

    values: np.ndarray
    times: np.ndarray | None = None
    lengths: np.ndarray | None = None

    def select(self, indices: np.ndarray) -> InputValues:
        """Those of some trajectories."""
        values, times, lengths = self.values, self.times, self.lengths
        return InputValues(
            values[indices] if len(values) > 1 else values,
            times[indices] if times is not None and len(times) > 1 else times,
            lengths[indices] if lengths is not None and len(lengths) > 1 else lengths,
        )

    def span(self) -> tuple[np.ndarray, np.ndarray] | None:
        """First and last time of each row."""
        if self.times is None:
            return None
        rows = np.arange(len(self.times))
        last = self.times[:, -1] if self.lengths is None else self.times[rows, self.lengths - 1]
        return self.times[:, 0], last


@dataclass(frozen=True)
class Points:
    """Measurements at scattered points of time and space.

    Parameters
    ----------
    at : ndarray, shape (B, P, 1 + D), float64
        Time, then position; NaN where a trajectory has fewer points.
    values : ndarray, shape (B, P, C)
        NaN where missing.
    """

    at: np.ndarray
    values: np.ndarray

    def select(self, indices: np.ndarray) -> Points:
        """Those of some trajectories."""
        return Points(self.at[indices], self.values[indices])

    def between(self, first: np.ndarray, last: np.ndarray) -> Points:
        """Those of times from `first` to `last`, shape (B,); the values of others are missing."""
        outside = (self.at[..., 0] < first[:, None]) | (self.at[..., 0] > last[:, None])
        return Points(self.at, np.where(outside[..., None], np.nan, self.values))

    @property
    def known(self) -> np.ndarray:
        """Which values are known, shape (B, P, C)."""
        found: np.ndarray = np.isfinite(self.values) & np.isfinite(self.at).all(axis=-1, keepdims=True)
        return found

    def times(self) -> tuple[np.ndarray, np.ndarray]:
        """First and last time of each trajectory at which something is known."""
        some = self.known.any(axis=-1)
        first = np.where(some, self.at[..., 0], np.inf).min(axis=1)
        return first, np.where(some, self.at[..., 0], -np.inf).max(axis=1)


@dataclass(frozen=True)
class Trajectories:
    """A batch of trajectories on one grid.

    Parameters
    ----------
    times : ndarray, shape (B, T), float64
        Time of each frame. A trajectory shorter than T repeats a constant spacing past its end.
    state : ndarray, shape (B, T, C, *S)
        Values by channel; NaN marks a missing value. A uniform channel (a plain variable in a model with space) is
        constant over the grid.
    lengths : ndarray, shape (B,), int
        Number of real frames of each trajectory.
    channels : tuple of str
        Names along C: ``u``, ``w.x``, ``dt(w)``.
    axes : mapping of str to ndarray
        Coordinates of each space axis, in the order of S; empty for an ODE.
    units : mapping of str to str
        Units by channel, axis or ``t``, where the file gives them.
    inputs : mapping of str to InputValues
        What drives the model, by name. A window in time keeps whole series.
    notes : tuple of str
        What was assumed or changed while reading, one sentence each.
    environment : ndarray, shape (B,), int, optional
        Environment of each trajectory, as numbered in the file.
    number : ndarray, shape (B,), int, optional
        Place of each trajectory in the file of a fit, where it is one of those.
    points : Points, optional
        Scattered measurements that the frames were made from.
    """

    times: np.ndarray
    state: np.ndarray
    lengths: np.ndarray
    channels: tuple[str, ...]
    axes: Mapping[str, np.ndarray] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    inputs: Mapping[str, InputValues] = field(default_factory=dict)
    environment: np.ndarray | None = None
    number: np.ndarray | None = None
    points: Points | None = None

    def __len__(self) -> int:
        return int(self.times.shape[0])

    @property
    def frames(self) -> int:
        """Largest number of frames T."""
        return int(self.times.shape[1])

    @property
    def shape(self) -> tuple[int, ...]:
        """Grid shape S."""
        return tuple(int(n) for n in self.state.shape[3:])

    def select(self, indices: np.ndarray | list[int]) -> Trajectories:
        """The trajectories at these indices."""
        chosen = np.asarray(indices, dtype=int)
        inputs = {name: values.select(chosen) for name, values in self.inputs.items()}
        environment, number = (None if n is None else n[chosen] for n in (self.environment, self.number))
        return replace(
            self, times=self.times[chosen], state=self.state[chosen], lengths=self.lengths[chosen], inputs=inputs,
            environment=environment, number=number,
            points=None if self.points is None else self.points.select(chosen),
        )  # fmt: skip

    def window(self, start: int, stop: int) -> Trajectories:
        """Frames ``start:stop`` of every trajectory; trajectories that end before `start` keep length 0."""
        lengths = np.clip(self.lengths - start, 0, stop - start)
        return replace(self, times=self.times[:, start:stop], state=self.state[:, start:stop], lengths=lengths)
