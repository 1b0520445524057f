"""A checked model with some parts of its expressions replaced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from eqdsl.model.expr import Apply, Diff, Expr, FluxDiff, LearnedCall, Reduction
from eqdsl.model.model import Model

Change = Callable[[Expr], Expr]
"""Given an expression whose parts are changed already, what stands in its place."""


class Rewriting:
    """Rebuilds expressions; shared subtrees stay shared."""

    def __init__(self, change: Change) -> None:
        self._change = change
        self._done: dict[Expr, Expr] = {}

    def of(self, expr: Expr) -> Expr:
        """The expression with every node changed, innermost first."""
        found = self._done.get(expr)
        if found is None:
            found = self._done[expr] = self._change(self._rebuilt(expr))
        return found

    def _rebuilt(self, expr: Expr) -> Expr:
        match expr:
            case Apply(function, arguments):
                return Apply(function, tuple(self.of(a) for a in arguments))
            case Diff(argument, axis, order, carried):
                return Diff(self.of(argument), axis, order, carried)
            case FluxDiff(coefficient, argument, axis):
                return FluxDiff(self.of(coefficient), self.of(argument), axis)
            case LearnedCall(term, arguments, output, name):
                return LearnedCall(term, tuple(self.of(a) for a in arguments), output, name)
            case Reduction(argument=argument):
                return replace(expr, argument=self.of(argument))
        return expr


def rewritten(model: Model, change: Change) -> Model:
    """The model with its equations, definitions and laws changed."""
    of = Rewriting(change).of
    return replace(
        model,
        equations=tuple(replace(e, terms=tuple(replace(t, expr=of(t.expr)) for t in e.terms)) for e in model.equations),
        definitions={
            name: replace(d, components=tuple(of(c) for c in d.components)) for name, d in model.definitions.items()
        },
        laws=tuple(replace(law, expr=of(law.expr)) for law in model.laws),
    )
