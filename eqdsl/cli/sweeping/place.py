"""The folder of a sweep.

==================  =====================================================================================
``NAME.eq``         the model's text, which every trial fits
``config.toml``     the settings that all trials share
``sweep.json``      what varies, and which data
``journal.log``     the trials, by Optuna
``trial-0001`` …    run folders; beside each ``trial-0001.log``, what its fit said on stderr
``sweep.csv``       one row per trial
``sweep.png``       score against settings
==================  =====================================================================================
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eqdsl.cli.sweeping.plan import Plan
from eqdsl.cli.sweeping.study import Study
from eqdsl.core.errors import DataError, UsageError
from eqdsl.fitting.checkpoint import write_atomically
from eqdsl.fitting.config_file import config_text, load_config
from eqdsl.fitting.run_place import beside
from eqdsl.model.model import Model
from eqdsl.syntax.reading import read_source

STATE, CONFIG, JOURNAL = "sweep.json", "config.toml", "journal.log"
CSV, PICTURE = "sweep.csv", "sweep.png"


@dataclass(frozen=True)
class Place:
    """A sweep on disk.

    Parameters
    ----------
    path : Path
    model : Path
        The model's text in it.
    state : dict
        Content of ``sweep.json``: ``model``, ``data``, ``grid``, ``search``.
    """

    path: Path
    model: Path
    state: dict[str, Any]


def create(path: Path, model: Model, plan: Plan, data: dict[str, Any]) -> Place:
    """Make the folder, whole or not at all.

    Raises
    ------
    UsageError
        There is something already, or no folder to put it in.
    """
    check_free(path)
    partial = beside(path.resolve(), "partial")
    partial.mkdir()
    source = Path(model.source.name)
    name = source.name if source.suffix == ".eq" else "model.eq"
    state = {"model": name, "data": data, "grid": plan.grid, "search": plan.trials if plan.space else None}
    try:
        write_atomically(partial / name, model.source.text)
        write_atomically(partial / CONFIG, config_text(plan.base))
        Study(partial / JOURNAL, plan)
        save_state(partial, state)
        if path.exists():
            path.rmdir()
        partial.rename(path)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return Place(path, path / name, state)


def check_free(path: Path) -> None:
    """Raise `UsageError` unless a sweep can be made at this place: nothing is there, or an empty folder."""
    if path.is_dir() and not any(path.iterdir()):
        return
    if (path / STATE).is_file():
        raise UsageError(f"{path}: exists already", help="name another folder, or go on with `--resume`")
    if path.exists() or path.is_symlink():
        raise UsageError(f"{path}: exists and is not a sweep", help="name another folder")
    if not path.parent.is_dir():
        raise UsageError(f"{path}: its folder does not exist", help=f"create it: `mkdir -p {path.parent}`")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise UsageError(f"{path}: its folder {path.parent} cannot be written to", help="name another folder")


def find(path: Path, model: Model) -> Place:
    """A sweep to go on with.

    Raises
    ------
    DataError
        There is none, it is damaged, or it is of another model.
    """
    if not (path / STATE).is_file():
        raise DataError("there is no such sweep", file=str(path), help="leave `--resume` out to make one")
    try:
        state = json.loads((path / STATE).read_text(encoding="utf-8"))
        text = read_source(path / state["model"]).text
        data, grid, search = state["data"]["sha256"], state["grid"], state["search"]
        whole = isinstance(data, str) and isinstance(grid, dict) and isinstance(search, int | None)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"is damaged: {error}", file=str(path / STATE)) from None
    if not whole:
        raise DataError("is damaged: it is not the state of a sweep", file=str(path / STATE))
    if text != model.source.text:
        raise DataError(
            f"was made with another model than {model.source.name}", file=str(path),
            help=f"resume with {path / state['model']}, or make another sweep",
        )  # fmt: skip
    load_config(path / CONFIG)
    return Place(path, path / state["model"], state)


def check_same_data(place: Place, data: dict[str, Any], file: str) -> None:
    """Raise `DataError` when the data are not those that the sweep began with."""
    if place.state["data"]["sha256"] != data["sha256"]:
        raise DataError(
            f"is not the data of {place.path} ({place.state['data']['path']})", file=file,
            help="resume with the same data, or make another sweep",
        )  # fmt: skip


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write ``sweep.json``."""
    write_atomically(path / STATE, json.dumps(state, indent=2, ensure_ascii=False) + "\n")
