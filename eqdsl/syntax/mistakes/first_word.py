"""A line in column 1 that begins with no word of the language."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

from eqdsl.core.diagnostics import Diagnostic, error
from eqdsl.core.source import Span
from eqdsl.syntax import words
from eqdsl.syntax.mistakes.base import shortened
from eqdsl.syntax.scanning import NAME, NUMBER, Token

_PYTHON = {
    "def": "an abbreviation is written `let name = expression`, an unknown function `learned f(u)`",
    "lambda": "an abbreviation is written `let name = expression`, an unknown function `learned f(u)`",
    "from": "the functions of the language need no import; leave this line out",
    "class": "a file is a list of statements; see `eqdsl new` for a commented start",
    "return": "an equation names what it defines: `dt(u) = ...`",
    "print": "`eqdsl show` prints the checked model",
    "for": "operators work on all points at once: `lap(u)`, `integral(u)`",
    "while": "time runs by itself; give the rate, `dt(u) = ...`",
    "if": "a choice is written `ifelse(condition, a, b)` inside an expression",
    "assert": "a quantity to watch is written `law name = expression constant`",
    "with": "constraints continue a `learned` statement: indent this line",
    "data": "data files are named on the command line: `eqdsl fit model.eq data.h5`",
    "solve": "the file states the law only; run it with `eqdsl simulate model.eq --until 10`",
    "simulate": "the file states the law only; run it with `eqdsl simulate model.eq --until 10`",
    "fit": "a number to be fitted is written `param k = fit 1`; run `eqdsl fit model.eq data.h5`",
    "train": "run `eqdsl fit model.eq data.h5`",
    "plot": "draw with `eqdsl simulate model.eq --plot out.png`",
    "by": "the family continues a `learned` statement: indent this line",
}
_OTHER_WORDS = {
    "parameter": "param", "parameters": "param", "const": "param", "constant": "param", "coefficient": "param",
    "variable": "state", "variables": "state", "var": "state", "field": "state", "unknown": "state",
    "domain": "space", "axis": "space", "mesh": "grid", "resolution": "grid", "define": "let", "set": "let",
    "boundary": "bc", "dirichlet": "bc", "neumann": "bc", "robin": "bc", "initial": "init", "ic": "init",
    "network": "learned", "nn": "learned", "neural": "learned", "learn": "learned",
    "measure": "observe", "output": "observe", "conserved": "law", "conserve": "law", "invariant": "law",
    "include": "import", "event": "when", "loss": "penalty", "regularize": "penalty", "forcing": "input",
}  # fmt: skip
_SPACING = "the spacing follows from the number of points, `grid x = 64`"
_STEPS = {
    "dt": "the time step is an option of the run, `--step 0.01`",
    "dx": _SPACING,
    "dy": _SPACING,
    "dz": _SPACING,
}
"""Steps of a program, which are no statements."""

_SUBSCRIPT = re.compile(r"(?P<name>[^\W\d_]\w*?)_(?P<order>t{1,4})")
_RUN_TOGETHER = re.compile(r"d(?P<name>[^\W\d]\w*?)_?dt")


def misspelled_start(tokens: Sequence[Token]) -> Diagnostic | None:
    """Explains a first word that is nearly one of the language, or one of another language."""
    for explain in (_rate, _python, _definition, _misspelled):
        found = explain(tokens)
        if found is not None:
            return found
    return None


def unknown_statement(tokens: Sequence[Token]) -> Diagnostic:
    """A statement that begins with neither a keyword nor a time derivative, nor anything like them."""
    first = tokens[0]
    texts = [token.text for token in tokens]
    rate = next((i for i, text in enumerate(texts[:-1]) if text in ("dt", "dtt") and texts[i + 1] == "("), 0)
    if rate and "=" in texts:
        return error(
            "E0222",
            "an equation begins with the rate of one state",
            first.span,
            help=f"solve for the rate: `{tokens[rate].text}({_text(tokens, rate + 2)}) = ...`",
        )
    names = [f"`{word}`" for word in words.STATEMENTS]
    return error(
        "E0201",
        f"a statement cannot begin with `{shortened(first.text)}`",
        first.span,
        note=f"a statement begins with one of {', '.join(names[:9])},\n{', '.join(names[9:])} or `dt(...)`",
        help="indent this line if it continues the statement above",
    )


def _text(tokens: Sequence[Token], index: int) -> str:
    return tokens[index].text if index < len(tokens) else ""


def _rate(tokens: Sequence[Token]) -> Diagnostic | None:
    """``u_t = ...``, ``dudt = ...``, ``d/dt u = ...``, ``dt u = ...``, ``ddt(u) = ...``, ``u.dt = ...``"""
    texts = [_text(tokens, index) for index in range(7)]
    order, name, last = 1, "", 0
    if texts[1] == "=" and (match := _SUBSCRIPT.fullmatch(texts[0])):
        order, name = len(match["order"]), match["name"]
    elif texts[1] == "=" and (match := _RUN_TOGETHER.fullmatch(texts[0])):
        name = match["name"]
    elif texts[0] in ("d", "∂") and texts[1] in ("^", "**") and texts[2] in ("2", "3", "4") and texts[4] == "/":
        order, name = int(texts[2]), texts[3]
        last = next((i - 1 for i, token in enumerate(tokens) if token.text == "="), 5)
    elif texts[:3] == ["d", "/", "dt"]:
        last = 4 if texts[3] == "(" else 3
        name = texts[last]
        last += texts[3] == "("
    elif texts[0] in ("dt", "dtt") and len(tokens) > 1 and tokens[1].kind == NAME:
        order, name, last = len(texts[0]) - 1, texts[1], 1
    elif texts[0] in ("ddt", "Dt", "DT", "D", "diff", "der", "Dx") and texts[1] == "(":
        name = texts[2]
        last = next((i for i, token in enumerate(tokens) if token.text == ")"), 2)
    elif texts[1] == "." and texts[2] in ("dt", "t"):
        name, last = texts[0], 2
    if not name:
        return None
    derivative = f"d{'t' * order}({name})"
    return error(
        "E0208",
        "a rate of change is written with `dt(...)`",
        Span(tokens[0].start, tokens[min(last, len(tokens) - 1)].end),
        help=f"write `{derivative} = ...`",
    )


def _python(tokens: Sequence[Token]) -> Diagnostic | None:
    first = tokens[0]
    if first.text not in _PYTHON:
        return None
    message = f"`{first.text}` begins no statement; a model file is not a program"
    return error("E0202", message, first.span, help=_PYTHON[first.text])


def _definition(tokens: Sequence[Token]) -> Diagnostic | None:
    """``k = 0.3``, ``f(u) = u^2``, ``du = ...``"""
    first = tokens[0]
    if first.kind != NAME:
        return None
    if _text(tokens, 1) == "=":
        name = first.text
        if name in _STEPS:
            return error("E0201", f"`{name} = ...` is no part of the law", first.span, help=_STEPS[name])
        if name[0] == "d" and name[1:].isidentifier():
            return error(
                "E0201",
                f"`{shortened(name)} = ...` needs a word in front that says what it is",
                first.span,
                help=f"write `dt({name[1:]}) = ...` for the rate of `{name[1:]}`, `let {name} = ...` for a name",
            )
        return error(
            "E0201",
            f"`{shortened(name)} = ...` needs a word in front that says what it is",
            first.span,
            help=f"write `dt({name}) = ...` for an equation, `let {name} = ...` for an abbreviation, "
            f"`known {name} = ...` for a known term or `param {name} = ...` for a number",
        )
    if _text(tokens, 1) == "[":
        span = Span(first.start, tokens[1].end)
        return error(
            "E0213",
            "there are no indices: each state has a name and an equation of its own",
            span,
            help="write `dt(u) = ...` and `dt(v) = ...`",
        )
    if _text(tokens, 1) == "(" and any(token.text == "by" for token in tokens):
        return error(
            "E0201",
            f"`{shortened(first.text)}(...) by ...` needs a word in front that says what it is",
            first.span,
            help=f"write `learned {shortened(first.text)}(...) by ...`",
        )
    if _text(tokens, 1) == "(" and any(token.text == "=" for token in tokens):
        closer = next((i for i, token in enumerate(tokens) if token.text == ")"), 1)
        if _text(tokens, closer + 1) == "=":
            if any(token.kind == NUMBER for token in tokens[2:closer]):
                span = Span(first.start, tokens[closer].end)
                help_text = f"write `init {first.text} = ...`, or `bc {first.text} = ... at x = ...` for a wall"
                return error(
                    "E0201", "a value at a point needs a word in front that says what it is", span, help=help_text
                )
            return error(
                "E0201",
                f"`{shortened(first.text)}(...) = ...` needs a word in front that says what it is",
                Span(first.start, tokens[closer].end),
                help=f"write `let {first.text} = ...` (an abbreviation takes no arguments), or "
                f"`learned {first.text}(...)` for an unknown function",
            )
    return None


def _misspelled(tokens: Sequence[Token]) -> Diagnostic | None:
    first = tokens[0]
    lowered = first.text.lower()
    if first.kind != NAME:
        return None
    known = [*words.STATEMENTS, *words.MODIFIERS]
    near = _OTHER_WORDS.get(lowered)
    if near is None and len(lowered) > 2:
        near = next(iter(get_close_matches(lowered, known, 1, 0.6)), None)
    if near is None:
        return None
    example = words.STATEMENTS.get(near, f"{near} state u(x)")
    return error(
        "E0201",
        f"no statement begins with `{shortened(first.text)}`",
        first.span,
        f"did you mean `{near}`?",
        help=f"for example `{example}`",
    )
