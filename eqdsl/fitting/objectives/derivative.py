"""Derivative matching: the vector field at data states, compared with slopes of the data in time."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from eqdsl.fitting.derivatives.base import DerivativeMethod
from eqdsl.fitting.misfit import channel_mean
from eqdsl.fitting.objectives.base import Objective
from eqdsl.fitting.training_data import Batch
from eqdsl.numerics.integrators.integrate import Memory


class DerivativeObjective(Objective):
    """``mean_c mean |f_c(t, X) - dX_c/dt|^2 / mean |dX_c/dt|^2``, in the weak form of averages of both.

    Cheap and unable to diverge: a start for rollouts. `eqdsl.fitting.derivatives` says how slopes are read off data.
    """

    @property
    def method(self) -> DerivativeMethod:
        """How slopes are read off the data."""
        assert self.problem.derivative is not None
        return self.problem.derivative

    def starts(self, horizon: int) -> np.ndarray:
        """All frames, or supports of test functions: slopes inside a trajectory are as good as at its start."""
        return self.method.starts()

    def horizon(self, growing: int) -> int:
        """What the method needs; the penalty sees all of its frames."""
        return self.method.horizon

    def misfit(self, batch: Batch, substeps: int, memory: Memory = "stored") -> Tensor:
        """The misfit of the batch; nothing is integrated."""
        horizon = batch.times.shape[1] - 1
        states = self.method.batch(batch.rows, batch.frames, horizon)
        error, known = self.method.residual(self.problem.field, states)
        return channel_mean(error, known, self.problem.rate.square())
