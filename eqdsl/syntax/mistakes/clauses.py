"""Clauses of a statement that are missing, misspelled or on the wrong line."""

from __future__ import annotations

from difflib import get_close_matches

from eqdsl.core.diagnostics import Diagnostic, Label, error
from eqdsl.syntax import words
from eqdsl.syntax.mistakes.base import Failure, begins_statement, shortened
from eqdsl.syntax.mistakes.brackets import open_before
from eqdsl.syntax.scanning import NAME, NUMBER

_DEFINING = ("param", "known", "let", "law", "penalty", "grid", "scheme", "init", "observe", "bc", "dt", "dtt")


def indented_statement(failure: Failure) -> Diagnostic | None:
    """A keyword at the start of an indented line."""
    token = failure.token
    if token is None or not failure.first_on_line() or not begins_statement(failure.tokens, failure.index):
        return None
    word = f"{token.text}(...)" if failure.text(1) == "(" else shortened(token.text)
    return error(
        "E0207",
        f"`{word}` stands on an indented line",
        token.span,
        second=Label(failure.tokens[0].span, "continues this statement"),
        note="an indented line continues the statement above",
        help=f"start `{word}` in column 1",
    )


def misspelled_word(failure: Failure) -> Diagnostic | None:
    """``law e = u decresing``, ``space x in [0, 1] peridic``"""
    token = failure.token
    if token is None or token.kind != NAME or failure.text(1) == "(":
        return None
    options = [word for terminal in words.CLAUSES if terminal in failure.expected for word in words.CLAUSES[terminal]]
    near = get_close_matches(token.text.lower(), options, 1, 0.7)
    if not near or token.text == near[0]:
        return None
    message = f"`{shortened(token.text)}` is no word that can stand here"
    return error("E0219", message, token.span, f"did you mean `{near[0]}`?")


def missing_equals(failure: Failure) -> Diagnostic | None:
    """``param k 0.3``, ``let r sqrt(x)``, ``dt(u) a*u``"""
    token = failure.token
    if token is None or "EQUAL" not in failure.expected or failure.keyword not in _DEFINING or open_before(failure):
        return None
    if failure.keyword == "bc":
        return _boundary_equation(failure)
    if not (token.kind in (NAME, NUMBER) or token.text in ("(", "-", ":", "~")):
        return None
    left = failure.source.text[failure.tokens[0].start : failure.tokens[failure.index - 1].end]
    return error("E0209", "an `=` is missing", token.span, "before this", help=f"write `{left} = ...`")


def _boundary_equation(failure: Failure) -> Diagnostic | None:
    """``bc u at x = 0``"""
    if failure.text(0) != "at":
        return None
    left = failure.source.text[failure.tokens[0].start : failure.tokens[failure.index - 1].end]
    return error("E0209", "a boundary condition is an equation", failure.span, help=f"write `{left} = 0 at ...`")


def missing_place(failure: Failure) -> Diagnostic | None:
    """``bc u = 0``"""
    if failure.keyword != "bc" or "AT" not in failure.expected:
        return None
    if failure.token is None:
        written = failure.source.text[failure.tokens[0].start : failure.tokens[-1].end]
        shown = f"`{written} at boundary`" if len(written) < 60 else "`at boundary`"
        help_text = f"write {shown} for every wall, or `at x = 0` for one"
        return error("E0210", "this boundary condition does not say where it holds", failure.span, help=help_text)
    if failure.text(0) in ("on", "for", "in", "where", "if", "when", "@", ","):
        help_text = "write `at boundary` or `at x = 0`"
        return error("E0210", "the place of a boundary condition follows `at`", failure.span, help=help_text)
    return None


def unfinished_learned(failure: Failure) -> Diagnostic | None:
    """``learned f``, ``learned f(u) mlp(64)``, ``learned f(u) = mlp(64)``"""
    if failure.keyword != "learned":
        return None
    if failure.index == 2 and "LPAR" in failure.expected:
        name = shortened(failure.tokens[1].text)
        return error(
            "E0210",
            "a learned term says what it may see",
            failure.span,
            f"the inputs of `{name}` are missing",
            help=f"write `learned {name}(u)`, or `learned {name}(u, dx(u))`",
        )
    if "BY" not in failure.expected:
        return None
    name = failure.text(1) if failure.text(0) in ("=", "~", "using", "as") else failure.text(0)
    family = next(iter(get_close_matches(name.lower(), words.FAMILIES, 1, 0.6)), None)
    if family is None and failure.text(0) not in ("=", "~"):
        return None
    return error(
        "E0210",
        "the family of a learned term follows `by`",
        failure.span,
        help=f"write `by {family or 'mlp'}(...)`",
    )


