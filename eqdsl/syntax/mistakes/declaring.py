"""Declarations, initial values and walls that are written as elsewhere."""

from __future__ import annotations

from eqdsl.core.diagnostics import Diagnostic, error
from eqdsl.core.source import Span
from eqdsl.syntax import words
from eqdsl.syntax.mistakes.base import Failure, shortened
from eqdsl.syntax.scanning import NAME, NUMBER

_WALLS = {
    "periodic": "write `periodic` behind the interval of `space`: `space x in [0, 1] periodic`",
    "neumann": "write `bc dn(u) = 0 at boundary`",
    "dirichlet": "write `bc u = 0 at boundary`",
    "robin": "write `bc dn(u) + h*u = 0 at boundary`",
}


def unit_after_number(failure: Failure) -> Diagnostic | None:
    """``param g = 9.81 m/s^2``"""
    before, token = failure.before, failure.token
    if failure.keyword != "param" or before is None or token is None or token.kind != NAME:
        return None
    if before.kind != NUMBER or before.end == token.start or failure.index != 4:
        return None
    unit = failure.source.text[token.start : failure.tokens[-1].end]
    name = shortened(failure.tokens[1].text)
    return error(
        "E0223",
        "a unit follows the name, not the number",
        token.span,
        help=f"write `param {name}: {unit} = {before.text}`" if len(unit) < 30 else f"write `param {name}: unit = ...`",
    )


def several_at_once(failure: Failure) -> Diagnostic | None:
    """``param a, b = 1, 2``, ``param a = 1, b = 2``, ``init u, v = 1, 0``, ``let a, b = 1, 2``"""
    word = failure.keyword
    if word not in ("param", "init", "let", "known") or failure.text(0) != "," or "RPAR" in failure.expected:
        return None
    return error(
        "E0200",
        f"one `{word}` takes one name",
        failure.span,
        "a second one follows",
        help=f"write `{word} {shortened(failure.tokens[1].text)} = ...`, and the next one on a line of its own",
    )


def range_without_in(failure: Failure) -> Diagnostic | None:
    """``param k = fit 0.5 (0, 2)``, ``param k = fit 0.5 [0, 2]``"""
    if failure.keyword != "param" or failure.text(0) not in ("(", "[") or "IN" not in failure.expected:
        return None
    if not any(token.text == "fit" for token in failure.tokens[: failure.index]):
        return None
    help_text = "write `fit 0.5 in (0, 2)`"
    return error("E0210", "the range of a fitted number follows `in`", failure.span, help=help_text)


def state_value(failure: Failure) -> Diagnostic | None:
    """``state u = 1``, ``state u(x) = sin(x)``"""
    if failure.keyword not in ("state", "vector") or failure.text(0) != "=":
        return None
    name = next((t.text for t in failure.tokens[1:] if t.text != "state"), "u")
    return error(
        "E0200",
        "a state is declared without a value",
        failure.span,
        help=f"write `init {shortened(name)} = ...` for where it starts, or `param` if it never changes",
    )


def vector_behind(failure: Failure) -> Diagnostic | None:
    """``state vector w(x, y)``, ``state w(x, y) -> vector``"""
    if failure.keyword != "state":
        return None
    behind = failure.text(0) == "->"
    if not behind and not (failure.index == 2 and failure.tokens[1].text in ("vector", "hidden", "complex")):
        return None
    kind = "vector" if behind else failure.tokens[1].text
    name = shortened(failure.tokens[1].text if behind else failure.text(0))
    span = failure.span if behind else failure.tokens[1].span
    return error("E0200", f"`{kind}` stands in front of `state`", span, help=f"write `{kind} state {name}(...)`")


def function_definition(failure: Failure) -> Diagnostic | None:
    """``let f(u) = u^2``"""
    if failure.keyword not in ("let", "known") or failure.index != 2 or failure.text(0) != "(":
        return None
    name = shortened(failure.tokens[1].text)
    help_text = f"write `{failure.keyword} {name} = ...` with the names themselves"
    return error("E0200", f"`{failure.keyword}` names an expression, not a function", failure.span, help=help_text)


def initial_place(failure: Failure) -> Diagnostic | None:
    """``init u(0) = 1``, ``init u(x) = sin(x)``, ``init u = 1 at t = 0``"""
    if failure.keyword != "init":
        return None
    if failure.index == 2 and failure.text(0) == "(":
        name = shortened(failure.tokens[1].text)
        return error("E0200", "an initial value names the state alone", failure.span, help=f"write `init {name} = ...`")
    if failure.text(0) in ("at", "for", "when", "@"):
        help_text = "leave this out; a value on a wall is a `bc`"
        return error("E0200", "an initial value holds at the start, everywhere", failure.span, help=help_text)
    return None


def wall_by_name(failure: Failure) -> Diagnostic | None:
    """``bc periodic``, ``bc neumann at boundary``, ``bc u(0) = 0``"""
    if failure.keyword != "bc":
        return None
    kind = failure.tokens[1].text.lower() if len(failure.tokens) > 1 else ""
    if failure.index == 2 and kind in _WALLS:
        return error("E0209", f"`{kind}` is no equation", failure.tokens[1].span, help=_WALLS[kind])
    texts = [token.text for token in failure.tokens]
    if failure.token is not None or len(texts) < 7 or texts[1] in words.FUNCTIONS or texts[2] != "(":
        return None
    closer = texts.index(")") if ")" in texts else 0
    inside = texts[3:closer]
    if texts[closer + 1 : closer + 2] != ["="] or not (len(inside) == 1 or (len(inside) == 3 and inside[1] == "=")):
        return None
    if failure.tokens[closer - 1].kind != NUMBER:
        return None
    value = failure.source.text[failure.tokens[closer + 2].start : failure.tokens[-1].end]
    axis = inside[0] if len(inside) == 3 else "x"
    return error(
        "E0210",
        "the place of a boundary condition follows `at`",
        Span(failure.tokens[1].start, failure.tokens[closer].end),
        help=f"write `bc {texts[1]} = {shortened(value)} at {axis} = {inside[-1]}`",
    )
