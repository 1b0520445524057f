"""Sums, products and powers: numbers are folded, zeros and ones dropped, nothing is expanded or reordered."""

from __future__ import annotations

import math
from collections.abc import Sequence

from eqdsl.model.expr import Apply, Const, Expr

ZERO = Const(0.0)
ONE = Const(1.0)


class BadNumber(ArithmeticError):
    """A constant subexpression has no value; the message says which and why."""


def is_number(expr: Expr, value: float) -> bool:
    """Whether an expression is that constant."""
    return isinstance(expr, Const) and expr.value == value


def add(addends: Sequence[Expr]) -> Expr:
    """The sum of one or more addends; zeros are dropped."""
    kept = [a for a in addends if not is_number(a, 0.0)]
    if not kept:
        return ZERO
    if len(kept) == 1:
        return kept[0]
    if all(isinstance(a, Const) for a in kept):
        return constant(sum(a.value for a in kept if isinstance(a, Const)), "this sum")
    if len(kept) == 2 and isinstance(kept[1], Apply) and kept[1].function == "neg":
        return Apply("sub", (kept[0], kept[1].arguments[0]))
    return Apply("add", tuple(kept))


def negate(expr: Expr) -> Expr:
    """``-a``; a double sign cancels."""
    if isinstance(expr, Const):
        return Const(-expr.value) if expr.value else ZERO
    if isinstance(expr, Apply) and expr.function == "neg":
        return expr.arguments[0]
    return Apply("neg", (expr,))


def multiply(factors: Sequence[Expr]) -> Expr:
    """The product of one or more factors; ones are dropped, a zero wins."""
    if any(is_number(f, 0.0) for f in factors):
        return ZERO
    kept = [f for f in factors if not is_number(f, 1.0)]
    if not kept:
        return ONE
    if len(kept) == 1:
        return kept[0]
    if all(isinstance(f, Const) for f in kept):
        return constant(math.prod(f.value for f in kept if isinstance(f, Const)), "this product")
    return Apply("mul", tuple(kept))


def divide(left: Expr, right: Expr) -> Expr:
    """``a/b``.

    Raises
    ------
    BadNumber
        `right` is the constant zero.
    """
    if is_number(right, 0.0):
        raise BadNumber("division by zero")
    if is_number(right, 1.0) or is_number(left, 0.0):
        return left
    if isinstance(left, Const) and isinstance(right, Const):
        return constant(left.value / right.value, "this quotient")
    return Apply("div", (left, right))


def power(base: Expr, exponent: Expr) -> Expr:
    """``a^b``.

    Raises
    ------
    BadNumber
        The value is not a real number: ``0^-1``, ``(-1)^0.5``.
    """
    if is_number(exponent, 1.0):
        return base
    if is_number(exponent, 0.0):
        return ONE
    if isinstance(base, Const) and isinstance(exponent, Const):
        try:
            return constant(math.pow(base.value, exponent.value), "this power")
        except (ValueError, OverflowError) as reason:
            shown = f"({base.value:g})" if base.value < 0 else f"{base.value:g}"
            raise BadNumber(f"{shown}^{exponent.value:g} is not a finite real number") from reason
    return Apply("pow", (base, exponent))


def constant(value: float, what: str) -> Const:
    """A folded number.

    Raises
    ------
    BadNumber
        It is not finite.
    """
    if not math.isfinite(value):
        raise BadNumber(f"{what} is too large for a double")
    return Const(value)
