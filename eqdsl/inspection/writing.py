"""Files of an inspection: replaced only when that is asked for."""

from __future__ import annotations

from pathlib import Path

from eqdsl.core.errors import UsageError
from eqdsl.core.files import write_atomically


def write_text(path: Path, text: str, *, force: bool = False) -> None:
    """Write a text file in one step.

    Raises
    ------
    UsageError
        Another text stands there and `force` is not given, or the folder cannot be written to.
    """
    try:
        if path.exists() and not force and path.read_text(encoding="utf-8", errors="replace") != text:
            raise UsageError(f"{path} exists and says something else", help="give `--force`, or move it away")
        write_atomically(path, text)
    except OSError as failure:
        raise UsageError(f"{path} cannot be written: {failure.strerror}") from None
