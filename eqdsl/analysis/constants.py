"""Places where only numbers may stand: parameter values, interval ends, positions of walls."""

from __future__ import annotations

from eqdsl.analysis.calls import number_of
from eqdsl.analysis.expressions import ExpressionChecker
from eqdsl.analysis.scope import Scope
from eqdsl.analysis.symbols import Symbols
from eqdsl.analysis.walk import walk
from eqdsl.core.diagnostics import Diagnostic, error
from eqdsl.core.source import SourceText
from eqdsl.model.facts import FactTable
from eqdsl.model.text import number_text
from eqdsl.operators.base import Space
from eqdsl.operators.differentiate import Differentiator
from eqdsl.syntax import nodes

INF = float("inf")


class ConstantReader:
    """Reads numbers such as ``1e-3``, ``2*pi`` or ``sqrt(2)/3``; what is none goes to `problems`."""

    def __init__(self, problems: list[Diagnostic]) -> None:
        self._problems = problems
        facts = FactTable({}, {}, {})
        space = Space((), facts, Differentiator(facts))
        self._checker = ExpressionChecker(SourceText("", ""), Scope(), Symbols(), space, problems)

    def number(self, node: nodes.Expression, what: str) -> float | None:
        """The number that an expression of numbers is; `what` names the place in messages."""
        name = next((n for n in walk(node) if isinstance(n, nodes.Name) and n.name != "pi"), None)
        if name is not None:
            self._problems.append(
                error(
                    "E0804",
                    f"{what} must be a number, this depends on `{name.name}`",
                    name.span,
                    "not a number",
                    help="write numbers, `pi` and functions of them only",
                )
            )
            return None
        before = len(self._problems)
        value = self._checker.value(node)
        found = number_of(value)
        if found is None and len(self._problems) == before:
            self._problems.append(
                error(
                    "E0804", f"{what} must be a number", node.span, "not a number", help="write a number such as `0.5`"
                )
            )
        return found

    def end(self, node: nodes.Expression, what: str) -> float | None:
        """An end of an interval: a number, ``inf`` or ``-inf``."""
        sign = 1.0
        inner = node
        if isinstance(inner, nodes.Unary):
            sign, inner = (-1.0 if inner.operator == "-" else 1.0), inner.operand
        if isinstance(inner, nodes.Name) and inner.name == "inf":
            return sign * INF
        return self.number(node, f"each end of {what}")

    def interval(self, node: nodes.Interval, what: str, *, finite: bool = False) -> tuple[float, float] | None:
        """Both ends, the lower below the upper."""
        lower, upper = self.end(node.lower, what), self.end(node.upper, what)
        if lower is None or upper is None:
            return None
        if lower >= upper:
            self._problems.append(
                error(
                    "E0803",
                    f"{what} is empty: {number_text(lower)} is not below {number_text(upper)}",
                    node.span,
                    "empty",
                    help="write the lower end first",
                )
            )
            return None
        if finite and (lower == -INF or upper == INF):
            self._problems.append(
                error(
                    "E0803",
                    f"{what} must be finite",
                    node.span,
                    "reaches infinity",
                    help="write two finite numbers, `[0, 1]`",
                )
            )
            return None
        return lower, upper


def contains(interval: nodes.Interval, bounds: tuple[float, float], value: float) -> bool:
    """Whether a value lies in an interval with those ends, open or closed as written."""
    lower, upper = bounds
    return (lower <= value if interval.closed_lower else lower < value) and (
        value <= upper if interval.closed_upper else value < upper
    )


def start_within(bounds: tuple[float, float]) -> float:
    """Where a fit without a start begins: the middle of finite ends, one beyond a single end, else 1."""
    lower, upper = bounds
    if lower > -INF and upper < INF:
        return 0.5 * (lower + upper)
    if lower < 1.0 < upper:
        return 1.0
    return lower + 1.0 if lower > -INF else upper - 1.0
