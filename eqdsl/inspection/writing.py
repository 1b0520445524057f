"""Files of an inspection. Texts, which somebody may have edited, are replaced only when that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eqdsl.core.errors import UsageError
from eqdsl.core.files import write_atomically
from eqdsl.inspection.inspection import Picture


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


def write_pictures(pictures: Sequence[Picture], folder: Path) -> None:
    """Write each picture as a PNG file in one step; those of an earlier inspection are replaced.

    Parameters
    ----------
    folder : Path
        Made if it is not there, inside a folder that is.

    Raises
    ------
    UsageError
        The folder cannot be written to.
    """
    try:
        folder.mkdir(exist_ok=True)
        for picture in pictures:
            write_atomically(folder / f"{picture.file}.png", picture.png)
    except OSError as failure:
        raise UsageError(f"{folder}: the pictures cannot be written: {failure.strerror}") from None
