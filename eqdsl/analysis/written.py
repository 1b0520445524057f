"""Text as the user wrote it, on one line."""

from __future__ import annotations

import re

from eqdsl.core.source import SourceText, Span

_COMMENT = re.compile(r"#[^\n]*")
_BLANK = re.compile(r"\s+")


def written(source: SourceText, span: Span) -> str:
    """The text of a span without comments and line ends; parentheses around the whole are dropped."""
    text = _BLANK.sub(" ", _COMMENT.sub("", source.slice(span))).strip()
    while text.startswith("(") and _closes_at_end(text) and not _is_tuple(text):
        text = text[1:-1].strip()
    return text


def _closes_at_end(text: str) -> bool:
    """Whether the first parenthesis is closed by the last character."""
    level = 0
    for i, character in enumerate(text):
        level += (character == "(") - (character == ")")
        if level == 0:
            return i == len(text) - 1
    return False


def _is_tuple(text: str) -> bool:
    """Whether the outer parentheses hold several items."""
    level = 0
    for character in text:
        level += (character == "(") - (character == ")")
        if character == "," and level == 1:
            return True
    return False
