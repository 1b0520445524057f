"""Sums, products and powers of checked operands: which ranks go together, and the scalar expressions that result."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from eqdsl.analysis.walk import left_spine
from eqdsl.core.diagnostics import Label, error
from eqdsl.model.arithmetic import add, divide, multiply, negate, power
from eqdsl.model.expr import Expr
from eqdsl.operators.base import Argument, Rejection, Value
from eqdsl.syntax import nodes


def by_component(value: Value, function: Callable[[Expr], Expr]) -> Value:
    """The same function on each component."""
    return Value(tuple(function(c) for c in value.components), value.vector)


def verify_same_ranks(addends: Sequence[Argument]) -> None:
    """Nothing, when all are scalars or all are vectors.

    Raises
    ------
    Rejection
        They are mixed.
    """
    scalar = next((a for a in addends if not a.value.vector), None)
    vector = next((a for a in addends if a.value.vector), None)
    if scalar is not None and vector is not None:
        raise Rejection(
            error(
                "E0402",
                "a sum mixes a scalar and a vector",
                vector.span,
                "vector",
                second=Label(scalar.span, "scalar"),
                help=_mixed_sum_help(vector.node),
            )
        )


def _mixed_sum_help(vector: nodes.Expression) -> str:
    first, rest = left_spine(vector, "*/")
    if any(isinstance(p, nodes.Call) and p.name == "grad" for p in (first, *(p for _, p in rest))):
        return "for a decay term write `k*u`; for transport write `advect(w, u)`"
    return "take a component such as `w.x`, the divergence `div(w)`, or the length `norm(w)`"


def sum_of(parts: Sequence[tuple[str, Argument]]) -> Value:
    """``a + b - c`` of operands of one rank, each with its sign."""
    first = parts[0][1].value
    return Value(
        tuple(
            add([a.value.components[i] if s == "+" else negate(a.value.components[i]) for s, a in parts])
            for i in range(len(first.components))
        ),
        first.vector,
    )


def product_of(parts: Sequence[tuple[str, Argument]]) -> Value:
    """``a*b/c*d``, at most one factor of the numerator a vector.

    Raises
    ------
    Rejection
        There are two vectors, or one in a denominator.
    BadNumber
        A denominator is the constant zero.
    """
    vectors = [(operator, a) for operator, a in parts if a.value.vector]
    below = next((a for operator, a in vectors if operator == "/"), None)
    if below is not None:
        raise Rejection(
            error(
                "E0404",
                "division by a vector",
                below.span,
                "vector",
                help="divide by a component such as `w.x`, or by `norm(w)`",
            )
        )
    if len(vectors) > 1:
        raise Rejection(
            error(
                "E0404",
                "a product of two vectors could mean several things",
                vectors[1][1].span,
                "vector",
                second=Label(vectors[0][1].span, "vector"),
                help="write `dot(v, w)` or `cross(v, w)`",
            )
        )
    count = len(vectors[0][1].value.components) if vectors else 1
    return Value(tuple(_fold(parts, i) for i in range(count)), bool(vectors))


def _fold(parts: Sequence[tuple[str, Argument]], component: int) -> Expr:
    """One component from the left; runs of ``*`` become one product."""
    factors: list[Expr] = []
    for operator, argument in parts:
        value = argument.value
        part = value.components[component if value.vector else 0]
        if operator == "*":
            factors.append(part)
        else:
            factors = [divide(multiply(factors), part)]
    return multiply(factors)


def power_of(base: Argument, exponent: Argument) -> Value:
    """``a^b`` of scalars.

    Raises
    ------
    Rejection
        One of them is a vector.
    BadNumber
        Both are numbers, and the power is not a finite real one.
    """
    for argument in (base, exponent):
        if argument.value.vector:
            raise Rejection(
                error(
                    "E0404",
                    "a power takes scalars, this is a vector",
                    argument.span,
                    "vector",
                    help="write `dot(w, w)` for the square of a vector's length",
                )
            )
    return Value((power(base.value.scalar, exponent.value.scalar),))
