"""How far the test functions of the weak form reach, from the noise of the data.

The smallest reach is taken at which noise has almost no share in what the equations are compared with, but none beyond
that at which this carries most information, ``(number of test functions without overlap) * signal / noise``: a wider
one averages the signal away.
"""

from __future__ import annotations

import numpy as np

from eqdsl.data.trajectories import Trajectories
from eqdsl.fitting.derivatives.base import Measured
from eqdsl.fitting.derivatives.bumps import average_weights, bump_weights
from eqdsl.model.expr import Diff, FluxDiff, children
from eqdsl.model.model import Model

RADII = (3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
"""Frames on each side of a bump's centre that are compared."""
SPACE_RADII = (0, 1, 2, 3, 4, 6, 8, 12, 16)
"""Points on each side of an average that are compared."""
SHARE_IN_TIME = 1e-4
"""Share of the noise in the variance of weak slopes that does not matter."""
SHARE_IN_SPACE = 1e-3
"""The same of second differences in space: they stand beside the parameters, which their noise biases by its share."""
SERIES = 256
"""Series looked at."""


def time_radius(measured: Measured, raw: np.ndarray, horizon: int) -> int:
    """Frames on each side of a bump."""
    times, values = _series(measured.filled, raw)
    noise = measured.noise.deviation
    radii = [r for r in RADII if 2 * r <= horizon] or [max(horizon // 2, 1)]
    best, chosen = np.inf, radii[0]
    for radius in radii:
        _, rate, _ = bump_weights(times, radius)
        signal, shown = _shares(rate, values, noise)
        if not shown.any():
            return chosen
        if float((shown / (shown + signal)).max()) < SHARE_IN_TIME:
            return radius
        bumps = (times.shape[1] - 2 * radius) / radius + 1
        noisy = shown > 0
        cost = float(np.mean(np.log(shown[noisy] / (bumps * signal[noisy]))))
        if cost < best:
            best, chosen = cost, radius
    return chosen


def _shares(weights: np.ndarray, values: np.ndarray, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Variance of the signal and of the noise in weighted sums of each channel, shape (C,)."""
    total = np.zeros((len(values), weights.shape[1], values.shape[2]))
    for j in range(weights.shape[2]):
        total += weights[:, :, j, None] * values[:, j : j + weights.shape[1]]
    power = np.nanmean(np.where(np.isfinite(total), total, np.nan) ** 2, axis=(0, 1))
    shown = noise**2 * np.mean(np.sum(weights**2, axis=2))
    return np.maximum(power - shown, 1e-3 * power), shown


def space_radius(measured: Measured, raw: np.ndarray, radius: int) -> tuple[int, ...]:
    """Points on each side of the averages along each axis; zeros where nothing is differenced in space."""
    grid, noise = measured.field.grid, measured.noise.deviation
    if not grid.axes or not noise.any() or not differences_in_space(measured.field.model):
        return (0,) * len(grid.axes)
    frame = np.linspace(0, raw.shape[1] - 2 * radius - 1, 4).astype(int)
    rows = np.linspace(0, len(raw) - 1, min(len(raw), 4)).astype(int)
    weights, _, _ = bump_weights(measured.filled.times[rows], radius)
    mean = np.stack([
        (weights[:, f].reshape(len(rows), -1, *[1] * (raw.ndim - 2)) * raw[rows, f : f + 2 * radius + 1]).sum(1)
        for f in frame
    ], axis=1)  # fmt: skip
    left = noise**2 * np.mean(np.sum(weights**2, axis=2))
    return tuple(_axis_radius(mean, left, 3 + axis, a.periodic) for axis, a in enumerate(grid.axes))


def _axis_radius(mean: np.ndarray, variance: np.ndarray, axis: int, periodic: bool) -> int:
    values = np.moveaxis(mean, axis, -1)
    points = values.shape[-1]
    others = (0, 1, *range(3, values.ndim))
    best, chosen = np.inf, 0
    for radius in SPACE_RADII:
        if 4 * radius >= points:
            break
        weights = np.convolve(average_weights(radius), [1.0, -2.0, 1.0])
        reach = radius + 1
        wrapped = np.concatenate([values[..., -reach:], values, values[..., :reach]], -1) if periodic else values
        windows = np.lib.stride_tricks.sliding_window_view(wrapped, len(weights), axis=-1)
        power = np.nanmean((windows @ weights) ** 2, axis=others)
        shown = variance * np.sum(weights**2)
        signal = np.maximum(power - shown, 1e-3 * power)
        share = float((shown / np.maximum(shown + signal, 1e-300)).max())
        if share < SHARE_IN_SPACE:
            return radius
        cost = share * max(radius, 0.5)
        if cost < best:
            best, chosen = cost, radius
    return chosen


def differences_in_space(model: Model) -> bool:
    """Whether any equation, or what a learned term sees, holds a derivative in space."""
    waiting = [term.expr for equation in model.equations for term in equation.terms]
    waiting += [component for definition in model.definitions.values() for component in definition.components]
    waiting += [expr for term in model.learned for expr in term.inputs]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Diff | FluxDiff):
            return True
        waiting += children(part)
    return any(not term.pointwise for term in model.learned)


def _series(trajectories: Trajectories, raw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Times (R, T) and values (R, T, C) of some trajectories and points; NaN past their ends."""
    inside = np.arange(trajectories.frames) < np.asarray(trajectories.lengths)[:, None]
    values = np.where(inside.reshape(*inside.shape, *[1] * (raw.ndim - 2)), raw, np.nan)
    values = values.reshape(*raw.shape[:3], -1)
    rows = np.linspace(0, len(raw) - 1, min(len(raw), SERIES)).astype(int)
    points = np.linspace(0, values.shape[3] - 1, min(values.shape[3], max(SERIES // len(rows), 1))).astype(int)
    chosen = np.moveaxis(values[rows][..., points], 3, 1)
    return np.repeat(trajectories.times[rows], len(points), axis=0), chosen.reshape(-1, *raw.shape[1:3])
