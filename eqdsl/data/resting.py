"""Times for rollouts of trajectories of different lengths in one batch: past its own end each of them rests."""

from __future__ import annotations

import numpy as np

REST = 1e-12
"""Interval between frames past the end of a trajectory, relative to its duration."""


def resting_times(times: np.ndarray, lengths: np.ndarray, frames: int) -> np.ndarray:
    """Times of `frames` frames that go on by next to nothing past each trajectory's end, since times must increase.

    Parameters
    ----------
    times : ndarray, shape (B, T)
    lengths : ndarray, shape (B,)
        Real frames of each trajectory.
    frames : int
        At least T.

    Returns
    -------
    ndarray, shape (B, frames)
    """
    padded = np.pad(times, ((0, 0), (0, frames - times.shape[1])))
    last = np.take_along_axis(times, lengths[:, None] - 1, axis=1)
    past = np.arange(frames) - (lengths[:, None] - 1)
    crumb = np.maximum(4 * np.spacing(np.abs(last)), REST * (last - times[:, :1]))
    return np.where(past > 0, last + past * crumb, padded)
