"""Functions that act at each point: a literal table of names and numbers of arguments."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from eqdsl.core.diagnostics import error
from eqdsl.core.source import Span
from eqdsl.model.arithmetic import BadNumber, constant
from eqdsl.model.expr import Apply, Const
from eqdsl.operators.base import Argument, Operator, Rejection, Space, Value, require_scalar

ONE_ARGUMENT = (1, 1)
TWO_ARGUMENTS = (2, 2)
TWO_OR_MORE = (2, None)

ARITY: dict[str, tuple[int, int | None]] = {
    "sin": ONE_ARGUMENT,
    "cos": ONE_ARGUMENT,
    "tan": ONE_ARGUMENT,
    "asin": ONE_ARGUMENT,
    "acos": ONE_ARGUMENT,
    "atan": ONE_ARGUMENT,
    "atan2": TWO_ARGUMENTS,
    "sinh": ONE_ARGUMENT,
    "cosh": ONE_ARGUMENT,
    "tanh": ONE_ARGUMENT,
    "exp": ONE_ARGUMENT,
    "log": ONE_ARGUMENT,
    "log10": ONE_ARGUMENT,
    "sqrt": ONE_ARGUMENT,
    "abs": ONE_ARGUMENT,
    "sign": ONE_ARGUMENT,
    "min": TWO_OR_MORE,
    "max": TWO_OR_MORE,
    "floor": ONE_ARGUMENT,
    "heaviside": ONE_ARGUMENT,
    "erf": ONE_ARGUMENT,
    "sigmoid": ONE_ARGUMENT,
    "relu": ONE_ARGUMENT,
    "softplus": ONE_ARGUMENT,
    "ifelse": (3, 3),
}
"""`ifelse(c, a, b)` takes a comparison first; the checker of expressions sees to that."""


def _sigmoid(x: float) -> float:
    # Written so that neither end overflows or loses digits.
    return 1.0 / (1.0 + math.exp(-x)) if x >= 0 else math.exp(x) / (1.0 + math.exp(x))


def _sign(x: float) -> float:
    return float((x > 0) - (x < 0))


AT_NUMBERS: dict[str, Callable[..., float]] = {
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
    "atan2": math.atan2,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "tanh": math.tanh,
    "exp": math.exp,
    "log": math.log,
    "log10": math.log10,
    "sqrt": math.sqrt,
    "abs": abs,
    "sign": _sign,
    "min": min,
    "max": max,
    "floor": math.floor,
    "heaviside": lambda x: 0.5 * (1.0 + _sign(x)),
    "erf": math.erf,
    "sigmoid": _sigmoid,
    "relu": lambda x: max(x, 0.0),
    "softplus": lambda x: max(x, 0.0) + math.log1p(math.exp(-abs(x))),
}
"""The values of all functions but `ifelse` at numbers."""


def at_numbers(name: str, numbers: Sequence[float]) -> Const:
    """The value of a function at numbers.

    Raises
    ------
    BadNumber
        It is not a finite real number.
    """
    try:
        return constant(float(AT_NUMBERS[name](*numbers)), f"`{name}` of this number")
    except (ValueError, OverflowError) as reason:
        shown = ", ".join(f"{n:g}" for n in numbers)
        raise BadNumber(f"`{name}({shown})` is not a finite real number") from reason


class Pointwise(Operator):
    """``f(a, …)`` at each point, on scalars."""

    needs_space = False

    def __init__(self, name: str) -> None:
        self.name = name
        self.arity = ARITY[name]
        self.usage = f"{name}({', '.join('abc'[: self.arity[0]])})"

    def expand(self, arguments: Sequence[Argument], span: Span, space: Space) -> Value:
        """The call itself, or its value at numbers."""
        parts = tuple(require_scalar(a, self.name, f"{self.name}(w.x)") for a in arguments)
        numbers = [p.value for p in parts if isinstance(p, Const)]
        if len(numbers) < len(parts):
            return Value((Apply(self.name, parts),))
        try:
            return Value((at_numbers(self.name, numbers),))
        except BadNumber as reason:
            raise Rejection(
                error(
                    "E0410",
                    str(reason),
                    span,
                    "no value",
                    help=f"change the argument so that `{self.name}` is defined there",
                )
            ) from reason
