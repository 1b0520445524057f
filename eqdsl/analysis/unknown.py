"""Messages for calls that have no meaning, or none that can be meant."""

from __future__ import annotations

from collections.abc import Iterator

from eqdsl.analysis.scope import SPECIAL_CALLS, Kind, Scope
from eqdsl.analysis.spelling import repeated_derivative
from eqdsl.core.diagnostics import Diagnostic, Label, error, warning
from eqdsl.operators.base import Argument, Space
from eqdsl.operators.table import OPERATORS
from eqdsl.syntax import nodes, words

OTHER_SPELLINGS = {
    "laplace": "lap(u)", "laplacian": "lap(u)", "gradient": "grad(u)", "divergence": "div(w)", "rot": "curl(w)",
    "ln": "log(u)", "sgn": "sign(u)", "arcsin": "asin(u)", "arccos": "acos(u)", "arctan": "atan(u)",
    "pow": "a^b", "power": "a^b", "square": "a^2", "step": "heaviside(u)", "where": "ifelse(u > 0, a, b)",
    "if": "ifelse(u > 0, a, b)", "piecewise": "ifelse(u > 0, a, b)", "diff": "d(u, x, 1)", "logistic": "sigmoid(u)",
    "maximum": "max(a, b)", "minimum": "min(a, b)", "average": "mean(u)", "sum": "integral(u)",
}  # fmt: skip
"""Names from other languages and what they are called here."""


def unknown_function(node: nodes.Call, scope: Scope) -> Diagnostic:
    """What to say about a call of something that is no function."""
    name = node.name
    symbol = scope.find(name)
    if symbol is not None:
        return error(
            "E0306",
            f"`{name}` is {symbol.kind.phrase}, not a function",
            node.name_span,
            "not a function",
            second=Label(symbol.span, "declared here") if symbol.span.end else None,
            help=f"write `{name}` alone, or `{name}*(…)` for a product",
        )
    axes = scope.axes
    if name[:1] == "d" and len(name) <= 4 and set(name[1:]) <= set("xyzr"):
        if not axes:
            return no_space(f"`{name}`", node)
        shown = ", ".join(f"`d{a}`" for a in axes)
        return error(
            "E0307",
            f"`{name}` is a derivative along an axis that is not declared",
            node.name_span,
            "no such axis",
            help=f"first derivatives are {shown}",
        )
    if name.lower() in OTHER_SPELLINGS:
        right = OTHER_SPELLINGS[name.lower()]
        return error(
            "E0304", f"there is no function `{name}`", node.name_span, "unknown function", help=f"write `{right}`"
        )
    if name in words.FAMILIES:
        return error(
            "E0304",
            f"`{name}` is a family of learned terms, not a function",
            node.name_span,
            "family",
            help=f"declare `learned f(u) by {name}(64, 64)` and write `f`",
        )
    repeated = repeated_derivative(name, scope)
    if repeated is not None:
        return error(
            "E0304", f"there is no function `{name}`", node.name_span, "unknown function", help=f"write `{repeated}(u)`"
        )
    known = [*OPERATORS, *SPECIAL_CALLS, *(f"d{a}" for a in axes)]
    known += [s.name for s in scope.of(Kind.LEARNED)]
    close = scope.closest(name, known)
    return error(
        "E0304",
        f"there is no function `{name}`",
        node.name_span,
        "unknown function",
        help=f"did you mean `{close}`?" if close else f"to learn it from data, declare `learned {name}(u)`",
    )


def no_space(what: str, node: nodes.Expression) -> Diagnostic:
    """A message for an operator of space in a model without axes."""
    return error(
        "E0406",
        f"{what} needs a space, this model has no axes",
        node.span,
        "no space",
        help="declare one, for example `space x in [0, 1]`",
    )


def always_zero(node: nodes.Call, argument: Argument, space: Space) -> Iterator[Diagnostic]:
    """A warning for ``lap(T)`` of a state that is one number."""
    facts = [space.facts.of(c) for c in argument.value.components]
    channels = sorted(frozenset[str]().union(*(f.channels for f in facts)))
    if channels and space.axes and not any(f.axes for f in facts):
        axes = ", ".join(space.names)
        yield warning(
            "W1005",
            f"`{node.name}` of something that does not vary in space is 0",
            node.span,
            "always 0",
            help=f"if `{channels[0]}` is a field, declare it with its axes: `state {channels[0]}({axes})`",
        )
