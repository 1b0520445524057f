"""What every objective is: a distance between a vector field and windows of data."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor

from eqdsl.fitting.problem import Problem
from eqdsl.fitting.training_data import Batch


class Objective(ABC):
    """A dimensionless misfit of a batch of windows; `check` is called now and then on the way and may raise."""

    def __init__(self, problem: Problem, check: Callable[[], None]) -> None:
        self.problem = problem
        self.check = check

    @abstractmethod
    def misfit(self, batch: Batch, substeps: int) -> Tensor:
        """The misfit, 0-dim and differentiable; not finite when a rollout diverges."""


def channel_mean(error: Tensor, present: Tensor, scale: Tensor) -> Tensor:
    """Mean over channels of the mean squared error over present values, each in units of its channel.

    A uniform channel counts once like any other, because every channel is a mean over the grid; one without present
    values does not count.

    Parameters
    ----------
    error : Tensor, shape (W, H, C, *S)
        Finite or not where `present` is False: it is masked here, after the arithmetic.
    present : Tensor of bool, shape (W, H, C, *S)
    scale : Tensor, shape (C,)
        Squared unit of each channel.
    """
    others = (0, 1, *range(3, error.ndim))
    square = torch.where(present, error, 0.0).square().sum(others)
    count = present.sum(others)
    mean = square / count.clamp(min=1) / scale
    return mean.sum() / (count > 0).sum().clamp(min=1)
