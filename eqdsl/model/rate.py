"""The derivative in time of a prescribed value, exactly: chain rule over the functions of the language."""

from __future__ import annotations

import math

from eqdsl.model.expr import Apply, Const, Expr, TimeRef
from eqdsl.model.facts import FactTable

ZERO = Const(0.0)
ONE = Const(1.0)


def _mul(*factors: Expr) -> Expr:
    kept = tuple(f for f in factors if not (isinstance(f, Const) and f.value == 1.0))
    if any(isinstance(f, Const) and f.value == 0.0 for f in kept):
        return ZERO
    return Apply("mul", kept) if len(kept) > 1 else (*kept, ONE)[0]


def _add(*addends: Expr) -> Expr:
    kept = tuple(a for a in addends if not (isinstance(a, Const) and a.value == 0.0))
    return Apply("add", kept) if len(kept) > 1 else (*kept, ZERO)[0]


def _neg(expr: Expr) -> Expr:
    return Const(-expr.value or 0.0) if isinstance(expr, Const) else Apply("neg", (expr,))


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
            return _neg(_call("sin", a))
        case "tan":
            return _inverse(_square(_call("cos", a)))
        case "asin":
            return _inverse(_call("sqrt", _call("sub", ONE, _square(a))))
        case "acos":
            return _neg(_inverse(_call("sqrt", _call("sub", ONE, _square(a)))))
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
            return _inverse(_mul(Const(math.log(10.0)), a))
        case "sqrt":
            return _inverse(_mul(Const(2.0), _call("sqrt", a)))
        case "abs":
            return _call("sign", a)
        case "erf":
            return _mul(Const(2.0 / math.sqrt(math.pi)), _call("exp", _neg(_square(a))))
        case "sigmoid":
            s = _call("sigmoid", a)
            return _mul(s, _call("sub", ONE, s))
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
    if not facts.of(expr).time:
        return ZERO
    if isinstance(expr, TimeRef):
        return ONE
    if not isinstance(expr, Apply):
        return time_derivative(facts.body(expr), facts)  # type: ignore[arg-type]  # only a definition is left
    a = expr.arguments
    da = [time_derivative(x, facts) for x in a]
    match expr.function:
        case "add":
            return _add(*da)
        case "sub":
            return _add(da[0], _neg(da[1]))
        case "neg":
            return _neg(da[0])
        case "mul":
            return _add(*(_mul(*a[:i], d, *a[i + 1 :]) for i, d in enumerate(da)))
        case "div":
            quotient = _call("div", _mul(a[0], da[1]), _square(a[1]))
            return _add(_call("div", da[0], a[1]), ZERO if not facts.of(a[1]).time else _neg(quotient))
        case "pow":
            by_base = _mul(a[1], _call("pow", a[0], _call("sub", a[1], ONE)), da[0])
            by_exponent = _mul(expr, _call("log", a[0]), da[1])
            return _add(by_base, by_exponent if facts.of(a[1]).time else ZERO)
        case "atan2":
            top = _call("sub", _mul(a[1], da[0]), _mul(a[0], da[1]))
            return _call("div", top, _call("add", _square(a[0]), _square(a[1])))
        case "ifelse":
            return _call("ifelse", a[0], da[1], da[2])
        case "min" | "max":
            return _of_extreme(expr, da)
    return _mul(_outer(expr.function, a[0]), da[0])


def _of_extreme(expr: Apply, rates: list[Expr]) -> Expr:
    """The rate of the argument that is smallest or largest."""
    sign = "le" if expr.function == "min" else "ge"
    best, rate = expr.arguments[0], rates[0]
    for argument, its_rate in zip(expr.arguments[1:], rates[1:], strict=True):
        rate = _call("ifelse", _call(sign, best, argument), rate, its_rate)
        best = _call(expr.function, best, argument)
    return rate
