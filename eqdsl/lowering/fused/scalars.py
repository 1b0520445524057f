"""Pointwise functions in C: values and derivatives, one line each.

In the texts ``{0}``, ``{1}``, … are the arguments, ``{v}`` the value itself and ``{g}`` the cotangent of the value; a
derivative text is the cotangent of that argument, None where it is zero. At kinks the derivatives are torch's.
"""

from __future__ import annotations

from dataclasses import dataclass

MOST_FACTORS = 8
"""Largest exponent that becomes a product."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A function's texts; `arity` 0 for any number of arguments."""

    arity: int
    value: str
    derivatives: tuple[str | None, ...] = ()


def _comparison(sign: str) -> Scalar:
    return Scalar(2, f"(T)({{0}} {sign} {{1}})", (None, None))


SCALARS: dict[str, Scalar] = {
    "add": Scalar(0, "+"),
    "mul": Scalar(0, "*"),
    "sub": Scalar(2, "{0} - {1}", ("{g}", "-{g}")),
    "div": Scalar(2, "{0}/{1}", ("{g}/{1}", "-{g}*{v}/{1}")),
    "neg": Scalar(1, "-{0}", ("-{g}",)),
    "pow": Scalar(2, "pow({0}, {1})", ("{g}*{1}*pow({0}, {1} - 1)", "({0} == 0 ? 0 : {g}*{v}*log({0}))")),
    "lt": _comparison("<"),
    "le": _comparison("<="),
    "gt": _comparison(">"),
    "ge": _comparison(">="),
    "ne": _comparison("!="),
    "ifelse": Scalar(3, "({0} != 0 ? {1} : {2})", (None, "({0} != 0 ? {g} : 0)", "({0} != 0 ? 0 : {g})")),
    "sin": Scalar(1, "sin({0})", ("{g}*cos({0})",)),
    "cos": Scalar(1, "cos({0})", ("-{g}*sin({0})",)),
    "tan": Scalar(1, "tan({0})", ("{g}*(1 + {v}*{v})",)),
    "asin": Scalar(1, "asin({0})", ("{g}/sqrt(1 - {0}*{0})",)),
    "acos": Scalar(1, "acos({0})", ("-{g}/sqrt(1 - {0}*{0})",)),
    "atan": Scalar(1, "atan({0})", ("{g}/(1 + {0}*{0})",)),
    "atan2": Scalar(2, "atan2({0}, {1})", ("{g}*{1}/({0}*{0} + {1}*{1})", "-{g}*{0}/({0}*{0} + {1}*{1})")),
    "sinh": Scalar(1, "sinh({0})", ("{g}*cosh({0})",)),
    "cosh": Scalar(1, "cosh({0})", ("{g}*sinh({0})",)),
    "tanh": Scalar(1, "tanh({0})", ("{g}*(1 - {v}*{v})",)),
    "exp": Scalar(1, "exp({0})", ("{g}*{v}",)),
    "log": Scalar(1, "log({0})", ("{g}/{0}",)),
    "log10": Scalar(1, "log10({0})", ("{g}/({0}*(T)2.302585092994045684)",)),
    "sqrt": Scalar(1, "sqrt({0})", ("{g}/(2*{v})",)),
    "abs": Scalar(1, "fabs({0})", ("({0} > 0 ? {g} : {0} < 0 ? -{g} : 0)",)),
    "sign": Scalar(1, "(T)(({0} > 0) - ({0} < 0))", (None,)),
    "floor": Scalar(1, "floor({0})", (None,)),
    "heaviside": Scalar(1, "({0} > 0 ? (T)1 : {0} < 0 ? (T)0 : (T)0.5)", (None,)),
    "min": Scalar(
        2,
        "({0} != {0} || {0} < {1} ? {0} : {1})",
        ("({0} < {1} ? {g} : {0} > {1} ? 0 : {g}/2)", "({1} < {0} ? {g} : {1} > {0} ? 0 : {g}/2)"),
    ),
    "max": Scalar(
        2,
        "({0} != {0} || {0} > {1} ? {0} : {1})",
        ("({0} > {1} ? {g} : {0} < {1} ? 0 : {g}/2)", "({1} > {0} ? {g} : {1} < {0} ? 0 : {g}/2)"),
    ),
    "erf": Scalar(1, "erf({0})", ("{g}*(T)1.128379167095512574*exp(-{0}*{0})",)),
    "sigmoid": Scalar(1, "1/(1 + exp(-{0}))", ("{g}*{v}*(1 - {v})",)),
    "relu": Scalar(1, "({0} < 0 ? 0 : {0})", ("({0} > 0 ? {g} : 0)",)),
    "softplus": Scalar(1, "(({0} > 0 ? {0} : 0) + log1p(exp(-fabs({0}))))", ("{g}/(1 + exp(-{0}))",)),
}


def literal(number: float) -> str:
    """A number as the kernel's own type."""
    if number != number or number in (float("inf"), float("-inf")):
        return "(T)NAN" if number != number else ("(T)INFINITY" if number > 0 else "(T)(-INFINITY)")
    return f"(T){number!r}" if number >= 0 else f"((T){number!r})"


def value_text(function: str, arguments: list[str], exponent: float | None = None) -> str:
    """The value; `exponent` is the second argument of ``pow`` where it is a number."""
    scalar = SCALARS[function]
    if not scalar.arity:
        return f" {scalar.value} ".join(arguments)
    if function == "pow" and exponent is not None:
        return _power(arguments[0], exponent)
    return scalar.value.format(*arguments)


def cotangent_text(
    function: str, place: int, arguments: list[str], value: str, cotangent: str, exponent: float | None = None
) -> str | None:
    """The cotangent of argument number `place`; None where it is zero."""
    if function == "add":
        return cotangent
    if function == "mul":
        others = [a for i, a in enumerate(arguments) if i != place]
        return "*".join([cotangent, *others])
    if function == "pow" and exponent is not None:
        if exponent == 0 or place == 1:
            return None
        return f"{cotangent}*{literal(exponent)}*({_power(arguments[0], exponent - 1)})"
    text = SCALARS[function].derivatives[place]
    return None if text is None else text.format(*arguments, v=value, g=cotangent)


def _power(base: str, exponent: float) -> str:
    """Powers by multiplication, by squaring."""
    if exponent == 0.5:
        return f"sqrt({base})"
    if exponent != int(exponent) or abs(exponent) > MOST_FACTORS:
        return f"pow({base}, {literal(exponent)})"
    count = abs(int(exponent))
    if count == 0:
        return "(T)1"
    product = _product(base, count)
    return product if exponent > 0 else f"1/({product})"


def _product(base: str, count: int) -> str:
    if count == 1:
        return base
    half = _product(base, count // 2)
    return f"({half})*({half})" + (f"*{base}" if count % 2 else "")
