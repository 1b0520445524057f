"""Derivative matching: the vector field at data states, compared with differences of the data in time."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from eqdsl.fitting.misfit import channel_mean
from eqdsl.fitting.objectives.base import Objective
from eqdsl.fitting.training_data import Batch
from eqdsl.numerics.integrators.integrate import Memory


class DerivativeObjective(Objective):
    """``mean_c mean |f_c(t, X) - dX_c/dt|^2 / mean |dX_c/dt|^2`` at the first frame of each window.

    Crude where the data are noisy or coarse in time, but cheap and unable to diverge: a start for rollouts.
    """

    def starts(self, horizon: int) -> np.ndarray:
        """All frames: estimated velocities are good enough for a start, also inside a trajectory."""
        return self.problem.train.starts(horizon)

    def horizon(self, growing: int) -> int:
        """One step: the penalty sees both of its frames."""
        return 1

    def misfit(self, batch: Batch, substeps: int, memory: Memory = "stored") -> Tensor:
        """The misfit of the batch; nothing is integrated."""
        problem = self.problem
        slope = problem.slopes[batch.rows, batch.frames]
        known = torch.isfinite(slope)
        rate = problem.field.driven(batch.driving).with_past(batch.past)(batch.times[:, 0], batch.state[:, 0])
        error = rate - torch.where(known, slope, 0.0)
        return channel_mean(error[:, None], known[:, None], problem.rate.square())
