"""What an epoch needs before it begins: optimiser, horizon, substeps, batch size, and sparse families made sparse."""

from __future__ import annotations

import math
from collections.abc import Callable

from eqdsl.fitting.batch_size import affordable_windows, bytes_per_window
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.penalty import learned_modules
from eqdsl.fitting.problem import Problem
from eqdsl.fitting.progress import Progress
from eqdsl.fitting.schedule import Schedule
from eqdsl.fitting.steps import Steps
from eqdsl.fitting.substeps import choose_substeps

SPARSE_THRESHOLD = 1e-2
"""Weights of a sparse family below this share of its largest are dropped."""
SPARSE_MAY_COST = 2.0
"""The sparse model is kept when its validation misfit is at most this many times that of the full one."""


class Preparation:
    """Prepares epochs.

    Parameters
    ----------
    problem, config, schedule, steps
    announce : callable
        Receives sentences for the user.
    """

    def __init__(
        self, problem: Problem, config: FitConfig, schedule: Schedule, steps: Steps, announce: Callable[[str], None]
    ) -> None:
        self.problem, self.config, self.schedule, self.steps = problem, config, schedule, steps
        self.announce = announce

    def use(self, problem: Problem) -> None:
        """Work on this problem from now on."""
        self.problem = problem
        self.steps.use(problem)

    def prepare(self, progress: Progress, point: float) -> bool:
        """Make everything ready at a point of the present stage; whether the horizon or the optimiser is new."""
        if progress.stage == "polish":
            self._sparsify(progress)
        begins = self.steps.optimizer is None
        if begins:
            self.steps.make_optimizer(progress.stage)
            progress.loss_unit = 0.0
        horizon = {"warm start": 1, "rollout": self.schedule.horizon(point)}.get(
            progress.stage, self.schedule.horizons[-1]
        )
        horizon = min(horizon, progress.limit or horizon)
        changes = begins or horizon != progress.horizon
        if changes:
            self._set_horizon(progress, horizon)
        return changes

    def _sparsify(self, progress: Progress) -> None:
        """Drop the small terms of sparse families; what remains is polished anew, and may cost a little misfit."""
        for name, module in learned_modules(self.problem.field).items():
            counts = module.family.sparsify(SPARSE_THRESHOLD)
            if counts is not None and counts[0] < counts[1]:
                progress.bar, self.steps.optimizer = SPARSE_MAY_COST * progress.best, None
                self.announce(f"`{name}` keeps {counts[0]} of {counts[1]} terms")

    def _set_horizon(self, progress: Progress, horizon: int) -> None:
        if horizon >= progress.horizon:
            self._set_substeps(progress)
        progress.horizon = horizon
        progress.reference, progress.stale = math.inf, 0
        objective, windows = self.steps.objective(progress.stage), self.config.optimizer.windows
        if windows == "auto":
            each = bytes_per_window(self.problem, objective, progress.substeps)
            windows = affordable_windows(each, horizon, self.config.optimizer.memory, self.problem.points)
        progress.windows = min(windows, len(objective.starts(horizon)))

    def _set_substeps(self, progress: Progress) -> None:
        rules, before, enough = self.config.integrator, progress.substeps, True
        if rules.substeps != "auto":
            progress.substeps = rules.substeps
        elif progress.stage != "warm start":
            # Before the warm start the vector field says nothing about the data.
            progress.substeps, enough = choose_substeps(self.problem, rules.tolerance)
        if progress.substeps != before:
            # Scores with other steps do not compare.
            progress.bar = math.inf
            self.announce(f"{progress.substeps} integrator steps per data interval")
        if not enough:
            self.announce(
                f"even {progress.substeps} integrator steps per data interval leave an error above "
                f"{rules.tolerance:g} standard deviations: the data may be too coarse in time"
            )
