"""What every method is: slopes of the data, and how far a vector field is from them."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from torch import Tensor

from eqdsl.data.inputs import without_driven
from eqdsl.data.smoothing import Noise, Smoothed, smooth
from eqdsl.data.statistics import time_derivative
from eqdsl.data.trajectories import Trajectories
from eqdsl.data.velocities import missing_velocities
from eqdsl.fitting.training_data import Batch, TrainingData
from eqdsl.lowering.vector_field import VectorField


@dataclass(frozen=True)
class Measured:
    """The training trajectories, and what is known of their noise.

    Parameters
    ----------
    observed, filled : Trajectories
        What the file holds, and the same with estimated velocities.
    noise : Noise
        Of the observed channels.
    field : VectorField
        Of the fit, on its device and in its precision.
    """

    observed: Trajectories
    filled: Trajectories
    noise: Noise
    field: VectorField

    def smoothed(self) -> Smoothed:
        """Local polynomials of all channels; velocities that were never observed are slopes of their positions."""
        missing, widths = missing_velocities(self.observed, self.field.model), self.noise.half_widths.copy()
        for velocity, position in missing.items():
            widths[velocity] = widths[position]
        found = smooth(self.filled, widths)
        for velocity, position in missing.items():
            found.state[:, :, velocity] = found.slope[:, :, position]
        return found

    def states(self) -> Trajectories:
        """States that a vector field is evaluated at: smoothed where noise shows, or where a value is missing."""
        smoothed, state = self.smoothed(), self.filled.state
        noisy = (self.noise.deviation > 0).copy()
        for velocity, position in missing_velocities(self.observed, self.field.model).items():
            noisy[velocity] = noisy[position]
        chosen = np.isfinite(smoothed.state) & (_along_channels(noisy, state.ndim) | ~np.isfinite(state))
        return replace(self.filled, state=np.where(chosen, smoothed.state, state))

    def data(self, state: Trajectories) -> TrainingData:
        """States as tensors of the fit."""
        return TrainingData(state, state, device=self.field.device, dtype=self.field.dtype, field=self.field)

    def counted(self, slopes: np.ndarray) -> Tensor:
        """Slopes as a tensor; NaN where they say nothing about the equations."""
        known = without_driven(np.ones(slopes.shape, bool), self.field.model)
        return torch.as_tensor(np.where(known, slopes, np.nan), device=self.field.device).to(self.field.dtype)

    def slopes(self) -> np.ndarray:
        """The best guess of the slopes at the frames: by differences, or by polynomials where noise shows."""
        differences = time_derivative(self.filled)
        if not self.noise.shows:
            return differences
        found, noisy = self.smoothed().slope, _along_channels(self.noise.deviation > 0, differences.ndim)
        return np.where(noisy & np.isfinite(found), found, differences)


class DerivativeMethod(ABC):
    """Slopes of the data, and the states that belong to them.

    Parameters
    ----------
    measured : Measured

    Attributes
    ----------
    data : TrainingData
        The states that the vector field is evaluated at.
    slopes : Tensor, shape (B, T, C, *S)
        NaN where unknown.
    """

    horizon = 1
    """Steps of a window."""
    overlap = 1.0
    """Slopes in which the noise of one frame appears."""

    def __init__(self, measured: Measured) -> None:
        self.data, slopes = self.prepare(measured)
        names, deviation = measured.field.model.channel_names, measured.noise.deviation
        self.noise = {name: float(size) for name, size in zip(names, deviation, strict=True) if size > 0}
        self.slopes = measured.counted(slopes)

    @abstractmethod
    def prepare(self, measured: Measured) -> tuple[TrainingData, np.ndarray]:
        """The states, and the slopes (B, T, C, *S)."""

    @abstractmethod
    def __str__(self) -> str:
        """What it is, for the user."""

    def described(self) -> str:
        """What it is, and the noise that it was chosen for."""
        shown = [f"of {name} about {size:.2g}" for name, size in self.noise.items()]
        return f"{self}; noise {', '.join(shown)}" if shown else f"{self}; the data show no noise"

    def starts(self) -> np.ndarray:
        """Trajectory and first frame of the windows, shape (N, 2)."""
        return self.data.starts(self.horizon)

    def batch(self, rows: Tensor, frames: Tensor, horizon: int) -> Batch:
        """Its states over some windows."""
        return self.data.batch(torch.stack([rows, frames], dim=1).cpu().numpy(), horizon)

    def residual(self, field: VectorField, batch: Batch) -> tuple[Tensor, Tensor]:
        """Rate of the vector field less the slope, and where it is known; both (W, K, C, *S).

        Parameters
        ----------
        batch : Batch
            From `batch`.
        """
        slope = self.slopes[batch.rows, batch.frames][:, None]
        known = torch.isfinite(slope)
        rate = field.driven(batch.driving)(batch.times[:, 0], batch.state[:, 0])[:, None]
        return rate - torch.where(known, slope, 0.0), known

    def to(self, dtype: torch.dtype) -> Self:
        """The same in another precision."""
        other = copy.copy(self)
        other.data, other.slopes = self.data.to(dtype), self.slopes.to(dtype)
        return other


def _along_channels(values: np.ndarray, ndim: int) -> np.ndarray:
    """``(C,)`` against ``(B, T, C, *S)`` of `ndim` axes."""
    return values.reshape(-1, *[1] * (ndim - 3))
