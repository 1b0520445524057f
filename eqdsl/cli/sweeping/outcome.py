"""What a sweep found: one row per trial, as a table, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eqdsl.cli.fit_display import duration, number
from eqdsl.cli.sweeping.place import Place
from eqdsl.cli.sweeping.study import Trial
from eqdsl.cli.sweeping.trials import message_of
from eqdsl.core.errors import EqdslError
from eqdsl.fitting.run_folder import load_run

COMPLETE, FAIL, INTERRUPTED = "COMPLETE", "FAIL", "INTERRUPTED"


@dataclass(frozen=True)
class Row:
    """A trial and its run.

    Parameters
    ----------
    trial : int
    run : Path
    state : str
        ``COMPLETE``, ``FAIL``, or ``INTERRUPTED``: `--resume` goes on with it.
    settings : dict of str to str
    validation : float or None
        Smallest validation misfit, in variances of the data.
    epochs : int or None
    seconds : float or None
    parameters : dict of str to float
    message : str
        Why a trial failed.
    """

    trial: int
    run: Path
    state: str
    settings: dict[str, str]
    validation: float | None
    epochs: int | None = None
    seconds: float | None = None
    parameters: dict[str, float] = field(default_factory=dict)
    message: str = ""

    def as_json(self) -> dict[str, Any]:
        """The row for JSON."""
        return {
            "trial": self.trial, "run": str(self.run), "state": self.state, "settings": self.settings,
            "validation": self.validation, "epochs": self.epochs, "seconds": self.seconds,
            "parameters": self.parameters, "message": self.message,
        }  # fmt: skip


def row_of(place: Place, trial: Trial) -> Row:
    """What is known about a trial, from its run folder as far as there is one."""
    folder = place.path / trial.name
    state = INTERRUPTED if trial.state == "RUNNING" else trial.state
    message = message_of(place, trial) if state == FAIL else ""
    try:
        found = load_run(folder).state
    except EqdslError:
        return Row(trial.number, folder, state, trial.settings, trial.value, message=message)
    return Row(
        trial.number, folder, state, trial.settings, trial.value, found.get("epochs"), found.get("seconds"),
        dict(found.get("parameters", {})), message,
    )  # fmt: skip


def score_of(place: Place, trial: Trial) -> float | None:
    """The validation misfit of a finished run; None where it is not finite."""
    value = load_run(place.path / trial.name).state.get("validation")
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def best_first(rows: Sequence[Row]) -> list[Row]:
    """Complete trials by their score, then the others by number."""
    return sorted(rows, key=lambda row: (math.inf if row.validation is None else row.validation, row.trial))


def table(rows: Sequence[Row], keys: Sequence[str]) -> str:
    """The rows in aligned columns, best first."""
    head = ["trial", "state", *keys, "validation", "epochs", "time", ""]
    body = [
        [
            row.run.name, row.state, *(_short(row.settings[key]) for key in keys), number(row.validation),
            "-" if row.epochs is None else str(row.epochs),
            "-" if row.seconds is None else duration(row.seconds), row.message,
        ]
        for row in best_first(rows)
    ]  # fmt: skip
    widths = [max(len(line[column]) for line in [head, *body]) for column in range(len(head))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in [head, *body])
    return "\n".join(line.rstrip() for line in lines)


def csv_text(rows: Sequence[Row], keys: Sequence[str]) -> str:
    """The rows by number; parameters as ``param.NAME``."""
    names = list(dict.fromkeys(name for row in rows for name in row.parameters))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["trial", "run", "state", *keys, "validation", "epochs", "seconds", *(f"param.{n}" for n in names), "message"]
    )
    for row in rows:
        writer.writerow([
            row.trial, row.run.name, row.state, *(row.settings[key] for key in keys), row.validation, row.epochs,
            row.seconds, *(row.parameters.get(name) for name in names), row.message,
        ])  # fmt: skip
    return text.getvalue()


def _short(text: str) -> str:
    """A drawn number with four digits; everything else as it is."""
    try:
        value = float(text)
    except ValueError:
        return text
    return text if len(text) <= 8 else number(value)
