"""Coefficients of an expression that is linear in some channels."""

from __future__ import annotations

from dataclasses import dataclass, field

from eqdsl.model.expr import Apply, ChannelRef, DefinitionRef, Expr
from eqdsl.model.facts import FactTable
from eqdsl.operators.arithmetic import ONE, ZERO, add, divide, multiply, negate


class NotLinear(Exception):
    """The expression is no linear combination of its channels."""


@dataclass(frozen=True, slots=True)
class LinearForm:
    """``sum_i coefficients[i] * channel_i + rest``; neither holds a channel."""

    coefficients: dict[str, Expr] = field(default_factory=dict)
    rest: Expr = ZERO

    def scaled(self, factor: Expr) -> LinearForm:
        """The form times an expression without channels."""
        return LinearForm(
            {n: multiply([factor, c]) for n, c in self.coefficients.items()}, multiply([factor, self.rest])
        )


def linear_form(expr: Expr, facts: FactTable) -> LinearForm:
    """The coefficients of an expression.

    Raises
    ------
    NotLinear
        It contains a channel in another way.
    """
    if not facts.of(expr).channels:
        return LinearForm(rest=expr)
    if isinstance(expr, ChannelRef):
        return LinearForm({expr.channel: ONE})
    if isinstance(expr, DefinitionRef):
        return linear_form(facts.body(expr), facts)
    if not isinstance(expr, Apply):
        raise NotLinear
    arguments = expr.arguments
    if expr.function == "add":
        return _sum([linear_form(a, facts) for a in arguments])
    if expr.function == "sub":
        left, right = (linear_form(a, facts) for a in arguments)
        return _sum([left, _negative(right)])
    if expr.function == "neg":
        return _negative(linear_form(arguments[0], facts))
    if expr.function == "div" and not facts.of(arguments[1]).channels:
        form = linear_form(arguments[0], facts)
        return LinearForm(
            {n: divide(c, arguments[1]) for n, c in form.coefficients.items()}, divide(form.rest, arguments[1])
        )
    if expr.function == "mul":
        inside = [a for a in arguments if facts.of(a).channels]
        if len(inside) == 1:
            outside = multiply([a for a in arguments if a is not inside[0]])
            return linear_form(inside[0], facts).scaled(outside)
    raise NotLinear


def _negative(form: LinearForm) -> LinearForm:
    return LinearForm({n: negate(c) for n, c in form.coefficients.items()}, negate(form.rest))


def _sum(forms: list[LinearForm]) -> LinearForm:
    names = dict.fromkeys(n for f in forms for n in f.coefficients)
    return LinearForm(
        {n: add([f.coefficients[n] for f in forms if n in f.coefficients]) for n in names}, add([f.rest for f in forms])
    )
