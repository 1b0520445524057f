"""The derivative in time of a prescribed value, exactly: chain rule over the functions of the language."""

from __future__ import annotations

import math

from eqdsl.model.arithmetic import ONE, ZERO, add, divide, multiply, negate
from eqdsl.model.expr import Apply, Const, DefinitionRef, Expr, InputRef, TimeRef
from eqdsl.model.facts import FactTable


def _call(function: str, *arguments: Expr) -> Expr:
    return Apply(function, arguments)


def _square(expr: Expr) -> Expr:
    return _call("pow", expr, Const(2.0))


def _inverse(expr: Expr) -> Expr:
    return _call("div", ONE, expr)


def _outer(function: str, a: Expr) -> Expr:
    """The derivative of a function of one argument at that argument."""
    match function:
        case "sin":
            return _call("cos", a)
        case "cos":
            return negate(_call("sin", a))
        case "tan":
            return _inverse(_square(_call("cos", a)))
        case "asin":
            return _inverse(_call("sqrt", _call("sub", ONE, _square(a))))
        case "acos":
            return negate(_inverse(_call("sqrt", _call("sub", ONE, _square(a)))))
        case "atan":
            return _inverse(_call("add", ONE, _square(a)))
        case "sinh":
            return _call("cosh", a)
        case "cosh":
            return _call("sinh", a)
        case "tanh":
            return _call("sub", ONE, _square(_call("tanh", a)))
        case "exp":
            return _call("exp", a)
        case "log":
            return _inverse(a)
        case "log10":
            return _inverse(multiply([Const(math.log(10.0)), a]))
        case "sqrt":
            return _inverse(multiply([Const(2.0), _call("sqrt", a)]))
        case "abs":
            return _call("sign", a)
        case "erf":
            return multiply([Const(2.0 / math.sqrt(math.pi)), _call("exp", negate(_square(a)))])
        case "sigmoid":
            s = _call("sigmoid", a)
            return multiply([s, _call("sub", ONE, s)])
        case "relu":
            return _call("heaviside", a)
        case "softplus":
            return _call("sigmoid", a)
        case "sign" | "floor" | "heaviside":
            return ZERO  # almost everywhere; a wall follows a jump without a rate
    raise ValueError(f"no derivative of {function}")


def time_derivative(expr: Expr, facts: FactTable) -> Expr:
    """``d(expr)/dt`` of an expression in which only the time changes.

    Parameters
    ----------
    expr : Expr
        Made of numbers, parameters, coordinates, time and pointwise functions; definitions are looked through.
    facts : FactTable
    """
    return _Rates(facts).of(expr)


class _Rates:
    """Rates of shared subtrees, computed once."""

    def __init__(self, facts: FactTable) -> None:
        self._facts = facts
        self._known: dict[Expr, Expr] = {}

    def of(self, expr: Expr) -> Expr:
        if not self._facts.of(expr).time:
            return ZERO
        found = self._known.get(expr)
        if found is None:
            found = self._known[expr] = self._compute(expr)
        return found

    def _compute(self, expr: Expr) -> Expr:
        match expr:
            case TimeRef():
                return ONE
            case InputRef(name, axes, time):
                return InputRef(name, axes, time, rate=True)
            case DefinitionRef():
                return self.of(self._facts.body(expr))
            case Apply("add", arguments):
                return add([self.of(a) for a in arguments])
            case Apply("sub", (left, right)):
                return add([self.of(left), negate(self.of(right))])
            case Apply("neg", (inner,)):
                return negate(self.of(inner))
            case Apply("mul", a):
                return add([multiply([*a[:i], self.of(a[i]), *a[i + 1 :]]) for i in range(len(a))])
            case Apply("div", (top, bottom)):
                by_bottom = _call("div", multiply([top, self.of(bottom)]), _square(bottom))
                return add([divide(self.of(top), bottom), ZERO if self._still(bottom) else negate(by_bottom)])
            case Apply("pow", (base, exponent)):
                by_base = multiply([exponent, _call("pow", base, _call("sub", exponent, ONE)), self.of(base)])
                by_exponent = ZERO if self._still(exponent) else multiply([expr, _call("log", base), self.of(exponent)])
                return add([by_base, by_exponent])
            case Apply("atan2", (y, x)):
                top = _call("sub", multiply([x, self.of(y)]), multiply([y, self.of(x)]))
                return _call("div", top, _call("add", _square(y), _square(x)))
            case Apply("ifelse", (condition, yes, no)):
                return _call("ifelse", condition, self.of(yes), self.of(no))
            case Apply("min" | "max", arguments):
                return _of_extreme(expr, [self.of(a) for a in arguments])
            case Apply(function, (inner,)):
                return multiply([_outer(function, inner), self.of(inner)])
        raise ValueError(f"no rate of {type(expr).__name__}")

    def _still(self, expr: Expr) -> bool:
        return not self._facts.of(expr).time


def _of_extreme(expr: Apply, rates: list[Expr]) -> Expr:
    """The rate of the argument that is smallest or largest."""
    sign = "le" if expr.function == "min" else "ge"
    best, rate = expr.arguments[0], rates[0]
    for argument, its_rate in zip(expr.arguments[1:], rates[1:], strict=True):
        rate = _call("ifelse", _call(sign, best, argument), rate, its_rate)
        best = _call(expr.function, best, argument)
    return rate
