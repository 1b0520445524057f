"""What is written behind a statement that could have ended."""

from __future__ import annotations

from eqdsl.core.diagnostics import Diagnostic, error
from eqdsl.core.source import Span
from eqdsl.syntax import words
from eqdsl.syntax.mistakes.base import Failure, shortened
from eqdsl.syntax.scanning import NAME, NUMBER


def options_behind(failure: Failure) -> Diagnostic | None:
    """``by mlp(64), act = tanh``, ``by mlp(64) act = tanh``, ``by mlp 64``, ``learned f(u): mlp(64)``"""
    if failure.keyword != "learned" or "WITH" not in failure.expected:
        return None
    family = next((t.text for t in failure.tokens[: failure.index] if t.text in words.FAMILIES), None)
    if family is None:
        return None
    if failure.text(0) == "(" and failure.text(-2) == ":":
        span = Span(failure.tokens[failure.index - 2].start, failure.span.start)
        help_text = f"write `by {family}(...)`; a unit follows the colon"
        return error("E0210", "the family of a learned term follows `by`", span, help=help_text)
    following = failure.text(1) == "=" or (failure.text(0) == "," and failure.text(2) == "=")
    if failure.kind(0) != NUMBER and not following:
        return None
    help_text = f"write `by {family}(64, 64, act = tanh)`" if following else f"write `by {family}({failure.text(0)})`"
    return error("E0210", "options of a family stand in its parentheses", failure.span, help=help_text)


def noise_of_data(failure: Failure) -> Diagnostic | None:
    """``observe u with noise 0.1``, ``observe u noise = 0.1``"""
    if failure.keyword != "observe":
        return None
    if (failure.text(0), failure.text(-1)) != ("=", "noise") and failure.text(0) not in ("with", "+", "±"):
        return None
    name = shortened(failure.tokens[1].text)
    return error(
        "E0200", "the noise follows the word `noise`", failure.span,
        help=f"write `observe {name} noise 0.1`, or `observe {name} noise fit`",
    )  # fmt: skip


def other_trend(failure: Failure) -> Diagnostic | None:
    """``law energy = u^2 conserved``"""
    if failure.keyword != "law" or "TREND" not in failure.expected or failure.kind(0) != NAME:
        return None
    if failure.index != len(failure.tokens) - 1 or failure.text(0) in words.CLAUSES["TREND"]:
        return None
    return error(
        "E0219",
        f"`{shortened(failure.text(0))}` is no word that can stand here",
        failure.span,
        help="end with `constant`, `increasing` or `decreasing`",
    )


def text_not_last(failure: Failure) -> Diagnostic | None:
    """``state u "position": m``"""
    before = failure.before
    if before is None or before.kind != "text" or failure.token is None:
        return None
    help_text = "write units, ranges and values in front of it"
    return error("E0200", "a text in quotes ends its statement", failure.span, "something follows", help=help_text)


def joined_places(failure: Failure) -> Diagnostic | None:
    """``bc u = 0 at x = 0 and x = 1``"""
    if failure.keyword != "bc" or failure.text(0) not in ("and", "or", "&"):
        return None
    if not any(token.text == "at" for token in failure.tokens[: failure.index]):
        return None
    return error("E0221", "places are listed with commas", failure.span, help="write `at x = 0, x = 1`")


def odd_name(failure: Failure) -> Diagnostic | None:
    """``model my-model``, ``model "my model"``, ``state 2u``, ``state u-v``"""
    word = failure.keyword
    if word not in ("model", "state", "param", "let", "known") or failure.index not in (1, 2):
        return None
    quoted = failure.kind(0) == "text" and failure.index == 1 and word == "model"
    if not (quoted or failure.text(0) == "-" or (failure.kind(0) == NUMBER and failure.index == 1)):
        return None
    help_text = 'write `model name "one line about it"`' if quoted else "choose another name, such as `u_1`"
    message = "a name stands in front of the text" if quoted else "names are made of letters, digits and `_`"
    return error("E0200", message, failure.span, help=help_text)
