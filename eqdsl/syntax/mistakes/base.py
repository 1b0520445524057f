"""What a recogniser is given: the statement's tokens, where reading stopped, and what could have stood there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eqdsl.core.diagnostics import Diagnostic
from eqdsl.core.source import SourceText, Span
from eqdsl.syntax import words
from eqdsl.syntax.scanning import LEIBNIZ, NAME, Token


@dataclass(frozen=True, slots=True)
class Failure:
    """A statement that stopped making sense at `tokens[index]` (at its end if `index` is their number).

    `expected` holds the grammar's terminals that could have stood there.
    """

    source: SourceText
    tokens: Sequence[Token]
    index: int
    expected: frozenset[str]

    @property
    def keyword(self) -> str:
        """The statement's first word."""
        return self.tokens[0].text

    @property
    def token(self) -> Token | None:
        """The first token that does not fit; None at the end of the statement."""
        return self.at(0)

    @property
    def before(self) -> Token | None:
        """The last token that fitted."""
        return self.at(-1)

    @property
    def span(self) -> Span:
        """Where to put the carets: the token, or just after the last one."""
        token = self.token
        return token.span if token is not None else Span(self.tokens[-1].end, self.tokens[-1].end)

    @property
    def found(self) -> str:
        """What stands there, in words."""
        return "the statement ends" if self.token is None else f"`{shortened(self.token.text)}` stands"

    def at(self, offset: int) -> Token | None:
        """The token so many places after the one that does not fit."""
        index = self.index + offset
        return self.tokens[index] if 0 <= index < len(self.tokens) else None

    def text(self, offset: int) -> str:
        """Its text, or nothing."""
        token = self.at(offset)
        return "" if token is None else token.text

    def kind(self, offset: int) -> str:
        """Its kind, or nothing."""
        token = self.at(offset)
        return "" if token is None else token.kind

    def slice(self, first: int, last: int) -> str:
        """The text as written from one offset to another, both included."""
        start, end = self.at(first), self.at(last)
        assert start is not None and end is not None
        return self.source.text[start.start : end.end]

    def first_on_line(self) -> bool:
        """Whether the token that does not fit begins a continuation line."""
        token, before = self.token, self.before
        return token is not None and before is not None and "\n" in self.source.text[before.end : token.start]


Recogniser = Callable[[Failure], Diagnostic | None]


def shortened(text: str, limit: int = 40) -> str:
    """A token's text for use inside a message."""
    return text if len(text) <= limit else text[: limit - 3] + "..."


def begins_statement(tokens: Sequence[Token], index: int = 0) -> bool:
    """Whether a statement could begin at a token: a keyword or a rate."""
    token = tokens[index]
    following = tokens[index + 1].text if index + 1 < len(tokens) else ""
    if token.kind == LEIBNIZ:
        return True
    if token.kind != NAME:
        return token.text == "0" and following == "="
    is_rate = token.text in ("dt", "dtt", "dttt", "dtttt") and following == "("
    return is_rate or token.text in words.STATEMENTS or token.text in words.MODIFIERS
