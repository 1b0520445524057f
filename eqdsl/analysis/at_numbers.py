"""The value of a pointwise expression at numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from eqdsl.analysis.shapes import Shapes
from eqdsl.model.expr import Apply, Const, DefinitionRef, Expr, ParamRef
from eqdsl.model.facts import FactTable
from eqdsl.operators.pointwise import AT_NUMBERS

ARITHMETIC: dict[str, Callable[..., float]] = {
    "add": lambda *a: sum(a),
    "sub": lambda a, b: a - b,
    "mul": lambda *a: math.prod(a),
    "div": lambda a, b: a / b,
    "neg": lambda a: -a,
    "pow": math.pow,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "ne": lambda a, b: a != b,
    "ifelse": lambda c, a, b: a if c else b,
    "sign": lambda a: (a > 0) - (a < 0),
    "heaviside": lambda a: float(a > 0),
    "sigmoid": lambda a: 1 / (1 + math.exp(-a)),
    "relu": lambda a: max(a, 0.0),
    "softplus": lambda a: math.log1p(math.exp(a)),
}
"""What is not folded while a model is read, as the numeric half computes it."""

FUNCTIONS = {**AT_NUMBERS, **ARITHMETIC}


class NoValue(ArithmeticError):
    """The expression has no value there, or is not pointwise in the given quantities."""


def value_at(
    expr: Expr, known: Mapping[int, float], parameters: Mapping[str, float], shapes: Shapes, facts: FactTable
) -> float:
    """The value where the quantities of the given shapes have the given values.

    Raises
    ------
    NoValue
        A quantity is missing, or a function is not defined there.
    """
    found: dict[Expr, float] = {}

    def value(node: Expr) -> float:
        if node not in found:
            found[node] = compute(node)
        return found[node]

    def compute(node: Expr) -> float:
        if shapes.of(node) in known:
            return known[shapes.of(node)]
        match node:
            case Const(number):
                return number
            case ParamRef(name):
                return parameters[name]
            case DefinitionRef():
                return value(facts.body(node))
            case Apply(function, arguments):
                return float(FUNCTIONS[function](*[value(a) for a in arguments]))
        raise NoValue(type(node).__name__)

    try:
        result = value(expr)
    except (KeyError, ValueError, ArithmeticError) as reason:
        raise NoValue(str(reason)) from reason
    if not math.isfinite(result):
        raise NoValue("not finite")
    return result
