"""Where data and runs lie, ignored by git, and results, which are committed. Files appear whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import h5py

from benchmarks.aphynity.problems import Problem

ROOT = Path(__file__).parents[2]
WORK = ROOT / ".benchmarks" / "aphynity"
RESULTS = ROOT / "benchmarks" / "results" / "aphynity"


def data_file(problem: Problem, part: str, folder: Path = WORK) -> Path:
    """The file of ``train`` or ``test``, made when it is missing."""
    path = folder / f"{problem.name}-{part}.h5"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}.partial")
        with h5py.File(partial, "w") as file:
            for name, values in problem.make(part).items():
                file[name] = values
        partial.replace(path)
    return path


def result_file(problem: str, variant: str, seed: int, folder: Path = RESULTS) -> Path:
    """The result of one unit."""
    return folder / f"{problem}-{variant}-{seed}.json"


def write_result(path: Path, result: dict[str, Any]) -> None:
    """Write a result beside its place and move it there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    partial.write_text(json.dumps(result, indent=1) + "\n")
    partial.replace(path)
