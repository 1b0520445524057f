"""The derivative along one axis, in the form that gives the best stencil.

============================  ==============================  =====================================
argument                      result                          why
============================  ==============================  =====================================
sum, difference, minus        the same of derivatives         linear
does not vary along the axis  0                               exact
``d(a)/dx`` (same axis)       one derivative of order n + 1   compact stencil
product with one ``d(a)/dx``  flux form ``d/dx(k*d(a)/dx)``   conservative, compact
anything else                 derivative of order 1           a product is never expanded
============================  ==============================  =====================================

A ``known`` or ``let`` is looked through when its body has one of the forms that profit.
"""

from __future__ import annotations

from eqdsl.model.arithmetic import ONE, ZERO, add, divide, multiply, negate
from eqdsl.model.expr import Apply, Coordinate, DefinitionRef, Diff, Expr, FluxDiff
from eqdsl.model.facts import FactTable

SUMS = ("add", "sub", "neg")


class Differentiator:
    """Derivatives of expressions, remembered by identity so that shared definitions cost once.

    Parameters
    ----------
    facts : FactTable
    """

    def __init__(self, facts: FactTable) -> None:
        self._facts = facts
        self._done: dict[tuple[Expr, str], Expr] = {}
        self._special: dict[tuple[Expr, str], bool] = {}

    def derivative(self, expr: Expr, axis: str, order: int = 1) -> Expr:
        """``d^n(expr)/d(axis)^n``."""
        for _ in range(order):
            found = self._done.get((expr, axis))
            if found is None:
                found = self._done[expr, axis] = self._derive(expr, axis)
            expr = found
        return expr

    def _derive(self, expr: Expr, axis: str) -> Expr:
        if not self._facts.varies_along(expr, axis):
            return ZERO
        if isinstance(expr, Coordinate):
            return ONE
        if isinstance(expr, DefinitionRef):
            body = self._facts.body(expr)
            return self.derivative(body, axis) if self._profits(body, axis) else Diff(expr, axis, 1)
        if isinstance(expr, Diff) and expr.axis == axis:
            return Diff(expr.argument, axis, expr.order + 1)
        if isinstance(expr, Apply) and expr.function in SUMS:
            return self._of_sum(expr, axis)
        flux = self._as_flux(expr, axis)
        return Diff(expr, axis, 1) if flux is None else FluxDiff(*flux, axis)

    def _of_sum(self, expr: Apply, axis: str) -> Expr:
        parts = [self.derivative(a, axis) for a in expr.arguments]
        if expr.function == "neg":
            return negate(parts[0])
        if expr.function == "sub":
            return add([parts[0], negate(parts[1])])
        return add(parts)

    def _profits(self, body: Expr, axis: str) -> bool:
        """Whether a definition's body must be seen for its derivative to be compact or in flux form."""
        found = self._special.get((body, axis))
        if found is None:
            found = self._special[body, axis] = self._has_special_form(body, axis)
        return found

    def _has_special_form(self, body: Expr, axis: str) -> bool:
        if isinstance(body, DefinitionRef):
            return self._profits(self._facts.body(body), axis)
        if isinstance(body, Diff):
            return body.axis == axis
        if isinstance(body, Apply) and body.function in SUMS:
            return any(self._profits(a, axis) for a in body.arguments)
        return self._as_flux(body, axis) is not None

    def _as_flux(self, expr: Expr, axis: str) -> tuple[Expr, Expr] | None:
        """``(k, a)`` when the expression is ``k * d(a)/d(axis)`` with exactly one such factor, else None."""
        found = [
            (factor, inner.argument)
            for factor in _factors(expr)
            if isinstance(inner := self._seen_through(factor), Diff) and inner.axis == axis and inner.order == 1
        ]
        if len(found) != 1 or found[0][0] is expr:
            return None
        factor, argument = found[0]
        return _without(expr, factor), argument

    def _seen_through(self, expr: Expr) -> Expr:
        while isinstance(expr, DefinitionRef):
            expr = self._facts.body(expr)
        return expr


def _factors(expr: Expr) -> list[Expr]:
    """Factors of a product; a denominator is no factor that could be a derivative, so it is left out."""
    if isinstance(expr, Apply) and expr.function == "mul":
        return [f for a in expr.arguments for f in _factors(a)]
    if isinstance(expr, Apply) and expr.function in ("div", "neg"):
        return _factors(expr.arguments[0])
    return [expr]


def _without(expr: Expr, factor: Expr) -> Expr:
    """The product with one of its factors taken out."""
    if expr is factor:
        return ONE
    if isinstance(expr, Apply) and expr.function == "mul":
        return multiply([_without(a, factor) for a in expr.arguments])
    if isinstance(expr, Apply) and expr.function == "div":
        return divide(_without(expr.arguments[0], factor), expr.arguments[1])
    if isinstance(expr, Apply) and expr.function == "neg":
        return negate(_without(expr.arguments[0], factor))
    return expr
