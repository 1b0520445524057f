"""Trials as processes: one fit each, with one thread."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from eqdsl.cli.fit_process import FitProcess, begin, last_error
from eqdsl.cli.sweeping.place import CONFIG, Place
from eqdsl.cli.sweeping.study import Trial


@dataclass(frozen=True)
class Running(FitProcess):
    """A trial and its process."""

    trial: Trial


def start(place: Place, trial: Trial, data: str, lock: int) -> Running:
    """Begin a trial, or go on with one that was cut off."""
    folder = place.path / trial.name
    arguments = ["fit", str(place.model), data, "-o", str(folder), "--quiet"]
    if folder.exists():
        arguments.append("--resume")
    else:
        arguments += ["--config", str(place.path / CONFIG)]
        arguments += [word for key, value in trial.settings.items() for word in ("--set", f"{key}={value}")]
    return Running(begin(arguments, log_of(place, trial), lock), trial)


def log_of(place: Place, trial: Trial) -> Path:
    """What the fit of a trial said on stderr."""
    return place.path / f"{trial.name}.log"


def message_of(place: Place, trial: Trial) -> str:
    """The last error in a trial's log, else its last line."""
    return last_error(log_of(place, trial))
