"""The course of a fit: which horizon and which share of the learning rates at which point of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.segments import segment_length
from eqdsl.fitting.stages import Stage, objectives_of, stages_of


@dataclass(frozen=True)
class Schedule:
    """Horizons in order, and how the options divide a fit.

    A point of a stage is a number from 0 to 1: the share of its steps taken, or of its time where there is a
    time budget, whichever is larger. So a fit cut short by ``run.minutes`` still sees every horizon and small rates.
    """

    horizons: tuple[int, ...]
    stages: tuple[Stage, ...]
    config: FitConfig

    def stage(self, name: str) -> Stage:
        """The stage of that name."""
        return next(stage for stage in self.stages if stage.name == name)

    def left(self, name: str) -> tuple[Stage, ...]:
        """The stage of that name and those after it."""
        return self.stages[self.stages.index(self.stage(name)) :]

    def horizon(self, point: float) -> int:
        """The horizon at a point of the rollout stage."""
        growing, share = self.horizons[:-1], self.config.curriculum.share
        if point >= share or not growing:
            return self.horizons[-1]
        return growing[int(point / share * len(growing))]

    def rate(self, point: float) -> float:
        """Share of the learning rates, a half cosine from 1 to ``optimizer.decay``."""
        decay = self.config.optimizer.decay
        return decay + (1 - decay) * 0.5 * (1 + math.cos(math.pi * min(point, 1.0)))

    def point(self, stage: str, step: int, seconds: float, began: float, budget: float | None) -> float:
        """How much of a stage is behind, 0 to 1.

        Parameters
        ----------
        seconds, began : float
            Time now and when the stage began, both since the fit began.
        budget : float or None
            Time at which the fit has to end.
        """
        here = self.stage(stage)
        done = step / here.steps if here.steps else 1.0
        if budget is None:
            return done
        left = here.until * budget - began
        return max(done, (seconds - began) / left if left > 0 else 1.0)


def make_schedule(config: FitConfig, full: int) -> Schedule:
    """The schedule for data whose longest rollout has `full` steps."""
    rules = config.curriculum
    last = full if rules.horizon == "full" else min(rules.horizon, full)
    horizons = []
    names = objectives_of(config)
    # Rollouts that follow fitted segments go on from their length: shorter ones see less and start from noise.
    joined = "shooting" in names and names[-1] == "rollout"
    horizon = float(segment_length(config.objective.segment, full) if joined else rules.start)
    while rules.enabled and rules.share > 0 and horizon < last:
        horizons.append(int(horizon))
        horizon = max(horizon * rules.growth, horizon + 1)
    return Schedule((*horizons, last), stages_of(config), config)
