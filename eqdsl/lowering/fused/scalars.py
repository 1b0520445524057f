"""Pointwise functions as texts: values and derivatives, one line each.

The texts are C and Python at once: ``where(c, a, b)`` chooses, ``real(x)`` makes a number of the kernel's own type,
and each back-end says what these two mean. In the texts ``{a}``, ``{b}``, ``{c}`` are the arguments, ``{v}`` the value
itself and ``{g}`` the value's cotangent; a derivative text is the cotangent of that argument, None where it is zero. At
kinks the derivatives are torch's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

C_WORDS = "#define where(c, a, b) ((c) ? (a) : (b))\n#define real(x) ((T)(x))\n"
"""What the texts' own words mean in C."""

NAMES = "abc"
"""Names of arguments."""

MOST_FACTORS = 8
"""Largest exponent that becomes a product."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A function's texts; `arity` 0 for any number of arguments."""

    arity: int
    value: str
    derivatives: tuple[str | None, ...] = ()


def _comparison(sign: str) -> Scalar:
    return Scalar(2, f"where({{a}} {sign} {{b}}, real(1), real(0))", (None, None))


SCALARS: dict[str, Scalar] = {
    "add": Scalar(0, "+"),
    "mul": Scalar(0, "*"),
    "sub": Scalar(2, "{a} - {b}", ("{g}", "-{g}")),
    "div": Scalar(2, "{a}/{b}", ("{g}/{b}", "-{g}*{v}/{b}")),
    "neg": Scalar(1, "-{a}", ("-{g}",)),
    "pow": Scalar(
        2,
        "pow({a}, {b})",
        ("where({b} == 0, 0, {g}*{b}*pow({a}, {b} - 1))", "where({a} == 0, 0, {g}*{v}*log({a}))"),
    ),
    "lt": _comparison("<"),
    "le": _comparison("<="),
    "gt": _comparison(">"),
    "ge": _comparison(">="),
    "ne": _comparison("!="),
    "ifelse": Scalar(3, "where({a} != 0, {b}, {c})", (None, "where({a} != 0, {g}, 0)", "where({a} != 0, 0, {g})")),
    "sin": Scalar(1, "sin({a})", ("{g}*cos({a})",)),
    "cos": Scalar(1, "cos({a})", ("-{g}*sin({a})",)),
    "tan": Scalar(1, "tan({a})", ("{g}*(1 + {v}*{v})",)),
    "asin": Scalar(1, "asin({a})", ("{g}/sqrt(1 - {a}*{a})",)),
    "acos": Scalar(1, "acos({a})", ("-{g}/sqrt(1 - {a}*{a})",)),
    "atan": Scalar(1, "atan({a})", ("{g}/(1 + {a}*{a})",)),
    "atan2": Scalar(2, "atan2({a}, {b})", ("{g}*{b}/({a}*{a} + {b}*{b})", "-{g}*{a}/({a}*{a} + {b}*{b})")),
    "sinh": Scalar(1, "sinh({a})", ("{g}*cosh({a})",)),
    "cosh": Scalar(1, "cosh({a})", ("{g}*sinh({a})",)),
    "tanh": Scalar(1, "tanh({a})", ("{g}*(1 - {v}*{v})",)),
    "exp": Scalar(1, "exp({a})", ("{g}*{v}",)),
    "log": Scalar(1, "log({a})", ("{g}/{a}",)),
    "log10": Scalar(1, "log10({a})", ("{g}/({a}*real(2.302585092994045684))",)),
    "sqrt": Scalar(1, "sqrt({a})", ("{g}/(2*{v})",)),
    "abs": Scalar(1, "fabs({a})", ("where({a} > 0, {g}, where({a} < 0, -{g}, 0))",)),
    "sign": Scalar(1, "where({a} > 0, real(1), where({a} < 0, real(-1), real(0)))", (None,)),
    "floor": Scalar(1, "floor({a})", (None,)),
    "heaviside": Scalar(1, "where({a} > 0, real(1), where({a} < 0, real(0), real(0.5)))", (None,)),
    "min": Scalar(
        2,
        "where(({a} != {a}) | ({a} < {b}), {a}, {b})",
        (
            "where({a} < {b}, {g}, where({a} > {b}, 0, {g}/2))",
            "where({b} < {a}, {g}, where({b} > {a}, 0, {g}/2))",
        ),
    ),
    "max": Scalar(
        2,
        "where(({a} != {a}) | ({a} > {b}), {a}, {b})",
        (
            "where({a} > {b}, {g}, where({a} < {b}, 0, {g}/2))",
            "where({b} > {a}, {g}, where({b} < {a}, 0, {g}/2))",
        ),
    ),
    "erf": Scalar(1, "erf({a})", ("{g}*real(1.128379167095512574)*exp(-{a}*{a})",)),
    "sigmoid": Scalar(1, "1/(1 + exp(-{a}))", ("{g}*{v}*(1 - {v})",)),
    "relu": Scalar(1, "where({a} < 0, 0, {a})", ("where({a} > 0, {g}, 0)",)),
    "softplus": Scalar(1, "(where({a} > 0, {a}, 0) + log1p(exp(-fabs({a}))))", ("{g}/(1 + exp(-{a}))",)),
}


