"""The steps of an epoch: Adam on drawn windows, or L-BFGS on fixed ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from eqdsl.core.errors import ComputationError
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.failure import blow_up
from eqdsl.fitting.invariance import Invariance
from eqdsl.fitting.objectives.base import Objective
from eqdsl.fitting.objectives.table import OBJECTIVES
from eqdsl.fitting.optimizers import clip_gradients, make_adam, make_lbfgs, set_rate
from eqdsl.fitting.penalty import Penalty, PenaltyValue
from eqdsl.fitting.problem import Problem
from eqdsl.fitting.progress import Progress, Tally
from eqdsl.fitting.stages import stages_of
from eqdsl.fitting.training_data import Batch

SHORTEN_AFTER = 4
"""Bad steps in a row from which on the horizon is halved."""
SMALLEST_RATE = 1e-3
"""Least factor on the learning rates after bad steps."""


class Steps:
    """Takes the steps of an epoch and counts them in a `Progress`.

    Parameters
    ----------
    problem : Problem
    config : FitConfig
    check : callable
        Called before every step; may raise to stop.
    fall_back : callable
        Puts weights and optimiser back to the last good state.
    """

    def __init__(
        self, problem: Problem, config: FitConfig, *, check: Callable[[], None], fall_back: Callable[[], None]
    ) -> None:
        self.config, self.check, self.fall_back = config, check, fall_back
        self.minimised = {stage.name: stage.objective for stage in stages_of(config)}
        self.use(problem)
        self.generator = np.random.default_rng(config.run.seed)
        self.optimizer: torch.optim.Optimizer | None = None

    def use(self, problem: Problem) -> None:
        """Work on this problem from now on."""
        self.problem = problem
        self.penalty = Penalty(problem.model, problem.field, self.config.multiplier, problem.state_variance)
        self.invariance = Invariance(problem, self.config)
        self.objectives = {
            name: OBJECTIVES[name](problem, self.check, self.config.objective) for name in self.minimised.values()
        }

    def objective(self, stage: str) -> Objective:
        """What a stage minimises."""
        return self.objectives[self.minimised[stage]]

    def make_optimizer(self, stage: str) -> None:
        """A fresh optimiser for a stage."""
        self.optimizer = (
            make_lbfgs(self.problem) if stage == "polish" else make_adam(self.problem, self.config.optimizer)
        )

    def adam_epoch(self, progress: Progress, rate: Callable[[], float]) -> Tally:
        """Adam steps on windows drawn at random; ends early when bad steps have shortened the horizon."""
        tally = Tally()
        starts = self.objective(progress.stage).starts(progress.horizon)
        for _ in range(self.config.optimizer.epoch_steps):
            self.check()
            chosen = self.generator.choice(len(starts), size=progress.windows, replace=False, shuffle=False)
            self._adam_step(self.problem.train.batch(starts[chosen], progress.horizon), progress, tally, rate)
            progress.step += 1
            if progress.stage == "rollout" and (progress.limit or progress.horizon) < progress.horizon:
                break
        return tally

    def _adam_step(self, batch: Batch, progress: Progress, tally: Tally, rate: Callable[[], float]) -> None:
        """One step; when anything in it is not finite, weights and optimiser do not take it."""
        assert self.optimizer is not None
        try:
            misfit, penalty = self._loss(batch, progress)
        except ComputationError as error:
            self._bad_step(batch, progress, tally, error)
            return
        norms = clip_gradients(self.optimizer, self.config.optimizer.clip)
        # The one place of a step that waits for the device.
        numbers = torch.stack([misfit, penalty.total, *penalty.norms.values(), penalty.cost, *norms]).tolist()
        if not all(map(math.isfinite, numbers)):
            self._bad_step(batch, progress, tally)
            return
        set_rate(self.optimizer, rate() * progress.rate_scale)
        self.optimizer.step()
        progress.bad = 0
        tally.add(numbers[0], numbers[1], dict(zip(penalty.norms, numbers[2:], strict=False)))

    def _loss(self, batch: Batch, progress: Progress) -> tuple[Tensor, PenaltyValue]:
        """Misfit and penalty of a batch, with the gradient of their `weighted` sum left in the weights."""
        assert self.optimizer is not None
        self.optimizer.zero_grad()
        objective = self.objective(progress.stage)
        misfit = objective.misfit(batch, progress.substeps, progress.memory)
        penalty = self.penalty(self._with_known_states(batch, objective.visited))
        apart = self.invariance(self.minimised[progress.stage], batch, progress.substeps, progress.memory)
        penalty = replace(penalty, cost=penalty.cost + apart)
        weighted(misfit, penalty, progress).backward()
        return misfit.detach(), penalty.detached()

    def _with_known_states(self, batch: Batch, visited: Tensor | None) -> Batch:
        """The batch with the states at which learned terms are measured: those of rollouts, where data lack some."""
        if not self.problem.model.unobserved or visited is None:
            return batch
        inside = batch.times < self.problem.train.ends[batch.rows, None]
        return replace(batch, state=visited.detach(), complete=inside.to(batch.complete))

    def _bad_step(self, batch: Batch, progress: Progress, tally: Tally, error: ComputationError | None = None) -> None:
        rules = self.config.safety
        tally.bad += 1
        progress.bad += 1
        if not rules.skip or progress.bad >= rules.max_bad_steps:
            raise blow_up(self.problem, batch, progress) from error
        if rules.rollback:
            self.fall_back()
        progress.rate_scale = max(progress.rate_scale * rules.lr_reduction, SMALLEST_RATE)
        if rules.shorten and progress.bad >= SHORTEN_AFTER and progress.stage == "rollout" and progress.horizon > 1:
            progress.limit = progress.horizon // 2

    def solve(self, progress: Progress, announce: Callable[[str], None]) -> Tally:
        """Bring the objective to its least value at once."""
        tally, objective = Tally(), self.objective(progress.stage)
        misfit = objective.solve(announce)
        with torch.no_grad():
            starts = objective.starts(progress.horizon)
            penalty = self.penalty(self.problem.train.batch(starts[: progress.windows], progress.horizon))
        tally.add(misfit, float(penalty.total), {name: float(norm) for name, norm in penalty.norms.items()})
        progress.step += 1
        return tally

    def polish_epoch(self, progress: Progress) -> Tally:
        """One call of L-BFGS; a tally with a bad step when it left the finite numbers and was taken back.

        The loss is counted in units of what it was when the polish began: torch's L-BFGS has absolute thresholds (it
        learns nothing from a step whose ``y.s`` is below 1e-10), made for a loss of order one.
        """
        assert self.optimizer is not None
        tally = Tally()
        batch = self._polish_batch(progress)

        def closure() -> Tensor:
            self.check()
            misfit, penalty = self._loss(batch, progress)
            loss = weighted(misfit, penalty, progress)
            if not progress.loss_unit:
                progress.loss_unit = float(loss) or 1.0
            for parameter in self.problem.parameters():
                if parameter.grad is not None:
                    parameter.grad.div_(progress.loss_unit)
            return loss / progress.loss_unit

        try:
            self.optimizer.step(closure)  # type: ignore[arg-type]
            misfit, penalty = self._loss(batch, progress)
        except ComputationError:
            nothing = torch.tensor(math.nan)
            misfit, penalty = nothing, PenaltyValue(nothing, {}, nothing)
        numbers = [float(misfit), float(penalty.total)]
        if all(map(math.isfinite, numbers)) and all(bool(p.isfinite().all()) for p in self.problem.parameters()):
            tally.add(numbers[0], numbers[1], {name: float(norm) for name, norm in penalty.norms.items()})
        elif not self.config.safety.skip:
            raise blow_up(self.problem, batch, progress)
        else:
            self.fall_back()
            tally.bad = 1
        progress.step += self.optimizer.param_groups[0]["max_iter"]
        return tally

    def _polish_batch(self, progress: Progress) -> Batch:
        """The same windows in every epoch: L-BFGS needs one function."""
        starts = self.objective(progress.stage).starts(progress.horizon)
        generator = np.random.default_rng([self.config.run.seed, 1])
        chosen = np.sort(generator.choice(len(starts), size=progress.windows, replace=False))
        return self.problem.train.batch(starts[chosen], progress.horizon)


def weighted(misfit: Tensor, penalty: PenaltyValue, progress: Progress) -> Tensor:
    """The loss: ``misfit + penalty/multiplier + cost``."""
    return misfit + penalty.total / progress.multiplier + penalty.cost
