"""A folder that one process and the fits it started have to themselves."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eqdsl.core.errors import UsageError

LOCK = ".lock"
PATIENCE = 30.0
"""Seconds to wait for the fits of a killed process to end."""


@contextmanager
def locked(path: Path, what: str) -> Iterator[int]:
    """The folder for this process and the fits it starts, which keep the descriptor yielded; the last to end frees it.

    Raises
    ------
    UsageError
        Another process, or a fit that a killed one left behind, still works in it; `what` names what that is.
    """
    descriptor = os.open(path / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise UsageError(f"{path}: another {what} works in it", help="wait until it ends") from None
                time.sleep(0.05)
        yield descriptor
    finally:
        os.close(descriptor)
