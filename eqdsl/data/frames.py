"""What looking back on past frames asks of data: enough of them, evenly spaced."""

from __future__ import annotations

import numpy as np

from eqdsl.core.errors import DataError
from eqdsl.data.trajectories import Trajectories

UNEVEN = 1e-3
"""Largest difference of an interval from the usual one, relative to it, that counts as rounding of the times."""


def check_frames(
    trajectories: Trajectories, memory: int, *, file: str | None = None, spacing: float | None = None, ahead: int = 1
) -> None:
    """Whether a model that looks back on `memory` frames can be used on trajectories.

    Parameters
    ----------
    spacing : float, optional
        Interval between the frames that the model was fitted to.
    ahead : int
        Frames that have to follow.

    Raises
    ------
    DataError
        A trajectory is too short, or its frames are not evenly spaced, or not as in the fit.
    """
    if memory < 2 or not len(trajectories):
        return
    shortest = int(np.argmin(trajectories.lengths))
    if trajectories.lengths[shortest] < memory + ahead:
        follow = " and one to predict" if ahead else ""
        raise DataError(
            f"trajectory {shortest} has {trajectories.lengths[shortest]} frames, but `history(…, {memory})` needs "
            f"{memory} to look back on{follow}",
            file=file, help="look back on fewer frames, or leave out trajectories that are this short",
        )  # fmt: skip
    inside = np.arange(1, trajectories.frames) < trajectories.lengths[:, None]
    intervals = np.diff(trajectories.times, axis=1)
    usual = float(np.median(intervals[inside])) if spacing is None else spacing
    wrong = np.argwhere(inside & (np.abs(intervals - usual) > UNEVEN * usual))
    if len(wrong):
        row, frame = (int(i) for i in wrong[0])
        before, after = trajectories.times[row, frame : frame + 2]
        other = "the usual interval is" if spacing is None else "the model was fitted to frames that are apart by"
        raise DataError(
            f"`history` looks back frame by frame, but from t = {before:.6g} to {after:.6g} in trajectory {row} "
            f"{intervals[row, frame]:.6g} pass, and {other} {usual:.6g}",
            file=file, help="bring the data to evenly spaced times" if spacing is None else
            f"give frames {usual:.6g} apart",
        )  # fmt: skip


def with_frames_before(known: np.ndarray, memory: int) -> np.ndarray:
    """Known frames whose `memory` - 1 predecessors are known, too, shape (B, T)."""
    result = known.copy()
    for back in range(1, memory):
        result[:, back:] &= known[:, :-back]
        result[:, :back] = False
    return result


def past_frames(trajectories: Trajectories, rows: np.ndarray, frames: np.ndarray, memory: int) -> np.ndarray | None:
    """The last `memory` frames up to each of some, shape (N, memory, C, *S); None when nothing looks back.

    Missing values, which only hidden states may have, are 0.
    """
    if not memory:
        return None
    back = frames[:, None] + np.arange(1 - memory, 1)
    found: np.ndarray = np.nan_to_num(trajectories.state[rows[:, None], np.maximum(back, 0)])
    return found
