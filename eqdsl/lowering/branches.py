"""Branches of ``ifelse`` that stay harmless where they are not taken.

Both branches are evaluated everywhere and one is picked. Where ``ifelse(h > 0, sqrt(h), 0)`` does not take the root,
its value is thrown away but its derivative is not: 0 times the infinite or undefined slope of the root is NaN. So
within a branch the arguments of functions that are not smooth everywhere are themselves replaced where it is not taken:
``ifelse(h > 0, sqrt(ifelse(h > 0, h, 1)), 0)``. Values do not change.

Only pointwise parts are replaced. A stencil inside a branch reaches points at which the other one is taken, and must
see them as they are.
"""

from __future__ import annotations

from collections.abc import Mapping

from eqdsl.core.errors import UsageError
from eqdsl.model.expr import Apply, Const, DefinitionRef, Expr, LearnedCall, children
from eqdsl.model.model import Model

SAFE: dict[str, tuple[int, float]] = {
    "sqrt": (0, 1.0),
    "log": (0, 1.0),
    "log10": (0, 1.0),
    "pow": (0, 1.0),
    "div": (1, 1.0),
    "atan2": (1, 1.0),
    "asin": (0, 0.0),
    "acos": (0, 0.0),
    "exp": (0, 0.0),
    "sinh": (0, 0.0),
    "cosh": (0, 0.0),
}
"""Functions with an undefined or infinite value or slope: which argument to replace, and by what."""

MOST_PARTS = 50_000
"""Rewritten parts of one model; choices nested through definitions could multiply without end."""

Guards = tuple[tuple[Expr, bool], ...]
"""The comparisons around a part, outermost first, and whether each holds there."""


class Branches:
    """Rewrites the branches of ``ifelse``; shared parts under the same comparisons are rewritten once.

    Parameters
    ----------
    model : Model
    radii : mapping of str to int
        Cells that each learned term sees in every direction; a pointwise one is looked through.
    """

    def __init__(self, model: Model, radii: Mapping[str, int]) -> None:
        self._model, self._radii = model, radii
        self._partial: dict[Expr, bool] = {}
        self._done: dict[tuple[Expr, Guards], Expr] = {}
        self._made: set[Expr] = set()

    def of(self, expr: Expr) -> Expr:
        """An ``ifelse`` with safe branches; one made here is left as it is.

        Raises
        ------
        UsageError
            Choices are nested too deeply.
        """
        return expr if expr in self._made else self._safe(expr, ())

    def _safe(self, expr: Expr, guards: Guards) -> Expr:
        if not self._has_partial(expr):
            return expr
        found = self._done.get((expr, guards))
        if found is None:
            found = self._done[expr, guards] = self._rewrite(expr, guards)
            self._made.add(found)
            if len(self._done) > MOST_PARTS:
                raise UsageError(
                    f"choices by `ifelse` are nested in more than {MOST_PARTS:,} ways",
                    help="let fewer definitions that contain `ifelse` stand in the branches of another",
                )
        return found

    def _rewrite(self, expr: Expr, guards: Guards) -> Expr:
        match expr:
            case DefinitionRef():
                return self._safe(self._body(expr), guards)
            case LearnedCall(term, arguments, output, name):
                return LearnedCall(term, tuple(self._safe(a, guards) for a in arguments), output, name)
            case Apply("ifelse", (condition, yes, no)):
                yes = self._safe(yes, (*guards, (condition, True)))
                no = self._safe(no, (*guards, (condition, False)))
                return Apply("ifelse", (condition, yes, no))
            case Apply(function, arguments):
                parts = [self._safe(a, guards) for a in arguments]
                if _is_partial(expr):
                    place, value = SAFE[function]
                    parts[place] = self._replaced(parts[place], guards, value)
                return Apply(function, tuple(parts))
        raise TypeError(f"{type(expr).__name__} holds no partial function")

    def _replaced(self, argument: Expr, guards: Guards, value: float) -> Expr:
        """The argument where its branch is taken, a harmless number elsewhere."""
        for condition, holds in reversed(guards):
            pair = (argument, Const(value)) if holds else (Const(value), argument)
            argument = Apply("ifelse", (condition, *pair))
            self._made.add(argument)
        return argument

    def _has_partial(self, expr: Expr) -> bool:
        """Whether a pointwise part of an expression is a partial function."""
        found = self._partial.get(expr)
        if found is None:
            found = self._partial[expr] = _is_partial(expr) or any(self._has_partial(p) for p in self._parts(expr))
        return found

    def _parts(self, expr: Expr) -> tuple[Expr, ...]:
        if isinstance(expr, DefinitionRef):
            return (self._body(expr),)
        if isinstance(expr, Apply) or (isinstance(expr, LearnedCall) and self._model.learned_term(expr.term).pointwise):
            return children(expr)
        return ()

    def _body(self, reference: DefinitionRef) -> Expr:
        return self._model.definitions[reference.name].components[reference.component]


def _is_partial(expr: Expr) -> bool:
    """Whether a function needs its argument guarded: not a whole positive power, not a quotient by a number."""
    match expr:
        case Apply("pow", (_, Const(exponent))):
            return exponent < 0 or exponent != int(exponent)
        case Apply("div", (_, Const())):
            return False
        case Apply(function):
            return function in SAFE
    return False
