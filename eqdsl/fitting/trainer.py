"""The trainer: the objectives in order with Adam, the last one with L-BFGS at the end.

Read `Trainer.run` first. An epoch is a fixed number of steps; after each one the fit is validated, the multiplier
moves, and a snapshot of everything is taken. A snapshot is what a bad step falls back to, what a checkpoint holds, and
what an interrupted fit goes on from.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from eqdsl.core.errors import ComputationError
from eqdsl.fitting.calibration import calibrate
from eqdsl.fitting.clock import Clock, Outcome, StopRequested
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.errors import validation_misfit
from eqdsl.fitting.judgement import Judgement, raised
from eqdsl.fitting.multiplier.base import EpochMeans
from eqdsl.fitting.multiplier.start import start
from eqdsl.fitting.multiplier.update import updated
from eqdsl.fitting.preparation import Preparation
from eqdsl.fitting.problem import Problem
from eqdsl.fitting.progress import Progress, Tally
from eqdsl.fitting.schedule import make_schedule
from eqdsl.fitting.stages import POLISH, WARM_START
from eqdsl.fitting.steps import Steps

Event = dict[str, Any]
Tree = dict[str, Any]


class Trainer:
    """Fits a `Problem`.

    Parameters
    ----------
    problem : Problem
        Its vector field is trained in place and holds the best weights at the end.
    config : FitConfig
    events : callable
        Receives one plain dict per thing that happens.
    should_stop : callable
        Looked at before every step.
    save : callable
        Receives a snapshot to keep; called at most every ``run.checkpoint_seconds``, and at the end.
    calibrated : bool
        Whether the learned terms have their scales already.
    """

    def __init__(
        self,
        problem: Problem,
        config: FitConfig,
        *,
        events: Callable[[Event], None],
        should_stop: Callable[[], bool],
        save: Callable[[Tree], None],
        calibrated: bool = False,
    ) -> None:
        self.calibrated = calibrated
        self.problem, self.config = problem, config
        self.events, self.save = events, save
        self.clock = Clock(config.run.minutes, should_stop)
        self.steps = Steps(problem, config, check=self.clock.check, fall_back=self._put_back)
        for objective in self.steps.objectives.values():
            objective.verify()
        self.schedule = make_schedule(config, problem.train.horizon)
        self.preparation = Preparation(problem, config, self.schedule, self.steps, self._announce)
        self.judgement = Judgement(config, self.schedule, self._announce)
        self.floor = float((100 * torch.finfo(problem.train.state.dtype).eps) ** 2)
        self.progress = Progress(start(config.multiplier), self.schedule.stages[0].name)
        self.history: list[dict[str, Any]] = []
        self.best: dict[str, Tensor] = {}
        self.best_values: dict[str, float] = {}
        self.best_starts: dict[str, Tensor] = {}
        self.snapshot: Tree = {}
        self.saved = time.monotonic()

    # ------------------------------------------------------------------ course of the fit

    def run(self, checkpoint: Tree | None = None) -> Outcome:
        """Train to the end, or go on from a checkpoint.

        Raises
        ------
        ComputationError
            Too many bad steps in a row.
        """
        self.clock.start(checkpoint["progress"]["seconds"] if checkpoint is not None else 0.0)
        if checkpoint is None:
            if not self.calibrated:
                calibrate(self.problem, self.config.run.seed)
            self._keep_best(math.inf)
            self._take_snapshot()
            self._write()
        else:
            self._restore(checkpoint)
        try:
            for stage in self.schedule.left(self.progress.stage):
                self._enter(stage.name)
                while self._point() < 1 and not self.progress.over:
                    self._epoch()
            outcome = Outcome("done", "the planned steps are taken")
        except StopRequested as stop:
            outcome = Outcome(stop.status, stop.reason)
        except (ComputationError, MemoryError, KeyboardInterrupt):
            self._write()
            raise
        self._write()
        self.problem.field.load_state_dict(self.best)
        return outcome

    def _enter(self, stage: str) -> None:
        progress = self.progress
        if stage != progress.stage:
            self.judgement.enter(progress, stage, self.clock.seconds(), rolled=self.steps.objective(stage).rolled)
            self.steps.optimizer = None
        if stage == POLISH and self.config.optimizer.polish:
            self._use(self.problem.to(torch.float64))

    def _use(self, problem: Problem) -> None:
        """Go on in the precision of this problem."""
        self.problem = problem
        self.preparation.use(problem)

    def _point(self) -> float:
        """How much of the present stage is behind, 0 to 1."""
        progress = self.progress
        seconds, budget = self.clock.seconds(), self.clock.budget
        return self.schedule.point(progress.stage, progress.step, seconds, progress.began, budget)

    def _epoch(self) -> None:
        """One epoch of the present stage, and all that follows it."""
        progress = self.progress
        if self.preparation.prepare(progress, self._point()):
            horizon, windows, substeps = progress.horizon, progress.windows, progress.substeps
            self._tell("stage", stage=progress.stage, horizon=horizon, windows=windows, substeps=substeps)
        objective = self.steps.objective(progress.stage)
        solves, own_judge = objective.solves, objective.own_judge and progress.stage == POLISH
        if self.problem.noise is not None:
            self.problem.noise.begin()
        if progress.stage == POLISH:
            tally = self.steps.polish_epoch(progress)
        elif solves:
            tally = self.steps.solve(progress, self._announce)
            self.preparation.set_substeps(progress)
        else:
            tally = self.steps.adam_epoch(progress, self._rate)
        progress.epoch += 1
        validation = validation_misfit(self.problem, progress.substeps, check=self.clock.check)
        validation += self.steps.invariance.held_out(progress.substeps)
        if solves or (own_judge and not tally.bad) or validation < progress.bar:
            # Rollouts from noisy first frames, or over long times, may say nothing of a solution.
            self._keep_best(validation)
        rolled = progress.stage != POLISH or self.steps.objective(POLISH).rolled
        self.judgement.judge(progress, tally, validation, rolled=rolled)
        tolerance = self._noise()
        if self.schedule.stage(progress.stage).decides:
            misfit, penalty = tally.mean(tally.misfit), tally.mean(tally.penalty)
            means = EpochMeans(misfit, penalty, tolerance, self.floor, raised(self._point()))
            progress.multiplier = updated(progress.multiplier, means, self.config.multiplier)
        if not tally.bad:
            self.judgement.recover(progress)
        self._report(tally, validation)
        self._take_snapshot()
        if time.monotonic() - self.saved >= self.config.run.checkpoint_seconds:
            self._write()

    def _noise(self) -> float | None:
        """Fit the noise that is to be fitted; the misfit that noise explains, where all of it is stated."""
        noise, progress = self.problem.noise, self.progress
        if noise is None:
            return None
        explained = self.steps.objective(progress.stage).explained(
            noise.deviation, horizon=progress.horizon, windows=progress.windows, substeps=progress.substeps,
            seed=self.config.run.seed + progress.epoch,
        )  # fmt: skip
        noise.settle(explained, last=progress.stage == POLISH)
        return noise.tolerance(explained)

    def _rate(self) -> float:
        """Share of the learning rates at this point; the warm start keeps them whole."""
        return self.schedule.rate(self._point()) if self.progress.stage != WARM_START else 1.0

    # ------------------------------------------------------------------ after an epoch

    def _keep_best(self, validation: float) -> None:
        progress = self.progress
        progress.best = progress.bar = validation
        progress.best_epoch, progress.best_substeps = progress.epoch, progress.substeps
        self.best = {name: tensor.detach().clone() for name, tensor in self.problem.field.state_dict().items()}
        self.best_values = self._parameter_values()
        self.best_starts = self.problem.fitted_starts()

    def _parameter_values(self) -> dict[str, float]:
        """Physical values, of a coefficient field the mean."""
        return {n: float(v.detach().double().mean()) for n, v in self.problem.field.physical.values().items()}

    def _report(self, tally: Tally, validation: float) -> None:
        progress, values, shares = self.progress, self._parameter_values(), tally.shares()
        row = {
            "epoch": progress.epoch, "stage": progress.stage, "horizon": progress.horizon,
            "misfit": tally.mean(tally.misfit), "penalty": tally.mean(tally.penalty),
            "multiplier": progress.multiplier, "validation": validation, "bad_steps": tally.bad,
            "seconds": self.clock.seconds(),
        }  # fmt: skip
        self.history.append(
            row | {f"param.{n}": v for n, v in values.items()} | {f"share.{n}": v for n, v in shares.items()}
        )
        self._tell(
            "epoch",
            **row,
            parameters=values,
            learned=shares,
            minutes_left=self.clock.minutes_left(progress.began, self._point()),
            left_of="stage" if self.clock.budget is None else "fit",
        )

    # ------------------------------------------------------------------ snapshots

    def _take_snapshot(self) -> None:
        """Remember everything as it is now."""
        self.progress.seconds = self.clock.seconds()
        optimizer = self.steps.optimizer
        self.snapshot = {
            "modules": {name: copy.deepcopy(m.state_dict()) for name, m in self.problem.modules().items()},
            "optimizer": copy.deepcopy(optimizer.state_dict()) if optimizer is not None else None,
            "generator": self.steps.generator.bit_generator.state,
            "progress": self.progress.as_tree(),
            "best": self.best,
            "best_values": self.best_values,
            "best_starts": self.best_starts,
            "history": list(self.history),
        }

    def _write(self) -> None:
        self.save(self.snapshot)
        self.saved = time.monotonic()

    def _put_back(self) -> None:
        """Return weights and optimiser to the snapshot."""
        for name, module in self.problem.modules().items():
            module.load_state_dict(self.snapshot["modules"][name])
        self.steps.make_optimizer(self.progress.stage)
        state = self.snapshot["optimizer"]
        if state is not None and self.snapshot["progress"]["stage"] == self.progress.stage:
            assert self.steps.optimizer is not None
            self.steps.optimizer.load_state_dict(copy.deepcopy(state))

    def _restore(self, checkpoint: Mapping[str, Any]) -> None:
        """Go back to where a checkpoint was taken."""
        self.snapshot = dict(checkpoint)
        self.steps.generator.bit_generator.state = checkpoint["generator"]
        self.progress = Progress.from_tree(checkpoint["progress"])
        self.best, self.best_values = checkpoint["best"], checkpoint["best_values"]
        self.best_starts = checkpoint.get("best_starts", {})
        self.history = list(checkpoint["history"])
        if self.progress.stage == POLISH:
            self._use(self.problem.to(torch.float64))
        self._put_back()
        if checkpoint["optimizer"] is None:
            self.steps.optimizer = None

    def _announce(self, text: str) -> None:
        self._tell("announce", text=text)

    def _tell(self, event: str, **content: Any) -> None:
        self.events({"event": event, **{k: _plain(v) for k, v in content.items()}})


def _plain(value: Any) -> Any:
    """None in place of a number that JSON cannot hold."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
