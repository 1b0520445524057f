"""Statistics of trajectories that a fit starts from. NaN and frames past a trajectory's end never count."""

from __future__ import annotations

import numpy as np

from eqdsl.data.trajectories import Trajectories

STENCILS = ((-2, -1, 0, 1, 2), (-1, 0, 1), (0, 1, 2), (-2, -1, 0))
"""Frames around the one at which the slope is wanted; the first that can be formed is taken: five points (order 4)
inside, three (order 2) beside ends and missing values, one-sided at them. A lopsided five would amplify noise."""


def channel_variance(trajectories: Trajectories) -> np.ndarray:
    """Variance of each channel over trajectories, frames and grid, shape (C,), in float64.

    NaN for a channel without values, such as a velocity that the data do not hold.
    """
    inside = _inside(trajectories)
    variance = np.full(trajectories.state.shape[2], np.nan)
    for channel in range(len(variance)):
        values = trajectories.state[:, :, channel][inside]
        values = values[~np.isnan(values)]
        if values.size:
            variance[channel] = values.var(dtype=np.float64)
    return variance


def time_derivative(trajectories: Trajectories) -> np.ndarray:
    """Slope of every value in time, by differences of neighbouring frames at any spacing.

    The derivative of the polynomial through the frames of a stencil: exact for polynomials of degree 4 at frames with
    two neighbours on each side, of degree 2 elsewhere.

    Returns
    -------
    ndarray, shape (B, T, C, *S), float64
        In units of the state per unit of time. NaN where fewer than three usable frames are near: past the end, in
        trajectories of one or two frames, and beside missing values.
    """
    values = np.where(_spread(_inside(trajectories), trajectories.state.ndim), trajectories.state, np.nan)
    values = values.astype(np.float64, copy=False)
    slope = np.full(values.shape, np.nan)
    for offsets in STENCILS:
        first, last = -min(offsets), values.shape[1] - max(offsets)
        if first >= last:
            continue
        found = _stencil_slope(trajectories.times, values, offsets, first, last)
        part = slope[:, first:last]
        np.copyto(part, found, where=np.isnan(part))
    return slope


def _stencil_slope(
    times: np.ndarray, values: np.ndarray, offsets: tuple[int, ...], first: int, last: int
) -> np.ndarray:
    """Slope at the frames ``first:last``, shape (B, last - first, C, *S)."""
    nodes = np.stack([times[:, first + o : last + o] for o in offsets])
    weights = derivative_weights(nodes, offsets.index(0))
    slope = np.zeros(values[:, first:last].shape)
    for offset, weight in zip(offsets, weights, strict=True):
        # A central weight of zero still multiplies: a frame without a value gets no slope.
        slope += _spread(weight, values.ndim) * values[:, first + offset : last + offset]
    return slope


def derivative_weights(nodes: np.ndarray, at: int) -> np.ndarray:
    """Weights of the first derivative at one of n distinct nodes, ``sum_j w_j f(t_j)``, by Lagrange's formula.

    ``w_j = prod_{k != i, j} (t_i - t_k) / prod_{k != j} (t_j - t_k)`` and ``w_i = sum_{k != i} 1/(t_i - t_k)``.

    Parameters
    ----------
    nodes : ndarray, shape (n, ...)
        Distinct nodes along the first axis.
    at : int
        Index i of the node at which the derivative is wanted.

    Returns
    -------
    ndarray, shape (n, ...)
    """
    count = len(nodes)
    others = [k for k in range(count) if k != at]
    weights = np.zeros(nodes.shape)
    for j in others:
        weights[j] = 1.0 / (nodes[j] - nodes[at])
        for k in others:
            if k != j:
                weights[j] *= (nodes[at] - nodes[k]) / (nodes[j] - nodes[k])
    weights[at] = sum(1.0 / (nodes[at] - nodes[k]) for k in others)
    return weights


def _inside(trajectories: Trajectories) -> np.ndarray:
    """Which frames lie before their trajectory's end, shape (B, T)."""
    return np.arange(trajectories.frames) < np.asarray(trajectories.lengths)[:, None]


def _spread(by_frame: np.ndarray, ndim: int) -> np.ndarray:
    """``(B, T)`` as ``(B, T, 1, ...)`` with `ndim` axes."""
    return by_frame.reshape(by_frame.shape + (1,) * (ndim - 2))
