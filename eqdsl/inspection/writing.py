"""Files are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from eqdsl.core.errors import UsageError


def write_text(path: Path, text: str, *, force: bool = False) -> None:
    """Write a text file under a temporary name in the same folder, then put it in place.

    Raises
    ------
    UsageError
        Another text stands there and `force` is not given, or the folder cannot be written to.
    """
    if path.exists() and not force and path.read_text(encoding="utf-8") != text:
        raise UsageError(f"{path} exists and says something else", help="give `--force`, or move it away")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as failure:
        raise UsageError(f"{path} cannot be written: {failure.strerror}") from None
