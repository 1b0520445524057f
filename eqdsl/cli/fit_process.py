"""A fit in a process of its own, which runs the same command: a trial of a sweep, or a member of an ensemble."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from eqdsl.cli.failures import INTERRUPTED

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


@dataclass(frozen=True)
class FitProcess:
    """A running fit."""

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


def begin(arguments: Sequence[str], log: Path, lock: int) -> subprocess.Popen[bytes]:
    """Start ``eqdsl ARGUMENTS`` with one thread, its stderr added to a log.

    The process has a session of its own, so that Ctrl-C reaches the starter alone, which then asks it to stop. It keeps
    the descriptor `lock` until it ends.
    """
    with log.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "eqdsl.cli.worker", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=file, pass_fds=(lock,), start_new_session=True,
            env={**os.environ, **ONE_THREAD, "NO_COLOR": "1"},
        )  # fmt: skip


def last_error(log: Path) -> str:
    """The last error in a log, else its last line."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error")]
    return (errors or lines or ["no message"])[-1]
