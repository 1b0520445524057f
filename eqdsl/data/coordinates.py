"""Times and space coordinates of a file."""

from __future__ import annotations

import h5py
import numpy as np

from eqdsl.core.errors import DataError
from eqdsl.data.extraction import load
from eqdsl.data.formats.native import TRAJECTORY
from eqdsl.data.inventory import DatasetInfo
from eqdsl.data.mapping import Source, map_option
from eqdsl.model.model import Axis
from eqdsl.numerics.grid import GridAxis


def load_times(
    file: h5py.File, name: str, symbol: str, info: DatasetInfo, source: Source, notes: list[str]
) -> np.ndarray:
    """Times of shape ``(1, T)`` when all trajectories share them, else ``(B, T)``; float64, as stored.

    Raises
    ------
    DataError
        Not one or two axes, or empty, or a mapping that names other axes than the trajectory and the time `symbol`.
    """
    _check_roles(source, [(symbol,), (TRAJECTORY, symbol), (symbol, TRAJECTORY)], name)
    times = load(file, name, info, source, notes).astype(np.float64)
    if source.roles == (symbol, TRAJECTORY):
        times = times.T
    if times.ndim == 2 and 1 in times.shape:
        times = times.reshape(-1)
    if times.ndim not in (1, 2) or times.size == 0:
        raise DataError(
            f"has shape {times.shape}; times have (time,) or (trajectory, time)",
            file=name,
            dataset=info.name,
            help=f"pick a part, as in {map_option('t', info.name + '[0]')}",
        )
    return np.atleast_2d(times)


def load_coordinate(
    file: h5py.File, name: str, axis: str, info: DatasetInfo, source: Source, notes: list[str]
) -> np.ndarray:
    """Coordinates along one axis, shape ``(points,)``, float64.

    Raises
    ------
    DataError
        More than one axis.
    """
    _check_roles(source, [(axis,)], name)
    x = load(file, name, info, source, notes).astype(np.float64)
    if x.ndim != 1 and x.size == max(x.shape, default=0):
        x = x.reshape(-1)
    if x.ndim != 1:
        zeros = ",".join("0" * (x.ndim - 1))
        raise DataError(
            f"has shape {x.shape}; the coordinates of `{axis}` have one axis",
            file=name,
            dataset=info.name,
            help=f"pick one line, as in {map_option(axis, f'{info.name}[{zeros},:]')}",
        )
    if x.size == 0:
        raise DataError("is empty", file=name, dataset=info.name, help="write the coordinate of every point")
    if not np.all(np.isfinite(x)):
        raise DataError(
            f"{int(np.sum(~np.isfinite(x)))} of {x.size} coordinates are not finite",
            file=name,
            dataset=info.name,
            help="write the coordinates again",
        )
    return x


def _check_roles(source: Source, allowed: list[tuple[str, ...]], file: str) -> None:
    if source.roles is not None and source.roles not in allowed:
        choices = " or ".join(f"[{','.join(roles)}]" for roles in allowed)
        raise DataError(
            f"cannot have the axes of `{source.text()}`",
            file=file,
            dataset=source.dataset,
            help=f"name them {choices}, or leave the names out",
        )


def coordinate_from_grid(axis: Axis, size: int, nearest: str, file: str) -> np.ndarray:
    """Coordinates of an axis that the file does not give, from the model's ``grid`` when its size fits.

    `nearest` is the dataset to propose otherwise.

    Raises
    ------
    DataError
        The model has no ``grid`` for this axis, or another number of points.
    """
    remedy = f"write a 1-D dataset `{axis.name}`, map one with {map_option(axis.name, nearest)}, or "
    if axis.points is None:
        raise DataError(
            "the coordinates of this axis are missing, and the model has no `grid` to take their place",
            file=file,
            dataset=axis.name,
            help=remedy + f"add `grid {axis.name} = {size}` to the model",
        )
    if axis.points != size:
        raise DataError(
            f"the coordinates of this axis are missing, and the data have {size} points where the model's grid has "
            f"{axis.points}",
            file=file,
            dataset=axis.name,
            help=remedy + f"write `grid {axis.name} = {size}` in the model",
        )
    return GridAxis(axis.name, axis.lower, axis.upper, size, axis.periodic, axis.position).coordinates()


def trajectory_ends(times: np.ndarray, present: np.ndarray, dataset: str, file: str) -> np.ndarray:
    """Number of frames of each trajectory: up to the last one that has a time and any value.

    Parameters
    ----------
    times : ndarray, shape (B, T)
        Times as stored; NaN past the end.
    present : ndarray of bool, shape (B, T)
        Whether a frame holds any value.

    Raises
    ------
    DataError
        A trajectory without any frame, or a time before the end that is not finite.
    """
    real = present & ~np.isnan(times)
    lengths = np.where(real.any(axis=1), times.shape[1] - np.argmax(real[:, ::-1], axis=1), 0)
    if np.any(lengths == 0):
        raise DataError(
            f"trajectory {int(np.argmin(lengths))} holds no frame with a time and a value",
            file=file,
            dataset=dataset,
            help="leave empty trajectories out of the file",
        )
    before_end = np.arange(times.shape[1]) < lengths[:, None]
    strange = np.argwhere(before_end & ~np.isfinite(times))
    if strange.size:
        row, frame = strange[0]
        raise DataError(
            f"time {times[row, frame]} at trajectory {row}, frame {frame} is not finite",
            file=file,
            dataset=dataset,
            help="give every frame a time; NaN may only stand past the end of a trajectory",
        )
    return lengths.astype(np.int64)


def check_increasing(times: np.ndarray, lengths: np.ndarray, dataset: str, file: str) -> None:
    """Times must increase strictly within each trajectory.

    Raises
    ------
    DataError
        Says at which trajectory and frame they do not.
    """
    inside = np.arange(1, times.shape[1]) < lengths[:, None]
    wrong = np.argwhere(inside & ~(np.diff(times, axis=1) > 0))
    if wrong.size:
        row, frame = wrong[0]
        before, after = times[row, frame], times[row, frame + 1]
        what = "is there twice" if before == after else f"is followed by {after:.9g}"
        raise DataError(
            f"times must increase: {before:.9g} {what} at trajectory {row}, frame {frame + 1} "
            f"({len(wrong)} place{'s' if len(wrong) > 1 else ''} in all)",
            file=file,
            dataset=dataset,
            help="sort the frames by time and drop duplicates",
        )


def continue_times(times: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Times with what stands past each trajectory's end replaced by a continuation at the last spacing."""
    filled = times.copy()
    frames = np.arange(times.shape[1])
    for row, length in enumerate(lengths):
        last = times[row, length - 1]
        spacing = last - times[row, length - 2] if length > 1 else 1.0
        past = frames >= length
        filled[row, past] = last + spacing * (frames[past] - length + 1)
    return filled
