"""Data as points in time and space, from a grid or from anywhere."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from eqdsl.data.trajectories import Trajectories
from eqdsl.model.model import Model
from eqdsl.numerics.grid import Grid


@dataclass(frozen=True)
class Cloud:
    """Measured values at points.

    Parameters
    ----------
    at : Tensor, shape (B, P, 1 + D), float64
        Time, then position.
    values : Tensor, shape (B, P, C)
        Finite where they are not known.
    known : Tensor of bool, like `values`
    counts : Tensor, shape (B,)
        Points of each trajectory, which come first.
    begin, end : Tensor, shape (B,), float64
        Times between which the states are functions.
    """

    at: Tensor
    values: Tensor
    known: Tensor
    counts: Tensor
    begin: Tensor
    end: Tensor

    def to(self, dtype: torch.dtype) -> Cloud:
        """The same values in another precision."""
        return replace(self, values=self.values.to(dtype))


def cloud_on_grid(trajectories: Trajectories, model: Model, grid: Grid, like: Tensor) -> Cloud:
    """All values of trajectories on a grid; those that are known come first. A uniform state counts at every point."""
    positions = [i for i, c in enumerate(model.channels) if not c.velocity]
    state = np.moveaxis(trajectories.state[:, :, positions], 2, -1)
    rows, frames, points = len(state), state.shape[1], int(np.prod(grid.shape, dtype=int))
    axes = [axis.coordinates() for axis in grid.axes]
    where = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(points, -1) if axes else np.zeros((1, 0))
    times = np.broadcast_to(trajectories.times[:, :, None, None], (rows, frames, points, 1))
    at = np.concatenate([times, np.broadcast_to(where, (rows, frames, points, where.shape[1]))], axis=-1)
    inside = np.arange(frames) < np.asarray(trajectories.lengths)[:, None]
    values = state.reshape(rows, frames * points, -1)
    known = np.isfinite(values) & np.repeat(inside, points, axis=1)[..., None]
    last = trajectories.times[np.arange(rows), np.asarray(trajectories.lengths) - 1]
    return cloud_of(at.reshape(rows, frames * points, -1), values, known, trajectories.times[:, 0], last, like)


def cloud_of(
    at: np.ndarray, values: np.ndarray, known: np.ndarray, begin: np.ndarray, end: np.ndarray, like: Tensor
) -> Cloud:
    """A cloud on the device and in the precision of a tensor, with points without any value behind the others."""
    some = known.any(axis=-1)
    order = np.argsort(~some, axis=1, kind="stable")[..., None]
    at, values, known = (np.take_along_axis(v, order, axis=1) for v in (at, np.where(known, values, 0.0), known))
    device = like.device
    return Cloud(
        torch.as_tensor(at, dtype=torch.float64, device=device), torch.as_tensor(values, device=device).to(like),
        torch.as_tensor(known, device=device), torch.as_tensor(some.sum(1), device=device),
        torch.as_tensor(begin, dtype=torch.float64, device=device),
        torch.as_tensor(end, dtype=torch.float64, device=device),
    )  # fmt: skip
