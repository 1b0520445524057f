"""Functions of checked arguments with numbers worked out: how an expression is built anew after a substitution."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence

from eqdsl.model.arithmetic import add, divide, multiply, negate, power
from eqdsl.model.expr import Apply, Const, Expr
from eqdsl.operators.pointwise import AT_NUMBERS, at_numbers

ARITHMETIC: dict[str, Callable[..., Expr]] = {
    "add": lambda *a: add(a),
    "sub": lambda a, b: add([a, negate(b)]),
    "mul": lambda *a: multiply(a),
    "div": divide,
    "pow": power,
    "neg": negate,
}

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "ne": operator.ne,
}


def folded(function: str, arguments: Sequence[Expr]) -> Expr:
    """``function(arguments)``, a number if they are numbers.

    Raises
    ------
    BadNumber
        It has no value.
    """
    if function in ARITHMETIC:
        return ARITHMETIC[function](*arguments)
    if function == "ifelse":
        condition, yes, no = arguments
        decided = _decided(condition)
        if decided is not None:
            return yes if decided else no
    numbers = [a.value for a in arguments if isinstance(a, Const)]
    if function in AT_NUMBERS and len(numbers) == len(arguments):
        return at_numbers(function, numbers)
    return Apply(function, tuple(arguments))


def _decided(condition: Expr) -> bool | None:
    """The truth of a comparison of two numbers."""
    match condition:
        case Apply(sign, (Const(left), Const(right))) if sign in COMPARISONS:
            return COMPARISONS[sign](left, right)
    return None
