"""Rollouts from data states, compared with the data frames that follow."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from eqdsl.core.errors import ComputationError
from eqdsl.fitting.misfit import channel_means
from eqdsl.fitting.objectives.base import Objective
from eqdsl.fitting.training_data import Batch
from eqdsl.numerics.integrators.integrate import Memory


class RolloutObjective(Objective):
    """``mean_c mean |x_c(t_j) - X_c(t_j)|^2 / var(X_c)`` over the frames j = 1 … H after the start of each window."""

    def misfit(self, batch: Batch, substeps: int, memory: Memory = "stored") -> Tensor:
        """The misfit of the batch; what is fitted of the start of a window counts, too."""
        problem = self.problem
        rollout = problem.rollout(problem.start(batch), batch, substeps, memory=memory, check=self.check)
        self.visited = rollout
        return problem.misfit(rollout, batch, problem.compared(batch))

    def explained(self, deviation: Tensor, *, horizon: int, windows: int, substeps: int, seed: int) -> Tensor:
        """``s_c^2`` and what noise of the starts becomes: the mean square change of rollouts by noise drawn anew.

        Depending on the dynamics it grows or fades away.
        """
        problem = self.problem
        starts = self.starts(horizon)
        chosen = starts[np.linspace(0, len(starts) - 1, min(windows, len(starts))).astype(int)]
        batch = problem.train.batch(chosen, horizon)
        with torch.no_grad():
            start = problem.start(batch)
            noise = self._noise_of(start, deviation, seed)
            try:
                paths = [
                    problem.seen(problem.rollout(s, batch, substeps, check=self.check), batch)
                    for s in (start, start + noise)
                ]
            except ComputationError:
                return super().explained(deviation, horizon=horizon, windows=windows, substeps=substeps, seed=seed)
            carried, _ = channel_means(paths[1] - paths[0], problem.compared(batch), problem.variance)
        here = deviation.double().square()
        return torch.where(torch.isfinite(carried), here + carried.double(), self.noisy * here)

    def _noise_of(self, start: Tensor, deviation: Tensor, seed: int) -> Tensor:
        """A sample of noise for starts that are data, shape (W, C, *S)."""
        model = self.problem.model
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randn(start.shape, generator=generator, dtype=torch.float64)
        for index, channel in enumerate(model.channels):
            if channel.uniform and noise.ndim > 2:
                noise[:, index] = noise[:, index].flatten(1)[:, :1].reshape(-1, *[1] * (noise.ndim - 2))
        scale = deviation[: len(model.channels)].double() * self.problem.state_variance.double().sqrt()
        given = torch.tensor([name not in model.unobserved for name in model.channel_names], device=scale.device)
        scale = torch.where(given, scale, 0.0).reshape(-1, *[1] * (start.ndim - 2))
        return (noise.to(scale.device) * scale).to(start)
