"""How many conditions each side needs: one up to second derivatives, two with a fourth, three in all with a third."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eqdsl.analysis.derivative_orders import DerivativeOrders
from eqdsl.analysis.initial import value_channel
from eqdsl.core.source import Span
from eqdsl.model.expr import Apply, ChannelRef, Const, DefinitionRef, Diff, Expr, ParamRef
from eqdsl.model.facts import FactTable
from eqdsl.model.model import Axis, Channel, Equation, Parameter

NOWHERE = Span(0, 0)


@dataclass(frozen=True, slots=True)
class Need:
    """The highest derivative of a state along an axis.

    Parameters
    ----------
    order : int
    span : Span
        The term that takes it.
    double : int or None
        Of a third derivative: the side that needs two conditions, 1 for ``dt(u) = -dxxx(u)``; None if its factor may
        have either sign.
    """

    order: int = 0
    span: Span = NOWHERE
    double: int | None = None

    def allows(self, counts: tuple[int, int]) -> bool:
        """Whether so many conditions at the lower and the upper end suit it."""
        if self.order == 3:
            return counts in ((1, 2), (2, 1)) and (self.double is None or counts[self.double] == 2)
        return counts == (self.most, self.most)

    @property
    def most(self) -> int:
        """Conditions that a side may have."""
        return 2 if self.order > 2 else 1


Needs = Mapping[tuple[str, str], Need]
"""By state and axis; absent where a single condition does."""


def needs_of(
    equations: Sequence[Equation], channels: Sequence[Channel], axes: Sequence[Axis], facts: FactTable,
    parameters: Sequence[Parameter],
) -> Needs:  # fmt: skip
    """What the walls of each state must give."""
    orders, found = DerivativeOrders(facts), dict[tuple[str, str], Need]()
    states = {c.name: value_channel(c) if c.velocity else c.name for c in channels}
    signs = _Signs(facts, {p.name: p for p in parameters})
    for equation in equations:
        for term in equation.terms:
            for axis in (a.name for a in axes if not a.periodic):
                for channel, order in orders.of(term.expr, axis).items():
                    key = (states.get(channel, channel), axis)
                    before = found.get(key, Need())
                    if order > max(before.order, 2):
                        sign = signs.of_derivative(term.expr, channel, axis) if order == 3 else None
                        own = equation.channel == channel
                        found[key] = Need(order, term.span, None if sign is None or not own else int(sign < 0))
    return found


@dataclass(frozen=True)
class _Signs:
    """Signs of factors, where they are the same whatever the states and the fit."""

    facts: FactTable
    parameters: Mapping[str, Parameter]

    def of_derivative(self, expr: Expr, channel: str, axis: str) -> int | None:
        """The sign of ``c`` in ``c*dxxx(u)``; None for other forms."""
        match expr:
            case Diff(ChannelRef(name), along, 3) if name == channel and along == axis:
                return 1
            case DefinitionRef():
                return self.of_derivative(self.facts.body(expr), channel, axis)
            case Apply("neg", (inner,)):
                return _times(-1, self.of_derivative(inner, channel, axis))
            case Apply("div", (top, bottom)):
                return _times(self.of_derivative(top, channel, axis), self._of(bottom))
            case Apply("mul", arguments):
                total: int | None = 1
                for argument in arguments:
                    part = self.of_derivative(argument, channel, axis)
                    total = _times(total, self._of(argument) if part is None else part)
                return total
        return None

    def _of(self, expr: Expr) -> int | None:
        match expr:
            case Const(value):
                return 1 if value > 0 else -1
            case ParamRef(name):
                parameter = self.parameters[name]
                if not parameter.fitted and not parameter.axes:
                    return 1 if parameter.value > 0 else -1
                return 1 if parameter.lower >= 0 else -1 if parameter.upper <= 0 else None
            case DefinitionRef():
                return self._of(self.facts.body(expr))
            case Apply("neg", (inner,)):
                return _times(-1, self._of(inner))
            case Apply("mul" | "div", arguments):
                total: int | None = 1
                for argument in arguments:
                    total = _times(total, self._of(argument))
                return total
        return None


def _times(left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else left * right
