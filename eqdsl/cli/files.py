"""Output files are never overwritten unasked."""

from __future__ import annotations

from pathlib import Path

from eqdsl.core.errors import UsageError


def refuse_existing(path: Path, force: bool) -> None:
    """Raise `UsageError` when `path` exists and may not be overwritten, is a folder, or when its folder is missing."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder", help="name a file in it")
    if path.exists() and not force:
        raise UsageError(f"{path} exists", help="give another name, or `--force` to overwrite it")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}", help=f"make it first: `mkdir -p {path.parent}`")
