"""Forecast error over one data interval: the misfit that tells how sharply data hold a parameter."""

from __future__ import annotations

import numpy as np
import torch

from eqdsl.data.frames import past_frames
from eqdsl.data.trajectories import Trajectories
from eqdsl.data.velocities import with_velocities
from eqdsl.inspection.horizon import roll_out
from eqdsl.inspection.visited import as_tensor
from eqdsl.lowering.vector_field import VectorField

PAIRS_POINTS = 16_000
"""Grid points of the frames that are forecast from."""


def forecast_error(field: VectorField, data: Trajectories, scales: np.ndarray) -> float:
    """Mean square of (data - forecast)/interval, each channel divided by its entry of `scales`.

    Each forecast starts from one complete frame and ends at the next one.

    Parameters
    ----------
    scales : ndarray, shape (C,)
        Rms of each equation's right-hand side.

    Raises
    ------
    ComputationError
        A forecast diverged.
    """
    filled = with_velocities(data, field.model)
    cells = int(np.prod(filled.shape, dtype=int))
    whole = np.isfinite(filled.state).all(axis=tuple(range(2, filled.state.ndim)))
    whole[:, : max(field.memory - 1, 0)] = False
    pairs = np.argwhere(whole[:, :-1] & whole[:, 1:] & (np.arange(1, filled.frames) < filled.lengths[:, None]))
    if not len(pairs):
        return float("nan")
    pairs = pairs[:: max(1, len(pairs) * cells // PAIRS_POINTS)]
    row, frame = pairs.T
    times = np.stack([filled.times[row, frame], filled.times[row, frame + 1]], axis=1)
    past = past_frames(filled, row, frame, field.memory)
    field = field.driven(data).of_rows(torch.as_tensor(row))
    field = field.with_past(None if past is None else as_tensor(past, field))
    forecast = roll_out(field, times, filled.state[row, frame])
    interval = (times[:, 1] - times[:, 0]).reshape(-1, *[1] * (filled.state.ndim - 2))
    miss = (filled.state[row, frame + 1] - forecast[:, 1]) / interval
    return float(np.mean((miss / scales.reshape(1, -1, *[1] * (miss.ndim - 2))) ** 2))
