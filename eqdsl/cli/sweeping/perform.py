"""The work of `eqdsl sweep`: a plan checked, trials run, a table left. Loads torch."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from eqdsl.cli.console import result, result_json, say
from eqdsl.cli.failures import FAILED_COMPUTATION, INTERRUPTED
from eqdsl.cli.fit_display import number
from eqdsl.cli.fitting import base_config
from eqdsl.cli.interruption import StopRequest
from eqdsl.cli.locking import locked
from eqdsl.cli.sources import read_model
from eqdsl.cli.sweeping import outcome
from eqdsl.cli.sweeping.outcome import Row, best_first, csv_text, row_of, score_of, table
from eqdsl.cli.sweeping.place import (
    CONFIG,
    CSV,
    JOURNAL,
    PICTURE,
    Place,
    check_free,
    check_same_data,
    create,
    find,
    save_state,
)
from eqdsl.cli.sweeping.plan import Plan, grid_plan, one_split, parse_grid, search_plan
from eqdsl.cli.sweeping.study import Study, check_optuna
from eqdsl.cli.sweeping.trials import Running, log_of, message_of, start
from eqdsl.core.errors import UsageError
from eqdsl.data.reading import read_data
from eqdsl.fitting.checkpoint import write_atomically
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.config_file import changed_keys, load_config
from eqdsl.fitting.fingerprint import fingerprint
from eqdsl.fitting.penalty import check_weights
from eqdsl.fitting.problem import check_something_to_fit
from eqdsl.inspection.figures.style import NO_PICTURES, can_draw
from eqdsl.inspection.figures.sweep import draw_sweep
from eqdsl.model.model import Model

POLL = 0.05
"""Seconds between two looks at the trials."""
STOPPING = "stopping the trials after their present steps; `--resume` goes on with them; again to stop at once"


@dataclass(frozen=True)
class Request:
    """The options of `eqdsl sweep`."""

    model: str
    data: str
    out: Path
    grid: tuple[str, ...]
    search: int | None
    jobs: int
    config_path: Path | None
    sets: tuple[str, ...]
    mapping: tuple[tuple[str, str], ...]
    resume: bool
    quiet: bool
    as_json: bool


def perform(request: Request) -> None:
    """Run the trials and say on stdout what came out.

    Leaves with status 130 when it was interrupted, 3 when no trial is complete or a trial was killed.
    """
    check_optuna()
    model = read_model(request.model)
    check_something_to_fit(model)
    place, plan = _resumed(request, model) if request.resume else _made(request, model)
    with locked(place.path, "sweep") as lock:
        study = Study(place.path / JOURNAL, plan)
        with StopRequest(STOPPING) as should_stop:
            _Pool(place, plan, study, request, lock).run(should_stop)
        rows = write_results(place, plan, study)
    _tell(request, place, plan, rows)
    if should_stop.asked:
        raise click.exceptions.Exit(INTERRUPTED)
    if not any(row.state == outcome.COMPLETE for row in rows) or any(row.state == outcome.INTERRUPTED for row in rows):
        raise click.exceptions.Exit(FAILED_COMPUTATION)


class _Pool:
    """At most `jobs` trials at a time."""

    def __init__(self, place: Place, plan: Plan, study: Study, request: Request, lock: int) -> None:
        self.place, self.plan, self.study, self.request, self.lock = place, plan, study, request, lock
        self.running: list[Running] = []

    def run(self, should_stop: StopRequest) -> None:
        """Run trials until all have ended or somebody asks to stop."""
        try:
            while self._fill(should_stop) or self.running:
                self._collect()
                time.sleep(POLL)
                if should_stop.asked:
                    for one in self.running:
                        one.stop()
                    while self.running:
                        self._collect()
                        time.sleep(POLL)
        finally:
            for one in self.running:
                one.kill()

    def _fill(self, should_stop: StopRequest) -> bool:
        """Start trials while there is room; whether one was started."""
        begun = False
        while len(self.running) < self.request.jobs and not should_stop.asked:
            trial = self.study.next()
            if trial is None:
                return begun
            self.running.append(start(self.place, trial, self.request.data, self.lock))
            self._say(f"{trial.name} of {self.plan.trials}: {', '.join(f'{k}={v}' for k, v in trial.settings.items())}")
            begun = True
        return begun

    def _collect(self) -> None:
        """Take the results of the trials that have ended."""
        for one in [one for one in self.running if one.process.poll() is not None]:
            self.running.remove(one)
            self._end(one)
            write_table(self.place, self.plan, self.study)

    def _end(self, one: Running) -> None:
        trial = one.trial
        if one.cut_off:
            self._say(f"{trial.name}: interrupted; `--resume` goes on with it")
            return
        score = score_of(self.place, trial) if one.succeeded else None
        if score is not None:
            self.study.complete(trial, score)
            self._say(f"{trial.name}: validation {number(score)}")
            return
        if one.succeeded:
            with log_of(self.place, trial).open("a", encoding="utf-8") as log:
                log.write("error: no finite validation misfit: rollouts diverge\n")
        self.study.fail(trial)
        self._say(f"{trial.name}: failed: {message_of(self.place, trial)}")

    def _say(self, text: str) -> None:
        if not self.request.quiet:
            say(text)


def write_table(place: Place, plan: Plan, study: Study) -> list[Row]:
    """``sweep.csv`` from what is known now."""
    rows = [row_of(place, trial) for trial in study.trials()]
    write_atomically(place.path / CSV, csv_text(rows, plan.keys))
    return rows


def write_results(place: Place, plan: Plan, study: Study) -> list[Row]:
    """``sweep.csv``, and ``sweep.png`` where it can be drawn and a trial has a score."""
    rows = write_table(place, plan, study)
    scored = [row for row in rows if row.validation is not None]
    if not can_draw():
        say(NO_PICTURES)
    elif scored:
        settings, scores = [row.settings for row in scored], [row.validation or 0.0 for row in scored]
        write_atomically(place.path / PICTURE, draw_sweep(plan.keys, settings, scores))
    return rows


def _made(request: Request, model: Model) -> tuple[Place, Plan]:
    """A new sweep."""
    check_free(request.out)
    plan = _plan(request, model, _base(request, FitConfig()))
    return create(request.out, model, plan, _data(request, model, plan.base)), plan


def _resumed(request: Request, model: Model) -> tuple[Place, Plan]:
    """The sweep in the folder; a larger `--search` gives it more trials, everything else stays."""
    place = find(request.out, model)
    stored = load_config(place.path / CONFIG)
    state: dict[str, Any] = place.state
    if state["search"] is None:
        before = grid_plan(stored, state["grid"], model)
    else:
        before = search_plan(stored, state["search"], model)
    base = one_split(_base(request, stored), before.keys)
    asked = _plan(request, model, base) if request.grid or request.search is not None else before
    different = [*changed_keys(stored, base), *(["--grid"] if asked.grid != before.grid else [])]
    different += ["--search"] if asked.space != before.space else []
    if different or asked.trials < before.trials:
        what = ", ".join(different) or f"--search was {before.trials}"
        raise UsageError(
            f"{place.path}: a resumed sweep keeps what it varies, but these differ: {what}",
            help="leave them out (only --search may grow), or make another sweep",
        )
    check_same_data(place, _data(request, model, stored), request.data)
    if asked.trials > before.trials:
        state["search"] = asked.trials
        save_state(place.path, state)
    return place, asked


def _plan(request: Request, model: Model, base: FitConfig) -> Plan:
    if bool(request.grid) == (request.search is not None):
        raise UsageError(
            "a sweep needs either --grid or --search",
            help="for example `--grid optimizer.learning_rate=1e-3,1e-2`, or `--search 20`",
        )
    if request.search is not None:
        return search_plan(base, request.search, model)
    return grid_plan(base, parse_grid(request.grid), model)


def _base(request: Request, otherwise: FitConfig) -> FitConfig:
    return base_config(request.config_path, request.sets, request.mapping, otherwise)


def _data(request: Request, model: Model, config: FitConfig) -> dict[str, Any]:
    """Which data; reading them now finds what is wrong with them before anything runs."""
    check_weights(model, config.multiplier)
    file = Path(request.data)
    return fingerprint(read_data(file, model, mapping=config.data.map or None, scattered=True), file)


def _tell(request: Request, place: Place, plan: Plan, rows: list[Row]) -> None:
    best = next((row for row in best_first(rows) if row.validation is not None), None)
    if request.as_json:
        result_json({
            "out": str(place.path), "objective": "validation", "trials": [row.as_json() for row in rows],
            "best": None if best is None else best.as_json(), "not_run": plan.trials - len(rows),
        })  # fmt: skip
        return
    if rows:
        result(table(rows, plan.keys))
    if plan.trials > len(rows):
        result(f"{plan.trials - len(rows)} trials have not run; `--resume` runs them")
    if best is not None:
        result(f"best: {best.run}, validation misfit {number(best.validation)} variances of the data")
