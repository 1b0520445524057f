"""Multiple shooting: short rollouts from fitted states that have to join."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from eqdsl.fitting.misfit import channel_mean
from eqdsl.fitting.objectives.base import Objective
from eqdsl.fitting.training_data import Batch
from eqdsl.numerics.integrators.integrate import Memory

JOINED = 0.7
"""Point of the stage from which on the continuity has its whole weight."""


class ShootingObjective(Objective):
    """Misfit of segments and, weighted by w, of their joints (Bock, 1983; continuity as a growing penalty).

    ``mean_c mean |x_c(t_j) - X_c(t_j)|^2 / var(X_c) + w * mean_c mean |x_c(end of k) - s_c(k + 1)|^2 / var(X_c)``

    Segment k is rolled out from its fitted state s(k). Every frame is compared once: by the segment that ends there,
    and the first frame of a trajectory by its fitted state. Nothing starts from a noisy frame, and a short segment can
    neither diverge nor lose its phase, whatever the parameters; joined segments are the trajectory. w grows from 1 to
    ``objective.continuity``, by equal factors in equal parts of the stage.
    """

    noisy = 1
    rolled = False

    @property
    def weight(self) -> float:
        """Weight of the continuity at this point of the stage."""
        return math.exp(math.log(self.options.continuity) * min(self.point / JOINED, 1.0))

    def starts(self, horizon: int) -> np.ndarray:
        """The segments, whatever the horizon."""
        assert self.problem.segments is not None
        return np.asarray(self.problem.segments.places.cpu())

    def horizon(self, growing: int) -> int:
        """The length of a segment."""
        assert self.problem.segments is not None
        return self.problem.segments.length

    def misfit(self, batch: Batch, substeps: int, memory: Memory = "stored") -> Tensor:
        """The misfit of the batch, whose windows are segments."""
        segments = self.problem.segments
        assert segments is not None
        here = segments.number[batch.rows, batch.frames]
        start = segments.states(here)
        rollout = self.problem.rollout(start, batch, substeps, memory=memory, check=self.check)
        frame = torch.arange(rollout.shape[1], device=here.device)
        spread = (len(here), rollout.shape[1], *[1] * (rollout.ndim - 2))
        end, follower = segments.offset[here].clamp(max=rollout.shape[1] - 1), segments.follower[here]
        own = (frame <= end[:, None]) & ((frame > 0) | segments.opens[here][:, None])
        self.visited = rollout
        data = self.problem.misfit(rollout, batch, batch.present & own.reshape(spread))
        ends = rollout[torch.arange(len(here), device=here.device), end]
        gap = (ends - segments.states(follower.clamp(min=0)))[:, None]
        joins = (follower >= 0).reshape(-1, *[1] * (gap.ndim - 1)).expand_as(gap)
        return data + self.weight * channel_mean(gap, joins, self.problem.state_variance)
