"""Squared errors of rollouts from first frames, in bounded memory. Validation and scores are sums over these."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from eqdsl.core.errors import ComputationError
from eqdsl.fitting.problem import Problem
from eqdsl.fitting.starts import fit_starts, start_states
from eqdsl.fitting.training_data import Batch, TrainingData

START_ITERATIONS = 5
"""Iterations of held-out starts an epoch; they go on from those of the epoch before."""
CHUNK_VALUES = 1 << 24
"""Values of a rollout kept at once; more trajectories are rolled out in parts."""


@dataclass(frozen=True)
class ErrorSums:
    """Sums over trajectories and grid of squared errors and of values compared, shape (T, C) in float64."""

    square: Tensor
    count: Tensor

    def __add__(self, other: ErrorSums) -> ErrorSums:
        """Over the trajectories of both."""
        return ErrorSums(self.square + other.square, self.count + other.count)

    def per_channel(self, first: int = 0) -> Tensor:
        """Mean squared error of each channel over the frames from `first` on, NaN for one never observed."""
        return self.square[first:].sum(0) / self.count[first:].sum(0)


def first_frame_errors(
    rollout: Callable[[Tensor, Batch], Tensor],
    data: TrainingData,
    *,
    start: Callable[[Batch], Tensor] | None = None,
    rows: np.ndarray | None = None,
) -> ErrorSums:
    """Errors of rollouts from the first complete frame of every trajectory to its end.

    Parameters
    ----------
    rollout : callable
        States ``(W, C, *S)`` and windows to what is observed of the states that follow, ``(W, T, C', *S)``.
    start : callable, optional
        Windows to the states that they start from; the data when left out.
    rows : ndarray of int, optional
        The trajectories that are rolled out; all of them without it.
    """
    horizon = data.horizon
    starts = data.starts(horizon, first_only=True)
    if rows is not None:
        starts = starts[np.isin(starts[:, 0], rows)]
    frame = data.state[0, 0].numel()
    size = max(1, CHUNK_VALUES // (frame * (horizon + 1)))
    channels = data.observed.shape[2]
    square = torch.zeros(horizon + 1, channels, dtype=torch.float64)
    count = torch.zeros(horizon + 1, channels, dtype=torch.float64)
    with torch.no_grad():
        for first in range(0, len(starts), size):
            batch = data.batch(starts[first : first + size], horizon)
            state = batch.state[:, 0] if start is None else start(batch)
            error = rollout(state, batch).double() - batch.observed.double()
            others = (0, *range(3, error.ndim))
            square += torch.where(batch.present, error, 0.0).square().sum(others).cpu()
            count += batch.present.sum(others).cpu()
    return ErrorSums(square, count)


def validation_misfit(problem: Problem, substeps: int, *, check: Callable[[], None]) -> float:
    """Misfit of rollouts from first frames over the full horizon; infinite when one diverges.

    `check` is called at every frame and may raise.
    """
    data, fitted = problem.validation, problem.initial if problem.validation is problem.train else None

    def rollout(start: Tensor, batch: Batch) -> Tensor:
        return problem.seen(problem.rollout(start, batch, substeps, check=check), batch)

    if problem.held_out_initial is not None:
        fitted = problem.held_out_initial
        fit_starts(fitted, data, rollout, problem.field, problem.variance, iterations=START_ITERATIONS)

    def start(batch: Batch) -> Tensor:
        return start_states(problem.field, batch, fitted)

    try:
        sums = first_frame_errors(rollout, data, start=start)
    except ComputationError:
        return math.inf
    seen = sums.count[1:].sum(0) > 0
    value = float((sums.per_channel(first=1) / problem.variance.double().cpu())[seen].mean())
    return value if math.isfinite(value) else math.inf
