"""The folder of compiled kernels is kept below a size: what was not used for longest goes first.

Other processes compile, load and prune at the same time. A library that a process has loaded lives on there after its
file is gone, and one that goes between two looks at it is compiled again.
"""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

MOST_BYTES = 1 << 30

KEPT = 0.75
"""The share of `MOST_BYTES` that stays, so that not every further kernel prunes."""

_OLDEST_BUILD = 3600
"""Seconds after which a folder of a compilation belongs to a process that was killed."""


def note_use(path: Path) -> None:
    """A library was used now; many file systems do not write down that a file was read."""
    with suppress(OSError):
        os.utime(path)


def prune(folder: Path, newest: Path, most: int = MOST_BYTES) -> None:
    """Delete the libraries that were not used for longest, if all together have more than `most` bytes.

    Parameters
    ----------
    newest : Path
        Is never deleted.
    """
    found: list[tuple[float, int, str]] = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            # Another process may delete it in the meantime.
            with suppress(OSError):
                known = entry.stat(follow_symlinks=False)
                if entry.name.endswith(".so"):
                    found.append((known.st_mtime, known.st_size, entry.path))
                elif entry.name.startswith(".building-") and time.time() - known.st_mtime > _OLDEST_BUILD:
                    shutil.rmtree(entry.path, ignore_errors=True)
    total = sum(size for _, size, _ in found)
    if total <= most:
        return
    for _, size, path in sorted(found):
        if total <= KEPT * most:
            return
        if path != str(newest):
            with suppress(OSError):
                Path(path).unlink()
            total -= size
