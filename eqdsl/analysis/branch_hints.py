"""A warning about branches of ``ifelse`` that look beyond the points where they are taken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eqdsl.core.diagnostics import Diagnostic, warning
from eqdsl.model.expr import Apply, Const, DefinitionRef, Diff, Expr, FluxDiff, children
from eqdsl.model.facts import FactTable
from eqdsl.model.model import Equation
from eqdsl.model.text import derivative_text, expr_text

PARTIAL = ("sqrt", "log", "log10", "asin", "acos")
"""Functions without a value for some real numbers; powers with a fractional exponent are told by their exponent."""


def crossing_branches(equations: Sequence[Equation], facts: FactTable, time: str) -> Iterator[Diagnostic]:
    """``ifelse(h > 0, dx(sqrt(h)), 0)``: the stencil of a branch reaches points at which it is not taken."""
    finder = _Finder(facts)
    for equation in equations:
        for term in equation.terms:
            found = finder.crossing(term.expr)
            if found is not None:
                part, axis = found
                shown = expr_text(part, time=time)
                chosen = derivative_text(f"ifelse(c, {shown}, 0)", axis, 1)
                yield warning(
                    "W1006",
                    f"a derivative inside a branch of `ifelse` sees `{shown}` where the branch is not taken",
                    term.span,
                    "choice outside the derivative",
                    note="a value that does not exist there makes the gradients of a fit undefined",
                    help=f"choose inside the derivative: `{chosen}`",
                )


class _Finder:
    """Looks at each shared subtree once."""

    def __init__(self, facts: FactTable) -> None:
        self._facts = facts
        self._partial: dict[Expr, dict[str, Expr]] = {}
        self._derived: dict[Expr, dict[str, tuple[Expr, str]]] = {}
        self._crossing: dict[Expr, tuple[Expr, str] | None] = {}

    def crossing(self, expr: Expr) -> tuple[Expr, str] | None:
        """A partial function under a derivative, and its axis, in a branch chosen by the same state."""
        if expr not in self._crossing:
            self._crossing[expr] = self._own(expr) or next(filter(None, map(self.crossing, self._parts(expr))), None)
        return self._crossing[expr]

    def _own(self, expr: Expr) -> tuple[Expr, str] | None:
        match expr:
            case Apply("ifelse", (condition, yes, no)):
                derived = self._under_derivatives(yes) | self._under_derivatives(no)
                return next((derived[c] for c in sorted(self._facts.of(condition).channels) if c in derived), None)
        return None

    def _under_derivatives(self, expr: Expr) -> dict[str, tuple[Expr, str]]:
        """By channel: a partial function of it under a derivative, and the axis."""
        if expr not in self._derived:
            found: dict[str, tuple[Expr, str]] = {}
            for part in self._parts(expr):
                found |= self._under_derivatives(part)
                if isinstance(expr, Diff | FluxDiff):
                    found |= {channel: (p, expr.axis) for channel, p in self._partials(part).items()}
            self._derived[expr] = found
        return self._derived[expr]

    def _partials(self, expr: Expr) -> dict[str, Expr]:
        """By channel: a partial function of it."""
        if expr not in self._partial:
            found: dict[str, Expr] = {}
            for part in self._parts(expr):
                found |= self._partials(part)
            if _is_partial(expr):
                found |= dict.fromkeys(self._facts.of(expr).channels, expr)
            self._partial[expr] = found
        return self._partial[expr]

    def _parts(self, expr: Expr) -> tuple[Expr, ...]:
        return (self._facts.body(expr),) if isinstance(expr, DefinitionRef) else children(expr)


def _is_partial(expr: Expr) -> bool:
    match expr:
        case Apply("pow", (_, Const(exponent))):
            return exponent != int(exponent)
        case Apply(function):
            return function in PARTIAL
    return False
