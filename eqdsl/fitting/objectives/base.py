"""What every objective is: a distance between a vector field and windows of data."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np
from torch import Tensor

from eqdsl.fitting.config import ObjectiveSection
from eqdsl.fitting.problem import Problem
from eqdsl.fitting.training_data import Batch
from eqdsl.numerics.integrators.integrate import Memory

DEFAULTS = ObjectiveSection()


class Objective(ABC):
    """A dimensionless misfit of a batch of windows; `check` is called now and then on the way and may raise."""

    noisy = 2
    """Noisy values in each difference from the data: the one compared with, and the one started from."""
    solves = False
    """It is brought to its least value at once, by `solve`, not by steps."""
    rolled = True
    """Its progress shows in rollouts over whole trajectories; otherwise in the misfit alone."""
    own_judge = False
    """L-BFGS ends where its misfit is least, whatever rollouts from measured first frames say."""
    point = 0.0
    """How much of its stage is behind, 0 to 1; set before every epoch."""
    visited: Tensor | None = None
    """States of the rollouts of the last misfit, (W, H + 1, C, *S)."""

    def __init__(
        self, problem: Problem, check: Callable[[], None], options: ObjectiveSection = DEFAULTS
    ) -> None:  # fmt: skip
        self.problem = problem
        self.check = check
        self.options = options

    def horizon(self, growing: int) -> int:
        """Steps of a window where rollouts take `growing`."""
        return growing

    def starts(self, horizon: int) -> np.ndarray:
        """Trajectory and first frame of the windows it can use, shape (N, 2)."""
        return self.problem.starts(horizon)

    def verify(self) -> None:  # noqa: B027
        """Refuse a model that it cannot serve, before anything is written; by default it serves all."""

    def solve(self, announce: Callable[[str], None]) -> float:
        """Bring it to its least value; returns the misfit there. Only where it `solves`."""
        raise NotImplementedError

    def explained(self, deviation: Tensor, *, horizon: int, windows: int, substeps: int, seed: int) -> Tensor:
        """Misfit of the exact model by channel (C',), given the noise of the data in units of the channels.

        Parameters
        ----------
        deviation : Tensor, shape (C',)
        horizon, windows, substeps : int
            Of the batches.
        seed : int
            Of what is drawn.
        """
        return self.noisy * deviation.double().square()

    @abstractmethod
    def misfit(self, batch: Batch, substeps: int, memory: Memory = "stored") -> Tensor:
        """The misfit, 0-dim and differentiable; not finite when a rollout diverges."""
