"""Checked expressions as `.eq` text, with as few parentheses as the grammar allows."""

from __future__ import annotations

from eqdsl.model.expr import (
    Apply,
    ChannelRef,
    Const,
    Coordinate,
    DefinitionRef,
    Diff,
    Expr,
    FluxDiff,
    InputRef,
    LearnedCall,
    ParamRef,
    PastRef,
    Reduction,
    TimeRef,
)

SUM, PRODUCT, SIGN, POWER, ATOM = range(5)
"""How tightly a text binds; a part that binds less than its place asks for is put in parentheses."""

COMPARISONS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "ne": "!="}
"""Names of the comparisons in `Apply` and their signs in the text."""

LONGEST_SPELLED_ORDER = 3
"""``dxxx(u)`` is still read at a glance; above that ``d(u, x, 4)`` is written."""


def number_text(value: float) -> str:
    """The shortest text that reads back as the same double: ``2``, ``0.001``, ``1e-12``, ``inf``."""
    if value != value:
        raise ValueError("not a number has no text in a model")
    if value in (float("inf"), float("-inf")):
        return "inf" if value > 0 else "-inf"
    if value == int(value) and abs(value) < 1e15:
        return "-0" if str(value) == "-0.0" else str(int(value))
    return repr(value)


def expr_text(expr: Expr, *, time: str = "t") -> str:
    """Valid `.eq` text of a checked expression.

    Reading the text again gives an expression of the same value: a sign may move from a product to its first factor
    (``-(a*b)`` is written ``-a*b``), nothing else changes.

    Parameters
    ----------
    expr : Expr
    time : str
        The model's name for the time.
    """
    return _Writer(time).write(expr)[0]


class _Writer:
    """Writes each shared subtree once."""

    def __init__(self, time: str) -> None:
        self.time = time
        self.written: dict[Expr, tuple[str, int]] = {}

    def write(self, expr: Expr) -> tuple[str, int]:
        """Text and how tightly it binds."""
        found = self.written.get(expr)
        if found is None:
            found = self.written[expr] = self._write(expr)
        return found

    def within(self, expr: Expr, place: int) -> str:
        """Text for a place that asks for at least that binding."""
        text, binding = self.write(expr)
        return text if binding >= place else f"({text})"

    def _write(self, expr: Expr) -> tuple[str, int]:
        match expr:
            case Const(value):
                return number_text(value), SIGN if value < 0 or str(value) == "-0.0" else ATOM
            case ChannelRef(name) | ParamRef(name) | Coordinate(name):
                return name, ATOM
            case PastRef(name, back):
                return past_text(name, back), ATOM
            case TimeRef():
                return self.time, ATOM
            case InputRef(name, rate=rate):
                return (f"d({name})/d{self.time}" if rate else name), ATOM
            case DefinitionRef(name, _, axis):
                return (name if axis is None else f"{name}.{axis}"), ATOM
            case Diff(argument, axis, order):
                return derivative_text(self.within(argument, SUM), axis, order), ATOM
            case FluxDiff(coefficient, argument, axis):
                inner = derivative_text(self.within(argument, SUM), axis, 1)
                return derivative_text(f"{self.within(coefficient, PRODUCT)}*{inner}", axis, 1), ATOM
            case LearnedCall():
                head, _, component = (expr.name or expr.term).partition(".")
                call = f"{head}({self._list(expr.arguments)})"
                return (f"{call}.{component}" if component else call), ATOM
            case Reduction(kind, argument, at):
                return f"{kind}({', '.join((self.within(argument, SUM), *map(number_text, at)))})", ATOM
            case Apply(function, arguments):
                return self._apply(function, arguments)
        raise TypeError(f"no text for {type(expr).__name__}")

    def _apply(self, function: str, arguments: tuple[Expr, ...]) -> tuple[str, int]:
        if function in ("add", "sub"):
            return self._sum(function, arguments), SUM
        if function == "mul":
            first, *rest = arguments
            return "*".join([self.within(first, PRODUCT), *(self.within(a, SIGN) for a in rest)]), PRODUCT
        if function == "div":
            return f"{self.within(arguments[0], PRODUCT)}/{self.within(arguments[1], SIGN)}", PRODUCT
        if function == "neg":
            text, binding = self.write(arguments[0])
            if binding == SUM or text.startswith("-"):
                return f"-({text})", SIGN
            return f"-{text}", min(binding, SIGN)
        if function == "pow":
            return f"{self.within(arguments[0], ATOM)}^{self.within(arguments[1], SIGN)}", POWER
        if function in COMPARISONS:
            left, right = arguments
            return f"{self.within(left, SUM)} {COMPARISONS[function]} {self.within(right, SUM)}", SUM
        return f"{function}({self._list(arguments)})", ATOM

    def _sum(self, function: str, arguments: tuple[Expr, ...]) -> str:
        text = self.within(arguments[0], SUM)
        for addend in arguments[1:]:
            negative = function == "sub"
            if not negative and isinstance(addend, Apply) and addend.function == "neg":
                addend, negative = addend.arguments[0], True
            part = self.within(addend, PRODUCT)
            if part.startswith("-") and not negative:
                text += f" - {part[1:]}"
            else:
                text += f" {'-' if negative else '+'} {part}"
        return text

    def _list(self, arguments: tuple[Expr, ...]) -> str:
        return ", ".join(self.within(a, SUM) for a in arguments)


def past_text(channel: str, back: int) -> str:
    """``u[-2]``: the channel two frames before the newest one."""
    return f"{channel}[-{back}]" if back else f"{channel}[0]"


def derivative_text(argument: str, axis: str, order: int) -> str:
    """``dx(u)``, ``dxx(u)``; ``d(u, lon, 2)`` where the short spelling would be hard to read."""
    if order == 1 or (len(axis) == 1 and order <= LONGEST_SPELLED_ORDER):
        return f"d{axis * order}({argument})"
    return f"d({argument}, {axis}, {order})"
