"""Cuts a text into statements before anything is parsed: one starts in column 1, an indented line continues it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chunk:
    """The text ``[start, end)`` of one statement; `indented` when nothing above it could be continued."""

    start: int
    end: int
    indented: bool = False


def split(text: str) -> Iterator[Chunk]:
    """Statements in the order of the text.

    Blank lines and comments, even in column 1, neither start nor end a statement; they stay inside the chunk they
    follow, and the lexer skips them.
    """
    start: int | None = None
    indented = False
    position = 0
    while position < len(text):
        newline = text.find("\n", position)
        after = len(text) if newline < 0 else newline + 1
        first = text[position]
        if first in " \t":
            if start is None and text[position:after].split("#", 1)[0].strip():
                start, indented = position, True
        elif first not in "#\n":
            if start is not None:
                yield Chunk(start, position, indented)
            start, indented = position, False
        position = after
    if start is not None:
        yield Chunk(start, len(text), indented)
