"""Slopes by differences of neighbouring frames."""

from __future__ import annotations

import numpy as np

from eqdsl.data.statistics import time_derivative
from eqdsl.fitting.derivatives.base import DerivativeMethod, Measured
from eqdsl.fitting.training_data import TrainingData


class Differences(DerivativeMethod):
    """The polynomial through the five nearest frames: exact for smooth data, and all of the noise is in it."""

    def prepare(self, measured: Measured) -> tuple[TrainingData, np.ndarray]:
        """The data as they are."""
        return measured.data(measured.filled), time_derivative(measured.filled)

    def __str__(self) -> str:
        return "differences of neighbouring frames"
