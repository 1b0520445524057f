"""States and slopes by local polynomials in time."""

from __future__ import annotations

import numpy as np

from eqdsl.fitting.derivatives.base import DerivativeMethod, Measured
from eqdsl.fitting.training_data import TrainingData


class Polynomials(DerivativeMethod):
    """Cubics fitted to the frames around each frame, as many as cross-validation finds best for each channel."""

    def prepare(self, measured: Measured) -> tuple[TrainingData, np.ndarray]:
        """The smoothed data."""
        widths = 2 * measured.noise.half_widths + 1
        self.widths = (int(widths.min()), int(widths.max()))
        self.overlap = float(widths.mean())
        smoothed = measured.smoothed()
        return measured.data(measured.states()), smoothed.slope

    def __str__(self) -> str:
        low, high = self.widths
        return f"local cubics over {low if low == high else f'{low} to {high}'} frames"
