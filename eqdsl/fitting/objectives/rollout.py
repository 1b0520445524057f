"""Rollouts from data states, compared with the data frames that follow."""

from __future__ import annotations

from torch import Tensor

from eqdsl.fitting.misfit import channel_mean
from eqdsl.fitting.objectives.base import Objective
from eqdsl.fitting.training_data import Batch
from eqdsl.numerics.integrators.integrate import Memory


class RolloutObjective(Objective):
    """``mean_c mean |x_c(t_j) - X_c(t_j)|^2 / var(X_c)`` over the frames j = 1 … H after the start of each window."""

    def misfit(self, batch: Batch, substeps: int, memory: Memory = "stored") -> Tensor:
        """The misfit of the batch; what is fitted of the start of a window counts, too."""
        problem = self.problem
        rollout = problem.rollout(problem.start(batch), batch, substeps, memory=memory, check=self.check)
        self.rollout = rollout.detach()
        return channel_mean(rollout - batch.state, problem.compared(batch), problem.variance)
