"""Scales of the data: variances and rates of change by which misfits become dimensionless."""

from __future__ import annotations

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
