"""Judging an epoch: whether its stage still makes progress, and how a fit returns from bad steps."""

from __future__ import annotations

import math
from collections.abc import Callable

from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.progress import Progress, Tally
from eqdsl.fitting.schedule import Schedule
from eqdsl.fitting.stages import POLISH

CLEARLY = 0.99
"""A validation misfit below this share of an earlier one counts as progress."""
RAISED_FROM, RAISED_TO = 0.4, 0.8
"""Points of the stage that decides between which a multiplier without a tolerance goes from its start to its aim."""
POLISH_PATIENCE = 5
"""Epochs of L-BFGS without progress that end it."""


class Judgement:
    """Changes a `Progress` after an epoch.

    Parameters
    ----------
    config, schedule
    announce : callable
        Receives sentences for the user.
    """

    def __init__(self, config: FitConfig, schedule: Schedule, announce: Callable[[str], None]) -> None:
        self.config, self.schedule, self.announce = config, schedule, announce

    def enter(self, progress: Progress, stage: str, seconds: float, *, rolled: bool) -> None:
        """Begin to count a new stage; `rolled` says that rollouts show its progress."""
        progress.stage, progress.step, progress.began, progress.over = stage, 0, seconds, False
        progress.reference, progress.stale = math.inf, 0
        if stage == POLISH and not rolled:
            # Before segments join, a rollout over all of them says little: the best so far is so by chance.
            progress.bar = math.inf

    def judge(self, progress: Progress, tally: Tally, validation: float, *, rolled: bool) -> None:
        """End a stage that makes no progress any more: in its rollouts, or where they do not show it in its misfit."""
        what, reached = ("validation misfit", validation) if rolled else ("misfit", tally.mean(tally.misfit))
        patience = self.config.safety.patience
        if progress.stage == POLISH and tally.bad:
            progress.over = True
            self.announce("L-BFGS met a rollout that is not finite: the weights before it are kept")
        if reached < CLEARLY * progress.reference:
            progress.reference, progress.stale = reached, 0
            return
        progress.stale += 1
        final = progress.horizon == self.schedule.horizons[-1]
        if self.schedule.stage(progress.stage).decides and final and 0 < patience <= progress.stale:
            progress.over = True
            self.announce(f"the validation misfit has not fallen by 1 % in {patience} epochs: Adam ends")
        elif progress.stage == POLISH and progress.stale >= POLISH_PATIENCE and not progress.over:
            progress.over = True
            self.announce(f"the {what} has not fallen by 1 % in {POLISH_PATIENCE} epochs: L-BFGS ends")

    def recover(self, progress: Progress) -> None:
        """After an epoch without bad steps: rates and horizon return by one step."""
        progress.rate_scale = min(1.0, progress.rate_scale / self.config.safety.lr_reduction)
        if progress.limit is not None:
            progress.limit = 2 * progress.limit if 2 * progress.limit < self.schedule.horizons[-1] else None


def raised(point: float) -> float:
    """How far the multiplier may have gone at a point of the stage that decides, 0 to 1."""
    return min(max((point - RAISED_FROM) / (RAISED_TO - RAISED_FROM), 0.0), 1.0)
