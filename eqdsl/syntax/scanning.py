"""Text to a flat list of tokens, for all that works without a parse: screening, messages, formatting.

Lark's contextual lexer reads the statements; this scanner never fails. Both agree on where a token ends (tested).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from eqdsl.core.source import Span

NAME, NUMBER, TEXT, LEIBNIZ, MARK, COMMENT, OTHER = "name", "number", "text", "leibniz", "mark", "comment", "other"

_LEIBNIZ = r"[d∂][2-4²³⁴]?[^\W\d]\w*\s*\/\s*[d∂]t[2-4²³⁴]?(?!\w)"
_PATTERN = re.compile(
    r"(?P<blank>[ \t\n]+)"
    r"|(?P<comment>\#[^\n]*)"
    r'|(?P<text>"[^"\n]*")'
    r"|(?P<leibniz>∂[2-4²³⁴]?[^\W\d]\w*\s*\/\s*∂t[2-4²³⁴]?(?!\w))"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<mark>\*\*|->|<=|>=|!=|==|:=|&&|\|\||[-+*/]=|//|[-+*/^=<>~.,:()\[\]])"
    r"|(?P<other>.)",
    re.DOTALL,
)
_EQUATION_START = re.compile(_LEIBNIZ)


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number, sign, quoted text, comment or unreadable character."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """Offset just after the last character."""
        return self.start + len(self.text)

    @property
    def span(self) -> Span:
        """Where it stands."""
        return Span(self.start, self.end)


def scan(text: str, start: int, end: int) -> Iterator[Token]:
    """Tokens of one statement, comments included, white space left out.

    ``du/dt`` is one token only where an equation or ``init`` may name a rate; elsewhere it is a quotient.
    """
    position = start
    rate_may_follow = True
    while position < end:
        match = _EQUATION_START.match(text, position, end) if rate_may_follow else None
        if match is not None:
            yield Token(LEIBNIZ, match.group(), position)
            rate_may_follow = False
        else:
            match = _PATTERN.match(text, position, end)
            assert match is not None and match.lastgroup is not None  # the last branch takes any character
            if match.lastgroup != "blank":
                yield Token(match.lastgroup, match.group(), position)
                if match.lastgroup != COMMENT:
                    rate_may_follow = rate_may_follow and match.group() == "init"
        position = match.end()
