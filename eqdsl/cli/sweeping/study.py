"""The trials of a sweep in Optuna's journal, one line for every change, so that a kill at any moment loses none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eqdsl.cli.sweeping.plan import Plan
from eqdsl.core.errors import UsageError

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

NAME = "sweep"
FIXED = "fixed_params"
"""Where Optuna keeps the settings of a trial that waits."""


@dataclass(frozen=True)
class Trial:
    """One choice of settings.

    Parameters
    ----------
    number : int
        From 1.
    settings : dict of str to str
        Values by key, as `--set` takes them.
    state : str
        Optuna's: ``RUNNING`` (also when it was cut off), ``COMPLETE`` or ``FAIL``.
    value : float or None
        Validation misfit of a complete one.
    """

    number: int
    settings: dict[str, str]
    state: str = "RUNNING"
    value: float | None = None

    @property
    def name(self) -> str:
        """Its run folder."""
        return f"trial-{self.number:04}"


class Study:
    """The trials of a plan, from a journal file that is made when it is missing.

    Raises
    ------
    UsageError
        Optuna is not installed.
    """

    def __init__(self, journal: Path, plan: Plan) -> None:
        check_optuna()
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        fresh = not journal.exists()
        if not fresh:
            _drop_torn_line(journal)
        self.plan = plan
        self._study = optuna.create_study(
            storage=JournalStorage(JournalFileBackend(str(journal))), study_name=NAME, load_if_exists=True
        )
        if fresh:
            for settings in self._first():
                self._study.enqueue_trial(settings)
        # Another seed for every session: the same one would draw the first trials again.
        self._study.sampler = optuna.samplers.TPESampler(seed=plan.base.run.seed + len(self._study.trials))
        self._again = self._cut_off()

    def next(self) -> Trial | None:
        """A trial to run: first those that were cut off, then new ones; None when all have been given out."""
        if self._again:
            return self._again.pop(0)
        if self._drawn() >= self.plan.trials:
            return None
        drawn = self._study.ask(self._distributions())
        return Trial(drawn.number + 1, _texts(drawn.params))

    def complete(self, trial: Trial, value: float) -> None:
        """A trial ended with a validation misfit."""
        self._study.tell(trial.number - 1, value)

    def fail(self, trial: Trial) -> None:
        """A trial has no score."""
        import optuna

        self._study.tell(trial.number - 1, state=optuna.trial.TrialState.FAIL)

    def trials(self) -> list[Trial]:
        """Every trial that has begun, in order."""
        return [
            Trial(found.number + 1, _texts(found.params), found.state.name, found.value)
            for found in self._study.trials if self._begun(found)
        ]  # fmt: skip

    def _first(self) -> Iterator[dict[str, object]]:
        """Settings that are not drawn: all of a grid; for a search the defaults, so that none is worse than these."""
        if self.plan.grid:
            yield from map(dict, self.plan.combinations())
        else:
            yield {part.key: part.first for part in self.plan.space}

    def _distributions(self) -> dict[str, BaseDistribution]:
        from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

        found: dict[str, BaseDistribution] = {k: CategoricalDistribution(v) for k, v in self.plan.grid.items()}
        for part in self.plan.space:
            found[part.key] = (
                IntDistribution(int(part.low), int(part.high))
                if part.whole
                else FloatDistribution(part.low, part.high, log=True)
            )
        return found

    def _begun(self, found: FrozenTrial) -> bool:
        return found.params.keys() == set(self.plan.keys)

    def _drawn(self) -> int:
        return sum(self._begun(found) for found in self._study.trials)

    def _cut_off(self) -> list[Trial]:
        """Trials that a kill interrupted; one that had no settings yet is given up for a new one."""
        again = []
        for found in self._study.trials:
            if found.state.name != "RUNNING":
                continue
            trial = Trial(found.number + 1, _texts(found.params))
            if self._begun(found):
                again.append(trial)
                continue
            self.fail(trial)
            if FIXED in found.system_attrs:
                self._study.enqueue_trial(found.system_attrs[FIXED])
        return again


def check_optuna() -> None:
    """Raise `UsageError` when Optuna is not installed."""
    try:
        import optuna  # noqa: F401
    except ImportError:
        raise UsageError("a sweep needs optuna", help="install it with `pip install 'eqdsl[sweep]'`") from None


def _texts(settings: dict[str, object]) -> dict[str, str]:
    return {key: value if isinstance(value, str) else repr(value) for key, value in settings.items()}


def _drop_torn_line(journal: Path) -> None:
    """A kill while a line was written leaves a part of it, and Optuna would not read on behind it."""
    content = journal.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(journal, whole)
