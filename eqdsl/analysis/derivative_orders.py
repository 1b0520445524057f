"""The highest derivative along each axis, against what the walls can close."""

from __future__ import annotations

from collections.abc import Sequence

from eqdsl.core.diagnostics import Diagnostic, Label, error
from eqdsl.core.source import Span
from eqdsl.model.expr import DefinitionRef, Diff, Expr, FluxDiff, children
from eqdsl.model.facts import FactTable
from eqdsl.model.model import Axis

HIGHEST_WITH_WALLS = 2
"""One condition per side closes derivatives up to here."""


class DerivativeOrders:
    """Highest derivative of a state inside an expression, nested ones added up."""

    def __init__(self, facts: FactTable) -> None:
        self._facts = facts
        self._known: dict[tuple[Expr, str], int] = {}

    def highest(self, expr: Expr, axis: str) -> int:
        """The order along an axis; 0 when nothing is differentiated along it."""
        key = (expr, axis)
        if key not in self._known:
            self._known[key] = self._compute(expr, axis)
        return self._known[key]

    def _compute(self, expr: Expr, axis: str) -> int:
        if not self._facts.of(expr).channels:
            return 0
        match expr:
            case DefinitionRef():
                return self.highest(self._facts.body(expr), axis)
            case Diff(argument, along, order):
                return self.highest(argument, axis) + (order if along == axis else 0)
            case FluxDiff(coefficient, argument, along) if along == axis:
                return max(self.highest(coefficient, axis) + 1, self.highest(argument, axis) + 2)
        return max((self.highest(c, axis) for c in children(expr)), default=0)


def check_orders(
    expressions: Sequence[tuple[Expr, Span]],
    axes: Sequence[tuple[Axis, Span]],
    facts: FactTable,
    problems: list[Diagnostic],
) -> None:
    """Refuse what needs two conditions per side: derivatives of order 3 and more along an axis with walls."""
    orders = DerivativeOrders(facts)
    for expr, span in expressions:
        for axis, declared in axes:
            highest = 0 if axis.periodic else orders.highest(expr, axis.name)
            if highest > HIGHEST_WITH_WALLS:
                problems.append(
                    error(
                        "E0921",
                        f"a derivative of order {highest} along `{axis.name}`, which has walls, is not built yet",
                        span,
                        f"order {highest} along `{axis.name}`",
                        second=Label(declared, "has walls"),
                        note="it needs two conditions on each side",
                        help=f"make `{axis.name}` periodic, or stay below order 3",
                    )
                )
                break
