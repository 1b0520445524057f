"""The trainer: derivative matching, rollouts of growing horizon with Adam, L-BFGS at the end.

Read `Trainer.run` first. An epoch is a fixed number of steps; after each one the fit is validated, the multiplier
moves, and a snapshot of everything is taken. A snapshot is what a bad step falls back to, what a checkpoint holds, and
what an interrupted fit goes on from.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from eqdsl.core.errors import ComputationError
from eqdsl.fitting.batch_size import affordable_windows, bytes_per_window
from eqdsl.fitting.calibration import calibrate
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.errors import validation_misfit
from eqdsl.fitting.multiplier import noise_tolerance, updated
from eqdsl.fitting.penalty import learned_modules
from eqdsl.fitting.problem import Problem
from eqdsl.fitting.progress import Progress, Tally
from eqdsl.fitting.schedule import STAGES, make_schedule
from eqdsl.fitting.steps import Steps
from eqdsl.fitting.substeps import choose_substeps

Event = dict[str, Any]
Tree = dict[str, Any]

CLEARLY = 0.99
"""A validation misfit below this share of an earlier one counts as progress."""
SPARSE_THRESHOLD = 1e-2
"""Weights of a sparse family below this share of its largest are dropped."""
SPARSE_MAY_COST = 2.0
"""The sparse model is kept when its validation misfit is at most this many times that of the full one."""
RAISED_FROM, RAISED_TO = 0.4, 0.8
"""Points of the rollout stage between which a multiplier without a tolerance goes from its start to its aim."""
POLISH_PATIENCE = 5
"""Epochs of L-BFGS without progress that end it."""


class StopRequested(Exception):
    """Somebody asked to stop, or the time budget is spent; `reason` says which."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True)
