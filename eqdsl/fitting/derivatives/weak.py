"""The weak form: equations multiplied by bumps and integrated, so that no noisy value is differenced."""

from __future__ import annotations

import math
from typing import Self

import numpy as np
import torch
from torch import Tensor

from eqdsl.core.errors import DataError
from eqdsl.data.velocities import missing_velocities
from eqdsl.fitting.derivatives.base import DerivativeMethod, Measured
from eqdsl.fitting.derivatives.bumps import average_weights, bump_weights
from eqdsl.fitting.derivatives.supports import space_radius, time_radius
from eqdsl.fitting.training_data import Batch, TrainingData
from eqdsl.lowering.vector_field import VectorField
from eqdsl.numerics.grid import Grid


class WeakForm(DerivativeMethod):
    """``int phi f(t, X) dt = -int phi' X dt`` for bumps phi around all frames (Messenger and Bortz, SIAM MMS 2021).

    In space the residual is averaged with smooth weights. That is the weak form in space as well: a sum of weights
    times a stencil is the same sum with the transposed stencil on the weights, for any stencil and wall. Velocities
    that were never observed have ``int phi'' X`` of their position in the place of their slope. `supports` has the
    rules of the radii.

    Raises
    ------
    DataError
        No trajectory has three frames.
    """

    weights: Tensor

    def prepare(self, measured: Measured) -> tuple[TrainingData, np.ndarray]:
        """The smoothed data, and the weak slopes at the centres of the bumps."""
        states = measured.states()
        data = measured.data(states)
        if data.horizon < 2:
            raise DataError(
                "no trajectory has three frames in a row, which the weak form needs",
                help="give longer trajectories, or use `--objective rollout`",
            )
        raw = np.where(np.isfinite(measured.filled.state), measured.filled.state, states.state)
        self.radius = radius = time_radius(measured, raw, data.horizon)
        self.space = space_radius(measured, raw, radius)
        self.grid = measured.field.grid
        self.overlap = float(radius * math.prod(max(r, 1) for r in self.space))
        same = bool((states.times == states.times[:1]).all())
        value, rate, second = bump_weights(states.times[:1] if same else states.times, radius)
        missing = missing_velocities(measured.observed, measured.field.model)
        self.weights = torch.as_tensor(_padded(value, radius, 0.0)).to(data.state)
        return data, self._slopes(raw, states.lengths, rate, second, missing)

    def _slopes(
        self, raw: np.ndarray, lengths: np.ndarray, rate: np.ndarray, second: np.ndarray, missing: dict[int, int]
    ) -> np.ndarray:
        """``-int phi' X`` at the centres of bumps that lie within their trajectory, NaN at other frames."""
        radius, frames = self.radius, raw.shape[1]
        slopes = np.full(raw.shape, np.nan)
        inner = slopes[:, radius : frames - radius]
        inner[:] = -weighted(raw, rate)
        if missing:
            curvature = weighted(raw, second)
            for velocity, position in missing.items():
                inner[:, :, velocity], inner[:, :, position] = curvature[:, :, position], np.nan
        beyond = np.arange(frames) + radius >= np.asarray(lengths)[:, None]
        slopes[beyond] = np.nan
        return slopes

    @property
    def horizon(self) -> int:  # type: ignore[override]
        """Steps of a window: twice a support, so that most frames serve several bumps."""
        return min(4 * self.radius, self.data.horizon)

    def starts(self) -> np.ndarray:
        """Windows one behind the other, each with the bumps that lie within it; the last one ends the trajectory."""
        stride = self.horizon - 2 * self.radius + 1
        places = []
        for row, first in self.data.starts(max(self.data.horizon, 1), first_only=True):
            last = max(first, self.data.lengths[row] - 1 - self.horizon)
            places += [(row, frame) for frame in range(first, last, stride)] + [(row, last)]
        return np.array(places, dtype=np.int64).reshape(-1, 2)

    def residual(self, field: VectorField, batch: Batch) -> tuple[Tensor, Tensor]:
        """Averages of the rates less the weak slopes, at the bumps within each window."""
        windows, frames = batch.times.shape
        row = torch.arange(windows, device=batch.rows.device).repeat_interleave(frames)
        driving = batch.driving
        if driving is not None and driving.rows > 1:
            driving = driving.select(row)
        rate = field.driven(driving)(batch.times.flatten(), batch.state.flatten(0, 1)).unflatten(0, (windows, frames))
        bumps = frames - 2 * self.radius
        if bumps < 1:
            return rate[:, :1], torch.zeros_like(rate[:, :1], dtype=torch.bool)
        inner = torch.arange(bumps, device=batch.rows.device)
        centre = batch.frames[:, None] + self.radius + inner
        inside = centre < self.slopes.shape[1]
        centre = centre.clamp(max=self.slopes.shape[1] - 1)
        weights = self.weights[batch.rows if len(self.weights) > 1 else torch.zeros_like(batch.rows)]
        weights = weights.gather(1, centre[..., None].expand(-1, -1, weights.shape[2]))
        spread = rate.new_zeros(windows, bumps, frames)
        for offset in range(2 * self.radius + 1):
            spread[:, inner, inner + offset] = weights[..., offset]
        mean = torch.bmm(spread, rate.flatten(2)).unflatten(2, rate.shape[2:])
        slope = self.slopes[batch.rows[:, None], centre]
        complete = torch.bmm((spread > 0).to(rate), (1 - batch.complete)[..., None])[..., 0] == 0
        at = (inside & complete).reshape(windows, bumps, *[1] * (slope.ndim - 2))
        known = torch.isfinite(slope) & at
        error = mean - torch.where(known, slope, 0.0)
        for axis, radius in enumerate(self.space):
            if radius:
                error, known = averaged(error, known, 3 + axis, radius, self.grid)
        return error, known

    def to(self, dtype: torch.dtype) -> Self:
        """The same in another precision."""
        other = super().to(dtype)
        other.weights = self.weights.to(dtype)
        return other

    def __str__(self) -> str:
        axes = [f"{2 * r + 1} points of {a.name}" for r, a in zip(self.space, self.grid.axes, strict=True) if r]
        return f"weak form over {' and '.join([f'{2 * self.radius + 1} frames', *axes])}"


def weighted(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Sums over supports: values (B, T, …) and weights (B | 1, K, n) to (B, K, …)."""
    total = np.zeros((len(values), weights.shape[1], *values.shape[2:]))
    for j in range(weights.shape[2]):
        weight = weights[:, :, j].reshape(*weights.shape[:2], *[1] * (values.ndim - 2))
        total += weight * values[:, j : j + weights.shape[1]]
    return total


def averaged(error: Tensor, known: Tensor, axis: int, radius: int, grid: Grid) -> tuple[Tensor, Tensor]:
    """Averages over neighbours along an axis; unknown where the support leaves the grid or holds an unknown value."""
    periodic = grid.axes[axis - 3].periodic
    total, whole = torch.zeros_like(error), torch.ones_like(known)
    points = error.shape[axis]
    index = torch.arange(points, device=error.device)
    for offset, weight in zip(range(-radius, radius + 1), average_weights(radius), strict=True):
        total = total + float(weight) * error.roll(-offset, axis)
        whole = whole & known.roll(-offset, axis)
    if not periodic:
        inner = (index >= radius) & (index < points - radius)
        whole = whole & inner.reshape(-1, *[1] * (error.ndim - 1 - axis))
    return total, whole


def _padded(weights: np.ndarray, radius: int, fill: float) -> np.ndarray:
    """Weights by the frame of the centre."""
    return np.pad(weights, ((0, 0), (radius, radius), (0, 0)), constant_values=fill)
