"""How many integrator steps an interval between two frames needs."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from eqdsl.core.errors import ComputationError
from eqdsl.fitting.problem import Problem

CANDIDATES = (1, 2, 4, 8, 16, 32, 64)
FRAMES = 256
"""Data frames from which the one-interval rollouts start."""
NO_GAIN = 3.0
"""Factor by which errors of time fall at least when steps are halved; those of interpolation rise, or fall by 2."""
LARGE = 0.1
"""Difference in standard deviations above which steps are too long to tell the two apart."""
VALUES = 1 << 20
"""Values of state they may hold together."""


def choose_substeps(problem: Problem, tolerance: float) -> tuple[int, bool]:
    """The fewest substeps n for which one-interval rollouts with n and 2n agree, and whether any number was enough.

    Semi-Lagrangian steps interpolate once each. Where more of them change the rollouts about as much as fewer did, what
    is left is the error of the grid: then n is enough, too. An integrator that gives up chooses its steps itself.

    Parameters
    ----------
    tolerance : float
        Largest rms difference of a channel, in standard deviations of its data.
    """
    try:
        return _fewest(problem, tolerance)
    except ComputationError:
        return CANDIDATES[0], True


def _fewest(problem: Problem, tolerance: float) -> tuple[int, bool]:
    starts = problem.starts(1) if problem.model.hidden else problem.train.starts(1)
    most = max(1, min(FRAMES, VALUES // problem.train.state[0, 0].numel()))
    chosen = starts[np.linspace(0, len(starts) - 1, min(most, len(starts))).astype(int)]
    batch = problem.train.batch(chosen, 1)

    with torch.no_grad():
        start = problem.start(batch) if problem.model.hidden else batch.state[:, 0]

    def end(substeps: int) -> Tensor:
        return problem.rollout(start, batch, substeps)[:, 1].double()

    with torch.no_grad():
        coarse, before = end(1), math.inf
        followed = problem.model.schemes.kernel is not None
        for number, substeps in enumerate(CANDIDATES):
            fine = end(2 * substeps)
            others = (0, *range(2, fine.ndim))
            difference = float(((fine - coarse).square().mean(others) / problem.state_variance).sqrt().max())
            if difference <= tolerance:
                return substeps, True
            if followed and before <= min(NO_GAIN * difference, LARGE):
                return CANDIDATES[number - 1], True
            coarse, before = fine, difference
    return CANDIDATES[-1], False