SINGULAR = ("div", "pow", "tan", "asin", "acos", "atan2", "sinh", "cosh", "exp", "log", "log10", "sqrt")
"""Functions that may be infinite, or have an infinite slope, at a number that is not."""


def literal(number: float) -> str:
    """A number as the kernel's own type."""
    if number != number or number in (float("inf"), float("-inf")):
        return "real(NAN)" if number != number else ("real(INFINITY)" if number > 0 else "real(-INFINITY)")
    return f"real({number!r})"


def value_text(function: str, arguments: list[str], exponent: float | None = None) -> str:
    """The value; `exponent` is the second argument of ``pow`` where it is a number."""
    scalar = SCALARS[function]
    if not scalar.arity:
        return f" {scalar.value} ".join(arguments)
    if function == "pow" and exponent is not None:
        return _power(arguments[0], exponent)
    return scalar.value.format_map(dict(zip(NAMES, arguments, strict=False)))


class Texts(dict[str, str]):
    """Texts made when they are first asked for: what a derivative does not need is not computed."""

    def __init__(self, makers: Mapping[str, Callable[[], str]]) -> None:
        super().__init__()
        self._makers = makers

    def __missing__(self, name: str) -> str:
        text = self[name] = self._makers[name]()
        return text


def cotangent_text(
    function: str, place: int, count: int, texts: Mapping[str, str], exponent: float | None = None
) -> str | None:
    """The cotangent of argument number `place` of `count`; None where it is zero.

    `texts` gives ``g``, ``v`` and the arguments: by the names in `NAMES`, of ``mul`` by their numbers.
    """
    if function == "add":
        return texts["g"]
    if function == "mul":
        return "*".join([texts["g"], *(texts[str(i)] for i in range(count) if i != place)])
    if function == "pow" and exponent is not None:
        if exponent == 0 or place == 1:
            return None
        return f"{texts['g']}*{literal(exponent)}*({_power(texts['a'], exponent - 1)})"
    text = SCALARS[function].derivatives[place]
    return None if text is None else text.format_map(texts)


def _power(base: str, exponent: float) -> str:
    """Powers by multiplication, by squaring."""
    if exponent == 0.5:
        return f"sqrt({base})"
    if exponent != int(exponent) or abs(exponent) > MOST_FACTORS:
        return f"pow({base}, {literal(exponent)})"
    count = abs(int(exponent))
    if count == 0:
        return "real(1)"
    product = _product(base, count)
    return product if exponent > 0 else f"1/({product})"


def _product(base: str, count: int) -> str:
    if count == 1:
        return base
    half = _product(base, count // 2)
    return f"({half})*({half})" + (f"*{base}" if count % 2 else "")
