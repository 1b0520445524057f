"""A warning about branches of ``ifelse`` that fitting cannot keep apart from the points where they are not taken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eqdsl.core.diagnostics import Diagnostic, warning
from eqdsl.model.expr import Apply, Const, Diff, Expr, FluxDiff
from eqdsl.model.facts import FactTable, nodes_of
from eqdsl.model.model import Equation
from eqdsl.model.text import derivative_text, expr_text

PARTIAL = ("sqrt", "log", "log10", "asin", "acos")
"""Functions without a value for some real numbers; powers with a fractional exponent are told by their exponent."""


def crossing_branches(equations: Sequence[Equation], facts: FactTable, time: str) -> Iterator[Diagnostic]:
    """``ifelse(h > 0, dx(sqrt(h)), 0)``: the stencil of a branch reaches points at which it is not taken."""
    for equation in equations:
        for term in equation.terms:
            found = next(_crossing(term.expr, facts), None)
            if found is not None:
                part, axis = found
                shown = expr_text(part, time=time)
                chosen = derivative_text(f"ifelse(c, {shown}, 0)", axis, 1)
                yield warning(
                    "W1004",
                    f"a derivative inside a branch of `ifelse` sees `{shown}` where the branch is not taken",
                    term.span,
                    "choice outside the derivative",
                    note="a value that does not exist there makes the gradients of a fit undefined",
                    help=f"choose inside the derivative: `{chosen}`",
                )


def _crossing(expr: Expr, facts: FactTable) -> Iterator[tuple[Expr, str]]:
    """Partial functions under a derivative, with its axis, in a branch whose condition is about the same states."""
    for node in nodes_of(expr, facts):
        match node:
            case Apply("ifelse", (condition, yes, no)):
                chosen_by = facts.of(condition).channels
                for branch in (yes, no):
                    for inner in nodes_of(branch, facts):
                        if isinstance(inner, Diff | FluxDiff):
                            yield from (
                                (part, inner.axis)
                                for part in nodes_of(inner, facts)
                                if _is_partial(part) and facts.of(part).channels & chosen_by
                            )


def _is_partial(expr: Expr) -> bool:
    match expr:
        case Apply("pow", (_, Const(exponent))):
            return exponent != int(exponent)
        case Apply(function):
            return function in PARTIAL
    return False
