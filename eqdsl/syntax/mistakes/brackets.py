"""Parentheses, brackets and indices."""

from __future__ import annotations

from eqdsl.core.diagnostics import Diagnostic, Label, error
from eqdsl.syntax.mistakes.base import Failure
from eqdsl.syntax.scanning import NAME, Token

_PARTNER = {"(": ")", "[": "]"}


def open_before(failure: Failure) -> list[Token]:
    """Openers that are still open where reading stopped."""
    openers: list[Token] = []
    for token in failure.tokens[: failure.index]:
        if token.text in _PARTNER:
            openers.append(token)
        elif token.text in (")", "]") and openers:
            openers.pop()
    return openers


def _closed_later(failure: Failure, depth: int) -> bool:
    """Whether the rest of the statement closes so many brackets."""
    for token in failure.tokens[failure.index :]:
        depth += (token.text in _PARTNER) - (token.text in (")", "]"))
        if depth <= 0:
            return True
    return False


def index_brackets(failure: Failure) -> Diagnostic | None:
    """``state u[x]``, ``u[0]``"""
    before = failure.before
    if failure.text(0) != "[" or before is None or not (before.kind == NAME or before.text == ")"):
        return None
    if failure.keyword in ("state", "hidden", "vector", "complex", "param", "input") and "LPAR" in failure.expected:
        closer = next((t for t in failure.tokens[failure.index :] if t.text == "]"), None)
        inner = "x" if closer is None else failure.source.text[failure.span.end : closer.start]
        message = "axes stand in parentheses, a unit behind a colon"
        help_text = f"write `{before.text}({inner})`, or `{before.text}: {inner}` for a unit"
    elif failure.keyword in ("space", "state", "param", "time"):
        message, help_text = "an interval needs `in` in front", "write `in [lower, upper]`"
    else:
        message = "there are no indices: a state is a whole field"
        help_text = "a component of a vector is `w.x`; a value at a wall belongs into `bc`"
    return error("E0213", message, failure.span, help=help_text)


def wrong_closer(failure: Failure) -> Diagnostic | None:
    """``f(a]``, or a closer with no opener."""
    token = failure.token
    if token is None or token.text not in (")", "]"):
        return None
    openers = open_before(failure)
    if not openers:
        return error("E0203", f"this `{token.text}` closes nothing", token.span, help="delete it, or add its opener")
    opener = openers[-1]
    if _PARTNER[opener.text] == token.text:
        return None
    return error(
        "E0203",
        f"`{opener.text}` is closed by `{token.text}`",
        token.span,
        f"`{_PARTNER[opener.text]}` should stand here",
        second=Label(opener.span, "opened here"),
    )


def never_closed(failure: Failure) -> Diagnostic | None:
    """A parenthesis that the rest of the statement does not close."""
    openers = open_before(failure)
    if not openers or _closed_later(failure, len(openers)) or failure.text(0) == ",":
        return None
    opener = openers[-1]
    closer = _PARTNER[opener.text]
    if failure.token is not None and closer not in _signs(failure):
        return None
    at_end = failure.token is None
    return error(
        "E0203",
        f"`{opener.text}` is never closed",
        failure.span,
        f"`{closer}` should stand here" if at_end else f"`{closer}` should stand before this",
        second=Label(opener.span, "opened here"),
        help="an indented line continues the statement, if it is meant to go on" if at_end else None,
    )


def _signs(failure: Failure) -> set[str]:
    names = {"RPAR": ")", "RSQB": "]"}
    return {sign for name, sign in names.items() if name in failure.expected}
