"""Slips between the values of an expression: missing, doubled and misplaced operators."""

from __future__ import annotations

import re

from eqdsl.core.diagnostics import Diagnostic, error
from eqdsl.core.source import Span
from eqdsl.syntax import words
from eqdsl.syntax.mistakes.base import Failure
from eqdsl.syntax.scanning import LEIBNIZ, MARK, NAME, NUMBER, Token

_DERIVATIVE = re.compile(r"d[xyz]{1,4}")
_OPERATORS = ("+", "-", "*", "/", "^", "**")


def decimal_comma(failure: Failure) -> Diagnostic | None:
    """``param k = 0,3``"""
    before, token, after = failure.before, failure.token, failure.at(1)
    if before is None or token is None or after is None or token.text != ",":
        return None
    if not (before.kind == after.kind == NUMBER and before.end == token.start and after.start == token.end):
        return None
    return error(
        "E0220",
        "a decimal comma stands in this number",
        Span(before.start, after.end),
        help=f"write `{before.text}.{after.text}`"
        + (f", or `{before.text}{after.text}` without a sign between thousands" if len(after.text) == 3 else ""),
    )


def side_by_side(failure: Failure) -> Diagnostic | None:
    """``2u``, ``k u``, ``(a)(b)``, ``2(u + v)``"""
    before, token = failure.before, failure.token
    if before is None or token is None or not words.continues_value(failure.expected):
        return None
    if token.kind not in (NAME, NUMBER, LEIBNIZ) and token.text != "(":
        return None
    if _names_function(before) and before.end < token.start and token.kind in (NAME, NUMBER):
        return error(
            "E0205",
            f"`{before.text}` is a function: what it acts on stands in parentheses",
            Span(before.start, token.end),
            help=f"write `{before.text}({token.text})`",
        )
    left = before.text if before.kind in (NAME, NUMBER) else "(...)"
    right = token.text if token.kind in (NAME, NUMBER) else "(...)"
    if failure.text(1) == "(" and token.kind == NAME:
        right += "(...)"
    comma = ", or `,` between two arguments" if "COMMA" in failure.expected and before.end < token.start else ""
    return error(
        "E0205",
        "an operator is missing between two values",
        Span(before.start, token.end) if before.end == token.start else token.span,
        help=f"write `{left}*{right}`{comma}",
    )


def _names_function(token: Token) -> bool:
    return token.text in words.FUNCTIONS or _DERIVATIVE.fullmatch(token.text) is not None


def nothing_after(failure: Failure) -> Diagnostic | None:
    """``a +`` at the end, ``a + * b``, ``sin(a + )``"""
    before, token = failure.before, failure.token
    if before is None or before.text not in _OPERATORS or not words.starts_value(failure.expected):
        return None
    if token is None:
        return error(
            "E0211",
            f"nothing stands after `{before.text}`",
            before.span,
            help="an indented line continues the statement, if it is meant to go on",
        )
    if token.kind != MARK:
        return None
    if token.text in _OPERATORS:
        return error("E0211", f"`{token.text}` cannot follow `{before.text}`", token.span, "a value is missing here")
    return error("E0211", f"nothing stands between `{before.text}` and `{token.text}`", token.span)


def nothing_before(failure: Failure) -> Diagnostic | None:
    """``= * b``, ``(/ 2)``"""
    token, before = failure.token, failure.before
    if token is None or token.text not in _OPERATORS or not words.starts_value(failure.expected):
        return None
    after = f"directly after `{before.text}`" if before is not None else "first"
    return error("E0211", f"`{token.text}` stands {after}", token.span, "a value is missing before it")


def comparison(failure: Failure) -> Diagnostic | None:
    """``let a = u > 0``, ``0 <= f <= 1``"""
    token = failure.token
    if token is None or token.text not in ("<", "<=", ">", ">=", "!="):
        return None
    if failure.keyword == "learned":
        return error(
            "E0214",
            "two comparisons in one constraint",
            token.span,
            help="write the range as `f in [lower, upper]`",
        )
    return error(
        "E0214",
        f"the comparison `{token.text}` cannot stand here",
        token.span,
        help="a condition is the first argument of `ifelse(condition, a, b)`, without parentheses of its own",
    )


def rate_of_expression(failure: Failure) -> Diagnostic | None:
    """``dt(u + v) = ...``, ``dt(w.x) = ...``, ``dt(u) + k*u = 0``, ``dt(u(x)) = ...``"""
    if failure.keyword not in ("dt", "dtt") or failure.index not in (2, 3, 4):
        return None
    name = failure.tokens[2].text if len(failure.tokens) > 2 else "u"
    help_text = "solve for the rate; a vector state is written whole, `dt(w) = (..., ...)`"
    if failure.index == 3 and failure.text(0) == "(":
        left = f"dtt({failure.text(1)})" if name == "dt" else f"{failure.keyword}({name})"
        help_text = f"write `{left} = ...`"
    elif failure.index == 4:
        if failure.text(0) not in _OPERATORS or all(token.text != "=" for token in failure.tokens):
            return None  # a missing `=`
        help_text = f"solve for the rate: `{failure.keyword}({name}) = ...`"
    return error("E0222", "the left side of an equation is the rate of one state", failure.span, help=help_text)
