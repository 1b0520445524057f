"""The highest derivative of each channel along each axis, against what the walls and the scheme can close."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from eqdsl.core.diagnostics import Diagnostic, Label, error
from eqdsl.core.source import Span
from eqdsl.model.expr import ChannelRef, DefinitionRef, Diff, Expr, FluxDiff, children
from eqdsl.model.facts import FactTable, nodes_of
from eqdsl.model.model import Axis

HIGHEST_WITH_WALLS = 4
"""Two conditions per side close derivatives up to here."""

HIGHEST_SOLVED = 2
"""The same in equations that are solved for a state."""


class DerivativeOrders:
    """Highest derivative of each channel inside an expression, nested ones added up."""

    def __init__(self, facts: FactTable) -> None:
        self._facts = facts
        self._known: dict[tuple[Expr, str], Mapping[str, int]] = {}

    def highest(self, expr: Expr, axis: str) -> int:
        """The order along an axis; 0 when nothing is differentiated along it."""
        return max(self.of(expr, axis).values(), default=0)

    def of(self, expr: Expr, axis: str) -> Mapping[str, int]:
        """The order along an axis of each channel that is there."""
        key = (expr, axis)
        if key not in self._known:
            self._known[key] = self._compute(expr, axis)
        return self._known[key]

    def _compute(self, expr: Expr, axis: str) -> Mapping[str, int]:
        match expr:
            case ChannelRef(name):
                return {name: 0}
            case DefinitionRef():
                return self.of(self._facts.body(expr), axis)
            case Diff(argument, along, order):
                return _raised(self.of(argument, axis), order if along == axis else 0)
            case FluxDiff(coefficient, argument, along) if along == axis:
                return _joined([_raised(self.of(coefficient, axis), 1), _raised(self.of(argument, axis), 2)])
        return _joined([self.of(c, axis) for c in children(expr)])


def _raised(orders: Mapping[str, int], by: int) -> Mapping[str, int]:
    return {name: order + by for name, order in orders.items()}


def _joined(parts: Iterable[Mapping[str, int]]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for part in parts:
        for name, order in part.items():
            found[name] = max(order, found.get(name, 0))
    return found


def check_orders(
    expressions: Sequence[tuple[Expr, Span]],
    axes: Sequence[tuple[Axis, Span]],
    facts: FactTable,
    problems: list[Diagnostic],
    *,
    solved: bool = False,
) -> None:
    """Refuse derivatives of an order that no conditions on a side close."""
    orders, most = DerivativeOrders(facts), HIGHEST_SOLVED if solved else HIGHEST_WITH_WALLS
    for expr, span in expressions:
        for axis, declared in axes:
            highest = 0 if axis.periodic else orders.highest(expr, axis.name)
            if highest > most:
                walls = "which has walls, in an equation that is solved for," if solved else "which has walls,"
                problems.append(
                    error(
                        "E0921",
                        f"a derivative of order {highest} along `{axis.name}`, {walls} is not built yet",
                        span,
                        f"order {highest} along `{axis.name}`",
                        second=Label(declared, "has walls"),
                        help=f"make `{axis.name}` periodic, or stay below order {most + 1}"
                        + (": solve two equations of second order, one after the other" if solved else ""),
                    )
                )
                break


def check_sixth_order(
    expressions: Sequence[tuple[Expr, Span]],
    axes: Sequence[tuple[Axis, Span]],
    facts: FactTable,
    problems: list[Diagnostic],
) -> None:
    """Refuse what closures of order 6 make grow: along an axis with walls they serve second derivatives alone."""
    for expr, span in expressions:
        for axis, declared in axes:
            found = None if axis.periodic else _unsuited(expr, axis.name, facts)
            if found is not None:
                first = "first derivatives" if found == 1 else f"derivatives of order {found}"
                problems.append(
                    error(
                        "E0513",
                        f"order 6 does not serve {first} along `{axis.name}`, which has walls",
                        span,
                        f"order {found} along `{axis.name}`",
                        second=Label(declared, "has walls"),
                        note="one-sided closures of order 6 make their modes grow; only second derivatives keep theirs"
                        if found == 1
                        else "near walls order 6 is built for second derivatives only",
                        help="write `scheme order = 4`",
                    )
                )
                break


def _unsuited(expr: Expr, axis: str, facts: FactTable) -> int | None:
    """A derivative of a channel along an axis that is not a second one by itself."""
    orders = DerivativeOrders(facts)
    for node in nodes_of(expr, facts):
        if isinstance(node, Diff | FluxDiff) and node.axis == axis and facts.of(node.argument).channels:
            inner = orders.highest(node, axis)
            if inner != 2 or (isinstance(node, Diff) and node.order != 2):
                return node.order if isinstance(node, Diff) and node.order != 2 else inner
    return None
