"""What people write who come from Python, MATLAB or C."""

from __future__ import annotations

from eqdsl.core.diagnostics import Diagnostic, error
from eqdsl.core.source import Span
from eqdsl.syntax import words
from eqdsl.syntax.mistakes.base import Failure, shortened
from eqdsl.syntax.scanning import NAME

_MODULES = ("np", "numpy", "math", "torch", "jnp", "jax", "sp", "sympy", "nn", "F", "tf", "scipy")
_LOGIC = {
    "and": "nest two `ifelse(...)`, or multiply the two factors",
    "or": "nest two `ifelse(...)`, or add the two factors",
    "not": "turn the comparison round: `<` into `>=`",
    "if": "a choice is written `ifelse(condition, a, b)`",
    "else": "a choice is written `ifelse(condition, a, b)`",
    "where": "an abbreviation is a statement of its own: `let name = expression`",
}


def module_function(failure: Failure) -> Diagnostic | None:
    """``np.sin(u)``, ``u.lap()``"""
    function, dot, owner = failure.at(-1), failure.at(-2), failure.at(-3)
    if failure.text(0) != "(" or function is None or dot is None or owner is None or dot.text != ".":
        return None
    span = Span(owner.start, function.end)
    if owner.text in _MODULES:
        help_text = f"write `{function.text}(...)`; the functions of the language need no prefix"
        return error("E0212", f"there is no module `{owner.text}` here", span, help=help_text)
    help_text = f"write `{function.text}({owner.text})`"
    return error("E0212", f"`{shortened(owner.text)}` has no function of its own", span, help=help_text)


def python_import(failure: Failure) -> Diagnostic | None:
    """``import numpy as np``"""
    if failure.keyword != "import" or failure.index != 1:
        return None
    help_text = "the functions of the language need no import; leave this line out"
    return error("E0202", "`import` reads another model file, by its path in quotes", failure.span, help=help_text)


def lambda_function(failure: Failure) -> Diagnostic | None:
    """``let f = lambda x: x^2``"""
    before = failure.before
    if before is None or before.text != "lambda" or failure.kind(0) != NAME:
        return None
    help_text = "an abbreviation is an expression: `let f = u^2`; an unknown function is `learned f(u)`"
    return error("E0202", "there are no functions to define", before.span, help=help_text)


def logic_word(failure: Failure) -> Diagnostic | None:
    """``a if c else b``, ``u > 0 and v > 0``"""
    token = failure.token
    before = failure.before
    if token is not None and token.text in _LOGIC and not words.starts_value(failure.expected):
        return error("E0202", f"`{token.text}` is no operator", token.span, help=_LOGIC[token.text])
    if before is not None and before.text == "not" and words.continues_value(failure.expected):
        return error("E0202", "`not` is no operator", before.span, help=_LOGIC["not"])
    return None


def text_in_single_place(failure: Failure) -> Diagnostic | None:
    """A text in quotes where an expression should stand."""
    token = failure.token
    if token is None or token.kind != "text":
        return None
    help_text = "a text may end `model`, `state`, `param`, `input`, `learned` and `observe`; remarks follow `#`"
    return error("E0200", "a text in quotes cannot stand here", token.span, help=help_text)


def named_component(failure: Failure) -> Diagnostic | None:
    """``init w.x = 0``, ``observe w.x``, ``known w.x = 0``"""
    if failure.text(0) != "." or failure.index != 2:
        return None
    name = failure.tokens[1].text
    message = f"`{failure.keyword}` takes a plain name"
    help_text = f"name `{shortened(name)}` as a whole; its value may be a vector, `(a, b)`"
    return error("E0200", message, failure.span, help=help_text)


def reserved_start(failure: Failure) -> Diagnostic | None:
    """``state = 3``, ``time = 5``: a keyword taken for a name."""
    if failure.index != 1 or failure.text(0) != "=" or failure.keyword not in words.STATEMENTS:
        return None
    help_text = f"for example `{words.STATEMENTS[failure.keyword]}`"
    return error(
        "E0200", f"`{failure.keyword}` begins a statement and cannot be assigned", failure.span, help=help_text
    )
