"""From a file or a string to a `SourceText`."""

from __future__ import annotations

from pathlib import Path

from eqdsl.core.source import SourceText


def source_from_text(text: str, name: str = "<string>") -> SourceText:
    """A source from text in memory: byte order mark dropped, every line end made ``\\n``."""
    return SourceText(name, text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))


def read_source(path: str | Path) -> SourceText:
    """Reads a model file."""
    return source_from_text(Path(path).read_text(encoding="utf-8"), str(path))
