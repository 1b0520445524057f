"""Notation of MATLAB, Julia, Python and of the blackboard inside expressions."""

from __future__ import annotations

from eqdsl.core.diagnostics import Diagnostic, error
from eqdsl.core.source import Span
from eqdsl.syntax import words
from eqdsl.syntax.mistakes.base import Failure, shortened
from eqdsl.syntax.scanning import NAME, NUMBER

_LOGIC = ("and", "or")


def dotted_operator(failure: Failure) -> Diagnostic | None:
    """``a .* b``, ``u.^2``"""
    dot, token = failure.before, failure.token
    if dot is None or token is None or dot.text != "." or token.text not in ("*", "/", "^", "+", "-"):
        return None
    message = f"`.{token.text}` is not a sign of the language: operators act on all points at once"
    return error("E0204", message, Span(dot.start, token.end), help=f"write `{token.text}`")


def list_in_brackets(failure: Failure) -> Diagnostic | None:
    """``mlp([64, 64])``, ``init w = [0, 1]``"""
    if failure.text(0) != "[" or not words.starts_value(failure.expected):
        return None
    closer = next((t for t in failure.tokens[failure.index :] if t.text == "]"), failure.tokens[-1])
    inner = shortened(failure.source.text[failure.span.end : closer.start].strip())
    before = failure.at(-2)
    if failure.text(-1) == "(" and before is not None and before.kind == NAME:
        return error("E0213", "there are no lists", failure.span, help=f"write `{before.text}({inner})`")
    return error("E0213", "a vector is written in parentheses", failure.span, help=f"write `({inner})`")


def power_of_function(failure: Failure) -> Diagnostic | None:
    """``sin^2(u)``"""
    function, power, exponent = failure.at(-3), failure.at(-2), failure.at(-1)
    if failure.text(0) != "(" or function is None or power is None or exponent is None:
        return None
    if power.text not in ("^", "**") or exponent.kind != NUMBER or function.text not in words.FUNCTIONS:
        return None
    return error(
        "E0205",
        "a power stands behind the arguments of a function",
        Span(function.start, exponent.end),
        help=f"write `{function.text}(...)^{exponent.text}`",
    )


def numbered_component(failure: Failure) -> Diagnostic | None:
    """``w.1``"""
    before, token = failure.before, failure.token
    if before is None or token is None or before.kind != NAME or token.kind != NUMBER or token.text[0] != ".":
        return None
    if before.end != token.start:
        return None
    help_text = f"write `{shortened(before.text)}.x`"
    return error("E0213", "components are named after the axes, not numbered", token.span, help=help_text)


def nothing_after_comma(failure: Failure) -> Diagnostic | None:
    """``max(u, 0, )``"""
    if failure.text(-1) != "," or failure.text(0) not in (")", ","):
        return None
    span = Span(failure.tokens[failure.index - 1].start, failure.span.end)
    return error("E0211", f"nothing stands between `,` and `{failure.text(0)}`", span, help="leave out the `,`")


def quoted_option(failure: Failure) -> Diagnostic | None:
    """``act = "tanh"``"""
    token, option = failure.token, failure.at(-2)
    if token is None or token.kind != "text" or failure.text(-1) != "=" or option is None or option.kind != NAME:
        return None
    if failure.keyword != "learned":
        return None
    help_text = f"write `{option.text} = {token.text.strip(chr(34))}`"
    return error("E0200", "an option is a word or a number, without quotes", token.span, help=help_text)


def joined_constraints(failure: Failure) -> Diagnostic | None:
    """``with f > 0 and f < 1``"""
    if failure.keyword != "learned" or failure.text(0) not in _LOGIC:
        return None
    help_text = "put a comma between constraints; a range is `f in [0, 1]`"
    return error("E0202", f"`{failure.text(0)}` is no operator", failure.span, help=help_text)
