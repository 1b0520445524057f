"""Scales of the data: variances and rates of change by which misfits become dimensionless."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eqdsl.data.statistics import channel_variance
from eqdsl.data.trajectories import Trajectories


def rms_rate(slopes: np.ndarray, trajectories: Trajectories) -> np.ndarray:
    """Rms of each channel's time derivative, shape (C,); from the spread over the time span where none is known."""
    inside = np.arange(trajectories.frames) < trajectories.lengths[:, None]
    span = float(np.ptp(trajectories.times[inside]))
    rates: np.ndarray = np.sqrt(without_gaps(channel_variance(trajectories), trajectories)) / span
    for channel in range(len(rates)):
        known = slopes[:, :, channel][np.isfinite(slopes[:, :, channel])]
        if known.size and np.any(known):
            rates[channel] = np.sqrt(np.mean(np.square(known)))
    return rates


def without_gaps(variance: np.ndarray, trajectories: Trajectories) -> np.ndarray:
    """Variances with the mean square in place of zero, and 1 for a channel that is zero everywhere."""
    result = variance.copy()
    for channel in np.flatnonzero(~(variance > 0)):
        square = np.nanmean(np.square(trajectories.state[:, :, channel], dtype=np.float64))
        result[channel] = square if square > 0 else 1.0
    return result


def observed_rates(slopes: np.ndarray) -> np.ndarray:
    """Rms of each channel's time derivative, shape (C,); NaN where none is known."""
    known = np.isfinite(slopes)
    others = (0, 1, *range(3, slopes.ndim))
    count = known.sum(axis=others)
    total = np.square(np.where(known, slopes, 0.0)).sum(axis=others)
    return np.asarray(np.sqrt(np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)))


def with_hidden_rates(rates: np.ndarray, variance: np.ndarray, hidden: Sequence[int]) -> np.ndarray:
    """The rates, those of hidden channels as fast, in units of their size, as the fastest observed one."""
    result = rates.copy()
    if hidden:
        seen = [c for c in range(len(rates)) if c not in hidden]
        fastest = max((float(rates[c] / np.sqrt(variance[c])) for c in seen), default=1.0)
        for channel in hidden:
            result[channel] = fastest * np.sqrt(variance[channel])
    return result