def missing_comma(failure: Failure) -> Diagnostic | None:
    """``state u(x) v(x)``, ``grid x = 64 y = 64``, ``space x in [0, 1] y in [0, 1]``"""
    token = failure.token
    if token is None or token.kind != NAME or "COMMA" not in failure.expected:
        return None
    if failure.keyword in ("grid", "scheme", "bc") and failure.text(1) != "=":
        return None
    if failure.keyword not in ("grid", "scheme", "bc") and words.continues_value(failure.expected):
        return None
    return error(
        "E0221", "a comma is missing", token.span, "before this one", help=f"write `, {shortened(token.text)}`"
    )


def missing_interval_end(failure: Failure) -> Diagnostic | None:
    """``in [0, 1, 2]``, ``in [0: 1]``, ``in 0, 1``"""
    if failure.text(-1) == "in" and "LSQB" in failure.expected:
        help_text = "write `in [0, 1]`, with `(` or `)` for an end that is left out"
        if failure.keyword == "space":
            help_text = "write `in [0, 1]`; how many points is said by `grid x = 64`"
        return error("E0210", "an interval stands in brackets", failure.span, help=help_text)
    if failure.expected >= {"RSQB", "RPAR"} and failure.text(0) == ",":
        help_text = "write two ends, such as `[0, 1]`"
        return error("E0210", "an interval has two ends", failure.span, "a third one follows", help=help_text)
    opener = next((t.text for t in reversed(failure.tokens[: failure.index]) if t.text in ("[", "]", "(", ")")), "")
    if opener == "[" and failure.text(0) in (":", "..", ".", "]") and "COMMA" in failure.expected:
        help_text = "write two ends with a comma between them, such as `[0, 1]`"
        return error("E0210", "an interval has two ends", failure.span, help=help_text)
    return None


def missing_trend(failure: Failure) -> Diagnostic | None:
    """``law mass = integral(u)``"""
    if failure.keyword != "law" or "TREND" not in failure.expected or failure.token is not None:
        return None
    message = "a law says how its quantity behaves"
    help_text = "end with `constant`, `increasing` or `decreasing`"
    return error("E0210", message, failure.span, help=help_text)


def missing_state(failure: Failure) -> Diagnostic | None:
    """``0 = lap(p) - q``: for which state?"""
    if failure.keyword != "0" or "FOR" not in failure.expected or failure.token is not None:
        return None
    message = "an equation without a rate says which state it determines"
    rate = any(token.text in ("dt", "dtt") for token in failure.tokens)
    help_text = "solve for the rate: `dt(u) = ...`" if rate else "end with `for p`"
    return error("E0210", message, failure.span, help=help_text)


def unreadable_unit(failure: Failure) -> Diagnostic | None:
    """``param k: m s^-1``, ``state u: m/s^0.5``, ``param k: 2*m``"""
    colon = next((i for i in range(failure.index - 1, 0, -1) if failure.tokens[i].text == ":"), None)
    equal = next((i for i in range(failure.index - 1, 0, -1) if failure.tokens[i].text == "="), 0)
    if colon is None or equal > colon:
        return None
    before = failure.before
    if before is not None and before.text in ("^", "**"):
        help_text = "write a whole power without parentheses, such as `m/s^2` or `s^-1`"
        return error("E0223", "the power of a unit is a whole number", failure.span, help=help_text)
    if failure.kind(0) == NUMBER and failure.text(-1) in (":", "*", "/", "("):
        message = f"the number `{shortened(failure.text(0))}` cannot be part of a unit"
        help_text = "a unit is made of names, such as `kg*m/s^2`; `1` stands for no unit"
        return error("E0223", message, failure.span, help=help_text)
    joined = before is not None and before.kind in (NAME, NUMBER) and "STAR" in failure.expected
    if joined and failure.kind(0) == NAME and failure.text(1) not in (":", "("):
        help_text = f"write `{failure.text(-1)}*{failure.text(0)}` or `{failure.text(-1)}/{failure.text(0)}`"
        return error("E0223", "an operator is missing in this unit", failure.span, help=help_text)
    return None
