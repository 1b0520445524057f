"""Output files: never overwritten unasked, never half written."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from eqdsl.core.errors import UsageError


def refuse_existing(path: Path, force: bool) -> None:
    """Raise `UsageError` when `path` exists and may not be overwritten, or when its folder is missing."""
    if path.exists() and not force:
        raise UsageError(f"{path} exists", help="give another name, or `--force` to overwrite it")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}", help=f"make it first: `mkdir -p {path.parent}`")


def write_text(path: Path, text: str) -> None:
    """Write a text file in one step, keeping the permissions of a file that it replaces."""
    descriptor, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".partial")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(partial, path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())  # noqa: PTH101
        os.replace(partial, path)  # noqa: PTH105
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
