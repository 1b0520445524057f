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

import numpy as np
import torch
from torch import Tensor

from eqdsl.core.errors import ComputationError
from eqdsl.fit.batch_size import affordable_windows, bytes_per_window
from eqdsl.fit.calibration import calibrate
from eqdsl.fit.config import FitConfig
from eqdsl.fit.errors import first_frame_errors
from eqdsl.fit.failure import blow_up
from eqdsl.fit.multiplier import Multiplier, noise_tolerance, updated
from eqdsl.fit.objectives.base import Objective
from eqdsl.fit.objectives.table import OBJECTIVES
from eqdsl.fit.optimizers import clip_gradients, make_adam, make_lbfgs, set_rate
from eqdsl.fit.penalty import Penalty, PenaltyValue
from eqdsl.fit.problem import Problem
from eqdsl.fit.progress import Progress, Tally
from eqdsl.fit.schedule import STAGES, make_schedule
from eqdsl.fit.substeps import choose_substeps
from eqdsl.fit.training_data import Batch

Event = dict[str, Any]
Tree = dict[str, Any]

SHORTEN_AFTER = 4
"""Bad steps in a row from which on the horizon is halved."""
SMALLEST_RATE = 1e-3
"""Least factor on the learning rates after bad steps."""
CLEARLY = 0.99
"""A validation misfit below this share of an earlier one counts as progress."""
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
        self.penalty = Penalty(problem.model, problem.field)
        self.objectives = {name: make(problem) for name, make in OBJECTIVES.items()}
        self.schedule = make_schedule(config, problem.train.horizon)
        self.noise = noise_tolerance(problem.model.noise, problem.observed)
        self.floor = float((100 * torch.finfo(problem.train.state.dtype).eps) ** 2)
        self.generator = np.random.default_rng(config.run.seed)
        self.progress = Progress(Multiplier(config.multiplier.start))
        self.history: list[dict[str, Any]] = []
        self.best: dict[str, Tensor] = {}
        self.best_values: dict[str, float] = {}
        self.optimizer: torch.optim.Optimizer | None = None
        self.snapshot: Tree = {}
        self.saved = self.clock = time.monotonic()

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
        else:
            self._restore(checkpoint)
        self._take_snapshot(write=checkpoint is None)
        try:
            for stage in STAGES[STAGES.index(self.progress.stage) :]:
                if stage != self.progress.stage:
                    self._begin(stage)
                while self._point() < 1 and not self.progress.over:
                    self._epoch()
            outcome = Outcome("done", "the planned steps are taken")
        except StopRequested as stop:
            self._put_back(counters=True)
            outcome = Outcome(stop.status, stop.reason)
        self._take_snapshot(write=True)
        self.problem.field.load_state_dict(self.best)
        return outcome

    def _begin(self, stage: str) -> None:
        progress = self.progress
        progress.stage, progress.step, progress.began, progress.over = stage, 0, self._seconds(), False
        progress.reference, progress.stale = math.inf, 0
        self.optimizer = None

    def _point(self) -> float:
        """How much of the present stage is behind, 0 to 1."""
        progress = self.progress
        if progress.stage == "warm start" and not self.config.warm_start.enabled:
            return 1.0
        return self.schedule.point(progress.stage, progress.step, self._seconds(), progress.began)

    def _epoch(self) -> None:
        """One epoch of the present stage, and all that follows it."""
        progress = self.progress
        self._prepare()
        tally = self._polish_epoch() if progress.stage == "polish" else self._adam_epoch()
        progress.epoch += 1
        misfit = tally.mean(tally.misfit)
        validation = self._validate()
        if validation < progress.best:
            self._keep_best(validation)
        self._judge(validation)
        if progress.stage == "rollout":
            progress.multiplier = updated(
                progress.multiplier, misfit, self.config.multiplier, noise=self.noise, floor=self.floor
            )
            if not tally.bad:
                self._recover()
        self._report(tally, validation)
        self._take_snapshot(write=time.monotonic() - self.saved >= self.config.run.checkpoint_seconds)

    # ------------------------------------------------------------------ before an epoch

    def _prepare(self) -> None:
        """Set horizon, substeps and batch size, and the optimiser of the stage."""
        progress, stage = self.progress, self.progress.stage
        horizon = {"warm start": 1, "rollout": self.schedule.horizon(self._point())}.get(
            stage, self.schedule.horizons[-1]
        )
        if progress.limit is not None:
            horizon = min(horizon, progress.limit)
        begins = self.optimizer is None
        if begins:
            self.optimizer = make_lbfgs(self.problem) if stage == "polish" else make_adam(
                self.problem, self.config.optimizer
            )
        if (begins and progress.step == 0) or horizon != progress.horizon:
            self._set_horizon(horizon)
            self._tell("stage", stage=stage, horizon=horizon, windows=progress.windows, substeps=progress.substeps)

    def _set_horizon(self, horizon: int) -> None:
        progress, options = self.progress, self.config
        if progress.stage != "warm start" and horizon >= progress.horizon:
            self._set_substeps()
        progress.horizon = horizon
        progress.multiplier = progress.multiplier.at_new_horizon()
        progress.reference, progress.stale = math.inf, 0
        windows = options.optimizer.windows
        if windows == "auto":
            each = bytes_per_window(self.problem, self._objective(), progress.substeps)
            windows = affordable_windows(each, horizon, options.optimizer.memory)
        progress.windows = min(windows, len(self.problem.starts(horizon)))

    def _set_substeps(self) -> None:
        rules, before = self.config.integrator, self.progress.substeps
        if rules.substeps != "auto":
            self.progress.substeps = rules.substeps
            return
        self.progress.substeps, enough = choose_substeps(self.problem, rules.tolerance)
        if not enough:
            self._announce(
                f"even {self.progress.substeps} integrator steps per data interval leave an error above "
                f"{rules.tolerance:g} standard deviations; the data may be too coarse in time"
            )
        elif self.progress.substeps != before:
            self._announce(f"{self.progress.substeps} integrator steps per data interval")

    def _objective(self) -> Objective:
        return self.objectives["derivative" if self.progress.stage == "warm start" else "rollout"]

    # ------------------------------------------------------------------ Adam

    def _adam_epoch(self) -> Tally:
        tally = Tally()
        starts = self.problem.starts(self.progress.horizon)
        for _ in range(self.config.optimizer.epoch_steps):
            self._check_stop()
            chosen = self.generator.choice(len(starts), size=self.progress.windows, replace=False, shuffle=False)
            self._adam_step(self.problem.train.batch(starts[chosen], self.progress.horizon), tally)
            self.progress.step += 1
            if tally.bad and self.progress.limit is not None and self.progress.limit < self.progress.horizon:
                break
        return tally

    def _adam_step(self, batch: Batch, tally: Tally) -> None:
        """One step; when anything in it is not finite, weights and optimiser stay as they were."""
        assert self.optimizer is not None
        try:
            misfit, penalty = self._loss(batch)
        except ComputationError as error:
            self._bad_step(batch, tally, error)
            return
        norms = clip_gradients(self.optimizer, self.config.optimizer.clip)
        # The one place of a step that waits for the device.
        numbers = torch.stack([misfit, penalty.total, *penalty.norms.values(), *norms]).tolist()
        if not all(map(math.isfinite, numbers)):
            self._bad_step(batch, tally)
            return
        set_rate(self.optimizer, self._rate())
        self.optimizer.step()
        self.progress.bad = 0
        tally.add(numbers[0], numbers[1], dict(zip(penalty.norms, numbers[2:], strict=False)))

    def _loss(self, batch: Batch) -> tuple[Tensor, PenaltyValue]:
        """Misfit and penalty of a batch, with the gradient of ``misfit + penalty/multiplier`` left in the weights."""
        assert self.optimizer is not None
        self.optimizer.zero_grad()
        misfit = self._objective().misfit(batch, self.progress.substeps)
        penalty = self.penalty(batch)
        (misfit + penalty.total / self.progress.multiplier.value).backward()
        return misfit.detach(), penalty.detached()

    def _rate(self) -> float:
        point = self._point() if self.progress.stage == "rollout" else 0.0
        return self.schedule.rate(point) * self.progress.rate_scale

    def _bad_step(self, batch: Batch, tally: Tally, error: ComputationError | None = None) -> None:
        rules, progress = self.config.safety, self.progress
        tally.bad += 1
        progress.bad += 1
        if not rules.skip or progress.bad >= rules.max_bad_steps:
            raise error or blow_up(self.problem, batch, progress, progress.bad)
        if rules.rollback:
            self._put_back(counters=False)
        progress.rate_scale = max(progress.rate_scale * rules.lr_reduction, SMALLEST_RATE)
        if rules.shorten and progress.bad >= SHORTEN_AFTER and progress.stage == "rollout":
            progress.limit = max(1, progress.horizon // 2)

    def _recover(self) -> None:
        """After an epoch without bad steps: rates and horizon return by one step."""
        progress = self.progress
        progress.rate_scale = min(1.0, progress.rate_scale / self.config.safety.lr_reduction)
        if progress.limit is not None:
            progress.limit = 2 * progress.limit if 2 * progress.limit < self.schedule.horizons[-1] else None

    # ------------------------------------------------------------------ L-BFGS

    def _polish_epoch(self) -> Tally:
        assert isinstance(self.optimizer, torch.optim.LBFGS)
        tally = Tally()
        batch = self._polish_batch()
        last: dict[str, Any] = {}

        def closure() -> Tensor:
            self._check_stop()
            misfit, penalty = self._loss(batch)
            last.update(misfit=misfit, penalty=penalty)
            return misfit + penalty.total / self.progress.multiplier.value

        try:
            self.optimizer.step(closure)  # type: ignore[no-untyped-call]
            misfit, penalty = self._loss(batch)
        except ComputationError:
            misfit = torch.tensor(math.nan)
        finite = math.isfinite(float(misfit)) and all(bool(torch.isfinite(p).all()) for p in self.problem.parameters())
        if finite:
            tally.add(float(misfit), float(penalty.total), {n: float(v) for n, v in penalty.norms.items()})
        else:
            self._put_back(counters=False)
            self._announce("L-BFGS met a rollout that is not finite: the weights before it are kept")
            tally.bad, self.progress.over = 1, True
        self.progress.step += self.optimizer.param_groups[0]["max_iter"]
        return tally

    def _polish_batch(self) -> Batch:
        """The same windows in every epoch: L-BFGS needs one function."""
        starts = self.problem.starts(self.progress.horizon)
        generator = np.random.default_rng([self.config.run.seed, 1])
        chosen = np.sort(generator.choice(len(starts), size=self.progress.windows, replace=False))
        return self.problem.train.batch(starts[chosen], self.progress.horizon)

    # ------------------------------------------------------------------ after an epoch

    def _validate(self) -> float:
        """Misfit of rollouts from first frames over the full horizon; infinite when one diverges."""
        problem, data = self.problem, self.problem.validation
        fitted = problem.velocities if data is problem.train else None
        try:
            sums = first_frame_errors(
                lambda start, times: problem.rollout(start, times, self.progress.substeps), data,
                start=fitted.put_into if fitted is not None else None, check=self._check_stop,
            )  # fmt: skip
        except ComputationError:
            return math.inf
        scaled = sums.per_channel(first=1) / problem.variance.double().cpu()
        value = float(scaled[~torch.isnan(sums.count.sum(0)) & (sums.count.sum(0) > 0)].mean())
        return value if math.isfinite(value) else math.inf

    def _judge(self, validation: float) -> None:
        """End a stage that makes no progress any more."""
        progress, patience = self.progress, self.config.safety.patience
        if validation < CLEARLY * progress.reference:
            progress.reference, progress.stale = validation, 0
            return
        progress.stale += 1
        if progress.stage == "rollout" and patience and progress.horizon == self.schedule.horizons[-1]:
            if progress.stale >= patience:
                progress.over = True
                self._announce(f"the validation misfit has not fallen by 1 % in {patience} epochs: Adam ends")
        elif progress.stage == "polish" and progress.stale >= POLISH_PATIENCE:
            progress.over = True
            self._announce(f"the validation misfit has not fallen by 1 % in {POLISH_PATIENCE} epochs: L-BFGS ends")

    def _keep_best(self, validation: float) -> None:
        self.progress.best, self.progress.best_epoch = validation, self.progress.epoch
        self.best = {name: tensor.detach().clone() for name, tensor in self.problem.field.state_dict().items()}
        self.best_values = self._parameter_values()

    def _parameter_values(self) -> dict[str, float]:
        """Physical values, of a coefficient field the mean."""
        return {n: float(v.detach().double().mean()) for n, v in self.problem.field.physical.values().items()}

    def _report(self, tally: Tally, validation: float) -> None:
        progress = self.progress
        values = self._parameter_values()
        row = {
            "epoch": progress.epoch, "stage": progress.stage, "horizon": progress.horizon,
            "misfit": tally.mean(tally.misfit), "penalty": tally.mean(tally.penalty),
            "multiplier": progress.multiplier.value, "validation": validation, "bad_steps": tally.bad,
            "seconds": self._seconds(),
        }  # fmt: skip
        shares = tally.shares()
        self.history.append(
            row | {f"param.{n}": v for n, v in values.items()} | {f"share.{n}": v for n, v in shares.items()}
        )
        self._tell("epoch", **row, parameters=values, learned=shares, minutes_left=self._minutes_left())

    def _minutes_left(self) -> float | None:
        """Time left in minutes: of the budget, else of the stage, judged by its steps so far."""
        if self.config.run.minutes is not None:
            return max(0.0, self.config.run.minutes - self._seconds() / 60)
        point = self._point()
        return (self._seconds() - self.progress.began) * (1 - point) / point / 60 if 0 < point <= 1 else None

    # ------------------------------------------------------------------ snapshots

    def _take_snapshot(self, *, write: bool) -> None:
        """Remember everything as it is now."""
        self.progress.seconds, self.clock = self._seconds(), time.monotonic()
        self.snapshot = {
            "modules": {name: copy.deepcopy(m.state_dict()) for name, m in self.problem.modules().items()},
            "optimizer": copy.deepcopy(self.optimizer.state_dict()) if self.optimizer is not None else None,
            "generator": self.generator.bit_generator.state,
            "progress": self.progress.as_tree(),
            "best": self.best,
            "best_values": self.best_values,
            "history": list(self.history),
        }
        if write:
            self.save(self.snapshot)
            self.saved = time.monotonic()

    def _put_back(self, *, counters: bool) -> None:
        """Return to the snapshot: weights and optimiser, and with `counters` all the rest."""
        for name, module in self.problem.modules().items():
            module.load_state_dict(self.snapshot["modules"][name])
        if self.optimizer is not None and self.snapshot["optimizer"] is not None:
            self.optimizer.load_state_dict(copy.deepcopy(self.snapshot["optimizer"]))
        if counters:
            self._restore_counters(self.snapshot)

    def _restore(self, checkpoint: Tree) -> None:
        self.snapshot = checkpoint
        self._restore_counters(checkpoint)
        if checkpoint["optimizer"] is not None:
            polishing = self.progress.stage == "polish"
            self.optimizer = make_lbfgs(self.problem) if polishing else make_adam(self.problem, self.config.optimizer)
        self._put_back(counters=False)

    def _restore_counters(self, tree: Mapping[str, Any]) -> None:
        self.generator.bit_generator.state = tree["generator"]
        self.progress = Progress.from_tree(tree["progress"])
        self.best, self.best_values = tree["best"], tree["best_values"]
        self.history = list(tree["history"])
        self.clock = time.monotonic()

    # ------------------------------------------------------------------ clock and messages

    def _seconds(self) -> float:
        return self.progress.seconds + time.monotonic() - self.clock

    def _check_stop(self) -> None:
        if self.should_stop():
            raise StopRequested("interrupted", "stopped on request")
        if self.config.run.minutes is not None and self._seconds() > 60 * self.config.run.minutes:
            raise StopRequested("done", f"the time budget of {self.config.run.minutes:g} minutes is spent")

    def _announce(self, text: str) -> None:
        self._tell("announce", text=text)

    def _tell(self, event: str, **content: Any) -> None:
        self.events({"event": event, **{k: _plain(v) for k, v in content.items()}})


def _plain(value: Any) -> Any:
    """None in place of a number that JSON cannot hold."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
