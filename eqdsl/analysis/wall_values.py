"""Values on a wall, and the conditions that a file leaves unsaid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eqdsl.analysis.folding import folded
from eqdsl.analysis.initial import value_channel
from eqdsl.boundary.base import is_zero
from eqdsl.model.arithmetic import ONE, ZERO
from eqdsl.model.expr import Apply, Const, Coordinate, DefinitionRef, Expr
from eqdsl.model.facts import FactTable
from eqdsl.model.model import Axis, Channel, WallCondition
from eqdsl.model.rate import time_derivative
from eqdsl.model.text import number_text

Key = tuple[str, str, int]
"""Channel, axis and side of a condition."""


class AtPosition:
    """Expressions on a wall: a number in place of one coordinate, and what follows from numbers alone worked out.

    So ``x*u`` at ``x = 0`` is seen to be nothing, and ``1/x`` there to have no value. A shared definition is
    rewritten once.
    """

    def __init__(self, facts: FactTable, axis: str, position: float) -> None:
        self._facts = facts
        self._axis = axis
        self._position = Const(position)
        self._known: dict[Expr, Expr] = {}

    def of(self, expr: Expr) -> Expr:
        """The expression on that plane.

        Raises
        ------
        BadNumber
            A part of it has no value there.
        """
        found = self._known.get(expr)
        if found is None:
            found = self._known[expr] = self._rewrite(expr)
        return found

    def _rewrite(self, expr: Expr) -> Expr:
        match expr:
            case Coordinate(axis) if axis == self._axis:
                return self._position
            case DefinitionRef():
                # A definition that is the same everywhere keeps its name, unless it is just a number.
                body = self.of(self._facts.body(expr))
                return body if isinstance(body, Const) or self._axis in self._facts.of(expr).axes else expr
            case Apply(function, arguments):
                return folded(function, [self.of(a) for a in arguments])
        return expr


def completed(
    given: Mapping[Key, WallCondition], channels: Sequence[Channel], axes: Sequence[Axis], facts: FactTable
) -> tuple[WallCondition, ...]:
    """One condition per channel that varies in space and per side of each walled axis.

    What is not given is ``dn(u) = 0``. A velocity obeys the time derivative of its state's condition.
    """
    found = []
    for channel in (c for c in channels if not c.uniform):
        source = value_channel(channel) if channel.velocity else channel.name
        for axis in (a for a in axes if not a.periodic):
            for side in (0, 1):
                condition = given.get((source, axis.name, side)) or _default(source, axis, side)
                found.append(_rate(condition, channel.name, facts) if channel.velocity else condition)
    return tuple(found)


def _default(channel: str, axis: Axis, side: int) -> WallCondition:
    position = number_text(axis.upper if side else axis.lower)
    text = f"dn({channel}) = 0 at {axis.name} = {position}"
    return WallCondition(channel, axis.name, side, ZERO, ONE, ZERO, ZERO, True, text)


def _rate(condition: WallCondition, velocity: str, facts: FactTable) -> WallCondition:
    """The time derivative of a condition."""
    value = condition.value_rate or ZERO
    # The rate of a Dirichlet wall is already that of the state itself.
    dirichlet = is_zero(condition.normal_coefficient)
    return WallCondition(
        velocity,
        condition.axis,
        condition.side,
        ONE if dirichlet else condition.value_coefficient,
        condition.normal_coefficient,
        value,
        time_derivative(value, facts),
        condition.announced,
        f"d/dt of: {condition.text}",
    )