class Outcome:
    """How training ended: ``done`` or ``interrupted``, and why in words."""

    status: str
    reason: str


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
    """

    def __init__(
        self,
        problem: Problem,
        config: FitConfig,
        *,
        events: Callable[[Event], None],
        should_stop: Callable[[], bool],
        save: Callable[[Tree], None],
    ) -> None:
        self.problem, self.config = problem, config
        self.events, self.should_stop, self.save = events, should_stop, save
        self.steps = Steps(problem, config, check=self._check_stop, fall_back=self._put_back)
        self.schedule = make_schedule(config, problem.train.horizon)
        self.noise = noise_tolerance(problem.model.noise, problem.observed)
        self.floor = float((100 * torch.finfo(problem.train.state.dtype).eps) ** 2)
        self.progress = Progress(config.multiplier.start)
        self.history: list[dict[str, Any]] = []
        self.best: dict[str, Tensor] = {}
        self.best_values: dict[str, float] = {}
        self.snapshot: Tree = {}
        self.saved = self.clock = time.monotonic()
        self.budget: float | None = None
        """Seconds since the fit began at which this session has to end."""

    # ------------------------------------------------------------------ course of the fit

    def run(self, checkpoint: Tree | None = None) -> Outcome:
        """Train to the end, or go on from a checkpoint.

        Raises
        ------
        ComputationError
            Too many bad steps in a row.
        """
        self.clock = time.monotonic()
        if checkpoint is None:
            calibrate(self.problem, self.config.run.seed)
            self._keep_best(math.inf)
            self._take_snapshot()
            self._write()
        else:
            self._restore(checkpoint)
        minutes = self.config.run.minutes
        self.budget = None if minutes is None else self.progress.seconds + 60 * minutes
        try:
            for stage in STAGES[STAGES.index(self.progress.stage) :]:
                self._enter(stage)
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
            progress.stage, progress.step, progress.began, progress.over = stage, 0, self._seconds(), False
            progress.reference, progress.stale = math.inf, 0
            self.steps.optimizer = None

    def _point(self) -> float:
        """How much of the present stage is behind, 0 to 1."""
        progress = self.progress
        if progress.stage == "warm start" and not self.config.warm_start.enabled:
            return 1.0
        return self.schedule.point(progress.stage, progress.step, self._seconds(), progress.began, self.budget)

    def _epoch(self) -> None:
        """One epoch of the present stage, and all that follows it."""
        progress = self.progress
        self._prepare()
        if progress.stage == "polish":
            tally = self.steps.polish_epoch(progress)
        else:
            tally = self.steps.adam_epoch(progress, self._rate)
        progress.epoch += 1
        validation = validation_misfit(self.problem, progress.substeps, check=self._check_stop)
        if validation < progress.bar:
            self._keep_best(validation)
        self._judge(tally, validation)
        if progress.stage == "rollout":
            progress.multiplier = updated(
                progress.multiplier, tally.mean(tally.misfit), tally.mean(tally.penalty), self.config.multiplier,
                noise=self.noise, floor=self.floor, raised=self._raised(),
            )  # fmt: skip
        if not tally.bad:
            self._recover()
        self._report(tally, validation)
        self._take_snapshot()
        if time.monotonic() - self.saved >= self.config.run.checkpoint_seconds:
            self._write()

    # ------------------------------------------------------------------ before an epoch

    def _prepare(self) -> None:
        """The optimiser of the stage; horizon, substeps and batch size where they change."""
        progress = self.progress
        if progress.stage == "polish":
            self._sparsify()
        begins = self.steps.optimizer is None
        if begins:
            self.steps.make_optimizer(progress.stage)
        horizon = {"warm start": 1, "rollout": self.schedule.horizon(self._point())}.get(
            progress.stage, self.schedule.horizons[-1]
        )
        horizon = min(horizon, progress.limit or horizon)
        if begins or horizon != progress.horizon:
            self._set_horizon(horizon)
            self._tell(
                "stage", stage=progress.stage, horizon=horizon, windows=progress.windows, substeps=progress.substeps
            )

    def _sparsify(self) -> None:
        """Drop the small terms of sparse families; what remains is polished anew, and may cost a little misfit."""
        for name, module in learned_modules(self.problem.field).items():
            counts = module.family.sparsify(SPARSE_THRESHOLD)
            if counts is not None and counts[0] < counts[1]:
                self.progress.bar, self.steps.optimizer = SPARSE_MAY_COST * self.progress.best, None
                self._announce(f"`{name}` keeps {counts[0]} of {counts[1]} terms")

    def _set_horizon(self, horizon: int) -> None:
        progress = self.progress
        if horizon >= progress.horizon:
            self._set_substeps()
        progress.horizon = horizon
        progress.reference, progress.stale = math.inf, 0
        windows = self.config.optimizer.windows
        if windows == "auto":
            each = bytes_per_window(self.problem, self.steps.objective(progress.stage), progress.substeps)
            windows = affordable_windows(each, horizon, self.config.optimizer.memory, self.problem.points)
        progress.windows = min(windows, len(self.steps.objective(progress.stage).starts(horizon)))

    def _set_substeps(self) -> None:
        rules, progress = self.config.integrator, self.progress
        before, enough = progress.substeps, True
        if rules.substeps != "auto":
            progress.substeps = rules.substeps
        elif progress.stage != "warm start":
            # Before the warm start the vector field says nothing about the data.
            progress.substeps, enough = choose_substeps(self.problem, rules.tolerance)
        if progress.substeps != before:
            # Scores with other steps do not compare.
            progress.bar = math.inf
            self._announce(f"{progress.substeps} integrator steps per data interval")
        if not enough:
            self._announce(
                f"even {progress.substeps} integrator steps per data interval leave an error above "
                f"{rules.tolerance:g} standard deviations: the data may be too coarse in time"
            )

    def _rate(self) -> float:
        """Share of the learning rates at this point; the warm start keeps them whole."""
        return self.schedule.rate(self._point()) if self.progress.stage == "rollout" else 1.0

    # ------------------------------------------------------------------ after an epoch

    def _judge(self, tally: Tally, validation: float) -> None:
        """End a stage that makes no progress any more."""
        progress, patience = self.progress, self.config.safety.patience
        if progress.stage == "polish" and tally.bad:
            progress.over = True
            self._announce("L-BFGS met a rollout that is not finite: the weights before it are kept")
        if validation < CLEARLY * progress.reference:
            progress.reference, progress.stale = validation, 0
            return
        progress.stale += 1
        final = progress.horizon == self.schedule.horizons[-1]
        if progress.stage == "rollout" and final and 0 < patience <= progress.stale:
            progress.over = True
            self._announce(f"the validation misfit has not fallen by 1 % in {patience} epochs: Adam ends")
        elif progress.stage == "polish" and progress.stale >= POLISH_PATIENCE and not progress.over:
            progress.over = True
            self._announce(f"the validation misfit has not fallen by 1 % in {POLISH_PATIENCE} epochs: L-BFGS ends")

    def _recover(self) -> None:
        """After an epoch without bad steps: rates and horizon return by one step."""
        progress = self.progress
        progress.rate_scale = min(1.0, progress.rate_scale / self.config.safety.lr_reduction)
        if progress.limit is not None:
            progress.limit = 2 * progress.limit if 2 * progress.limit < self.schedule.horizons[-1] else None

    def _keep_best(self, validation: float) -> None:
        progress = self.progress
        progress.best = progress.bar = validation
        progress.best_epoch, progress.best_substeps = progress.epoch, progress.substeps
        self.best = {name: tensor.detach().clone() for name, tensor in self.problem.field.state_dict().items()}
        self.best_values = self._parameter_values()

    def _parameter_values(self) -> dict[str, float]:
        """Physical values, of a coefficient field the mean."""
        return {n: float(v.detach().double().mean()) for n, v in self.problem.field.physical.values().items()}

    def _raised(self) -> float:
        """How far the multiplier may have gone, 0 to 1."""
        return min(max((self._point() - RAISED_FROM) / (RAISED_TO - RAISED_FROM), 0.0), 1.0)

    def _report(self, tally: Tally, validation: float) -> None:
        progress, values, shares = self.progress, self._parameter_values(), tally.shares()
        row = {
            "epoch": progress.epoch, "stage": progress.stage, "horizon": progress.horizon,
            "misfit": tally.mean(tally.misfit), "penalty": tally.mean(tally.penalty),
            "multiplier": progress.multiplier, "validation": validation, "bad_steps": tally.bad,
            "seconds": self._seconds(),
        }  # fmt: skip
        self.history.append(
            row | {f"param.{n}": v for n, v in values.items()} | {f"share.{n}": v for n, v in shares.items()}
        )
        self._tell(
            "epoch",
            **row,
            parameters=values,
            learned=shares,
            minutes_left=self._minutes_left(),
            left_of="stage" if self.budget is None else "fit",
        )

    def _minutes_left(self) -> float | None:
        """Time left in minutes: of the budget, else of the stage, judged by its steps so far."""
        if self.budget is not None:
            return max(0.0, (self.budget - self._seconds()) / 60)
        point = self._point()
        return (self._seconds() - self.progress.began) * (1 - point) / point / 60 if 0 < point <= 1 else None

    # ------------------------------------------------------------------ snapshots

    def _take_snapshot(self) -> None:
        """Remember everything as it is now."""
        self.progress.seconds, self.clock = self._seconds(), time.monotonic()
        optimizer = self.steps.optimizer
        self.snapshot = {
            "modules": {name: copy.deepcopy(m.state_dict()) for name, m in self.problem.modules().items()},
            "optimizer": copy.deepcopy(optimizer.state_dict()) if optimizer is not None else None,
            "generator": self.steps.generator.bit_generator.state,
            "progress": self.progress.as_tree(),
            "best": self.best,
            "best_values": self.best_values,
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
        self.history = list(checkpoint["history"])
        self._put_back()
        if checkpoint["optimizer"] is None:
            self.steps.optimizer = None

    # ------------------------------------------------------------------ clock and messages

    def _seconds(self) -> float:
        return self.progress.seconds + time.monotonic() - self.clock

    def _check_stop(self) -> None:
        if self.should_stop():
            raise StopRequested("interrupted", "stopped on request")
        if self.budget is not None and self._seconds() > self.budget:
            raise StopRequested("done", f"the time budget of {self.config.run.minutes:g} minutes is spent")

    def _announce(self, text: str) -> None:
        self._tell("announce", text=text)

    def _tell(self, event: str, **content: Any) -> None:
        self.events({"event": event, **{k: _plain(v) for k, v in content.items()}})


def _plain(value: Any) -> Any:
    """None in place of a number that JSON cannot hold."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
