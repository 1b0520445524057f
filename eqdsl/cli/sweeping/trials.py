"""Trials as processes: one fit each, with one thread."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from eqdsl.cli.failures import INTERRUPTED
from eqdsl.cli.sweeping.place import CONFIG, Place
from eqdsl.cli.sweeping.study import Trial

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Running:
    """A trial and its process."""

    trial: Trial
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """Ask for a clean stop after the present step."""
        self.process.terminate()

    def kill(self) -> None:
        """Stop at once; the last checkpoint is left."""
        self.process.kill()
        self.process.wait()

    @property
    def cut_off(self) -> bool:
        """Whether the ended process was stopped from outside: its run is whole, and can go on."""
        return self.process.returncode < 0 or self.process.returncode == INTERRUPTED

    @property
    def succeeded(self) -> bool:
        """Whether the ended process left a finished run."""
        return self.process.returncode == 0


def start(place: Place, trial: Trial, data: str, lock: int) -> Running:
    """Begin a trial, or go on with one that was cut off.

    The process has a session of its own, so that Ctrl-C reaches the sweep alone, which then asks its trials to stop.
    """
    folder = place.path / trial.name
    arguments = ["fit", str(place.model), data, "-o", str(folder), "--quiet"]
    if folder.exists():
        arguments.append("--resume")
    else:
        arguments += ["--config", str(place.path / CONFIG)]
        arguments += [word for key, value in trial.settings.items() for word in ("--set", f"{key}={value}")]
    with log_of(place, trial).open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "eqdsl.cli.sweeping.worker", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log, pass_fds=(lock,), start_new_session=True,
            env={**os.environ, **ONE_THREAD, "NO_COLOR": "1"},
        )  # fmt: skip
    return Running(trial, process)


def log_of(place: Place, trial: Trial) -> Path:
    """What the fit of a trial said on stderr."""
    return place.path / f"{trial.name}.log"


def message_of(place: Place, trial: Trial) -> str:
    """The last error in a trial's log, else its last line."""
    try:
        lines = log_of(place, trial).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error")]
    return (errors or lines or ["no message"])[-1]
