"""What every objective is: a distance between a vector field and windows of data."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np
from torch import Tensor

from eqdsl.fitting.problem import Problem
from eqdsl.fitting.training_data import Batch
from eqdsl.numerics.integrators.integrate import Memory


class Objective(ABC):
    """A dimensionless misfit of a batch of windows; `check` is called now and then on the way and may raise."""

    def __init__(self, problem: Problem, check: Callable[[], None]) -> None:
        self.problem = problem
        self.check = check

    def starts(self, horizon: int) -> np.ndarray:
        """Trajectory and first frame of the windows it can use, shape (N, 2)."""
        return self.problem.starts(horizon)

    @abstractmethod
    def misfit(self, batch: Batch, substeps: int, memory: Memory = "stored") -> Tensor:
        """The misfit, 0-dim and differentiable; not finite when a rollout diverges."""
