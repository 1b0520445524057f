"""What an epoch needs before it begins: optimiser, horizon, substeps, batch size, and sparse families made sparse."""

from __future__ import annotations

import math
from collections.abc import Callable

from eqdsl.fitting.batch_size import FEWEST, affordable_windows, bytes_per_window, bytes_with_checkpoints
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.penalty import learned_modules
from eqdsl.fitting.problem import Problem
from eqdsl.fitting.progress import Progress
from eqdsl.fitting.schedule import Schedule
from eqdsl.fitting.stages import POLISH, WARM_START
from eqdsl.fitting.steps import Steps
from eqdsl.fitting.substeps import choose_substeps
from eqdsl.numerics.integrators.table import METHODS
from eqdsl.numerics.integrators.torchdiffeq_method import TorchdiffeqMethod

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
        self._bytes: dict[tuple[str, int], float] = {}

    def use(self, problem: Problem) -> None:
        """Work on this problem from now on."""
        self.problem = problem
        self.steps.use(problem)

    def prepare(self, progress: Progress, point: float) -> bool:
        """Make everything ready at a point of the present stage; whether the horizon or the optimiser is new."""
        if progress.stage == POLISH:
            self._sparsify(progress)
        begins = self.steps.optimizer is None
        if begins:
            self.steps.make_optimizer(progress.stage)
            progress.loss_unit = 0.0
        objective = self.steps.objective(progress.stage)
        objective.point = 1.0 if progress.stage == POLISH else point
        growing = self.schedule.horizon(point) if progress.stage == "rollout" else self.schedule.horizons[-1]
        horizon = objective.horizon(min(growing, progress.limit or growing))
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
            self.set_substeps(progress)
        progress.horizon = horizon
        progress.reference, progress.stale = math.inf, 0
        self._set_windows(progress, horizon)

    def _set_windows(self, progress: Progress, horizon: int) -> None:
        """Number of windows, and what their rollouts keep: every step, unless that leaves no memory for a few."""
        objective, points = self.steps.objective(progress.stage), self.problem.points
        budget, mode = self.config.optimizer.memory, self.config.integrator.memory
        measured = progress.stage, progress.substeps
        if measured not in self._bytes:
            self._bytes[measured] = bytes_per_window(self.problem, objective, progress.substeps)
        stored = self._bytes[measured] * horizon
        kept = bytes_with_checkpoints(stored / horizon, horizon, progress.substeps)
        there = len(objective.starts(horizon))
        wanted = self.config.optimizer.windows
        least = min(FEWEST if wanted == "auto" else wanted, there)
        before = progress.memory
        if mode == "auto":
            # torchdiffeq's methods cannot compute their steps again.
            again = least * stored > budget * 2**30 and not isinstance(METHODS[self.problem.method], TorchdiffeqMethod)
            mode = "checkpoint" if again else "stored"
        progress.memory = mode
        each = stored if mode == "stored" else kept
        windows = affordable_windows(each / horizon, horizon, budget, points) if wanted == "auto" else wanted
        progress.windows = min(windows, there)
        if progress.memory != before and progress.memory == "checkpoint":
            self.announce(
                f"rollouts over {horizon} intervals are computed again in blocks for their gradients: storing "
                f"{least} would take {least * stored / 2**30:.2g} GiB"
            )

    def set_substeps(self, progress: Progress) -> None:
        """Steps between two frames that suit the vector field as it is now."""
        rules, before, enough = self.config.integrator, progress.substeps, True
        if rules.substeps != "auto":
            progress.substeps = rules.substeps
        elif progress.stage != WARM_START and (progress.step or not self.steps.objective(progress.stage).solves):
            # Before the warm start, or a regression, the vector field says nothing about the data.
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
