"""Where a run folder may be put, and how it replaces an older run without a moment in which neither is there.

The new folder is filled beside the place, the old one is renamed aside, the new one is renamed in, the old one is
deleted. Whatever is cut off there leaves a whole run, at its place or beside it under a name that `set_aside` finds.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from eqdsl.core.errors import UsageError
from eqdsl.fitting.checkpoint import sync_folder

MODEL, CONFIG, STATE, HISTORY = "model.eq", "config.toml", "state.json", "history.csv"
WEIGHTS, CHECKPOINT, STARTS = "weights.safetensors", "checkpoint.safetensors", "starts.safetensors"
SAMPLES = {"train": "sample_train.h5", "validation": "sample_validation.h5", "test": "sample_test.h5"}
DISTILLED, REPORT, PLOTS = "distilled.eq", "report.html", "plots"
MEMBERS = "members"
"""Folder of the other runs of an ensemble, ``seed-1``, …, each with the log of its fit beside it."""

ESSENTIAL = (MODEL, CONFIG, STATE, WEIGHTS, CHECKPOINT)
"""What makes a folder a run."""

OWN = {*ESSENTIAL, HISTORY, STARTS, *SAMPLES.values(), DISTILLED, REPORT}
"""The files that a fit and an inspection write into it; pictures lie in `PLOTS`."""

_MEMBER, _MEMBERS_OWN = re.compile(r"seed-\d+"), re.compile(r"seed-\d+\.log|\.lock|\.seed-\d+\.\w+-\d+")
_LEFT_OVER = re.compile(r"\.(.+)\.(\d+\.tmp|\w+\.partial)")
"""A file that was being written when its process was killed."""


def run_place(path: Path, *, force: bool) -> Path:
    """The folder that a new run will be, links followed; with `force` another run or an empty folder may be there.

    Raises
    ------
    UsageError
        The place is taken, holds the folder that the process works in, or cannot be written to.
    """
    if path.is_symlink() and not path.exists():
        raise UsageError(f"{path}: is a link to {path.readlink()}, which does not exist", help="name another folder")
    place = path.resolve()
    if place == Path.cwd() or place in Path.cwd().parents:
        raise UsageError(
            f"{path}: a run cannot take the place of the folder you are in", help="name a folder in it: `-o run`"
        )
    if not place.parent.is_dir():
        raise UsageError(f"{path}: its folder does not exist", help=f"create it: `mkdir -p {path.parent}`")
    if not os.access(place.parent, os.W_OK | os.X_OK):
        raise UsageError(f"{path}: its folder {place.parent} cannot be written to", help="name another folder")
    if place.exists():
        _check_replaceable(path, place, force)
    return place


def _check_replaceable(path: Path, place: Path, force: bool) -> None:
    if not place.is_dir():
        raise UsageError(f"{path}: exists and is not a folder", help="name another folder")
    if not any(place.iterdir()):
        return
    missing = [name for name in ESSENTIAL if not (place / name).is_file()]
    if missing:
        raise UsageError(f"{path}: exists and is not a run folder: it has no {missing[0]}", help="name another folder")
    if not force:
        raise UsageError(
            f"{path}: exists already", help="name another folder, replace it with `--force`, or go on with `--resume`"
        )
    foreign = next(_foreign(place), None)
    if foreign is not None:
        raise UsageError(
            f"{path}: holds {foreign}, which is no part of a run and would be lost",
            help="move it away, or name another folder",
        )


def _foreign(place: Path) -> Iterator[str]:
    """Names in a run folder that eqdsl did not write, in order."""
    for entry in sorted(place.iterdir()):
        if entry.name == PLOTS and entry.is_dir() and not entry.is_symlink():
            yield from (f"{PLOTS}/{inner.name}" for inner in sorted(entry.iterdir()) if inner.suffix != ".png")
            continue
        if entry.name == MEMBERS and entry.is_dir() and not entry.is_symlink():
            yield from (f"{MEMBERS}/{name}" for name in _foreign_member(entry))
            continue
        left_over = _LEFT_OVER.fullmatch(entry.name)
        name = left_over[1] if left_over else entry.name
        if name not in OWN or entry.is_symlink() or not entry.is_file():
            yield entry.name


def _foreign_member(members: Path) -> Iterator[str]:
    """The same in the folder of the members of an ensemble."""
    for entry in sorted(members.iterdir()):
        if entry.is_symlink() or not (_MEMBER.fullmatch(entry.name) or _MEMBERS_OWN.fullmatch(entry.name)):
            yield entry.name
        elif _MEMBER.fullmatch(entry.name):
            yield from (f"{entry.name}/{inner}" for inner in _foreign(entry))


def beside(place: Path, kind: str) -> Path:
    """A hidden name of this process in the same folder."""
    return place.with_name(f".{place.name}.{kind}-{os.getpid()}")


def put_in_place(partial: Path, place: Path) -> None:
    """Rename a finished folder to its place, and delete what was there."""
    old = beside(place, "replaced")
    taken = place.exists()
    if taken:
        place.rename(old)
    try:
        partial.rename(place)
    except BaseException:
        if taken:
            old.rename(place)
        raise
    sync_folder(place.parent)
    if taken:
        shutil.rmtree(old, ignore_errors=True)


def set_aside(place: Path) -> list[Path]:
    """Whole runs beside a place, left there when their replacement was cut off."""
    if not place.name or not place.parent.is_dir() or place.exists():
        return []
    found = sorted(place.parent.glob(f".{_literal(place.name)}.replaced-*"))
    return [folder for folder in found if all((folder / name).is_file() for name in ESSENTIAL)]


def _literal(name: str) -> str:
    """A glob pattern that matches this name only."""
    return re.sub(r"([*?\[])", r"[\1]", name)
