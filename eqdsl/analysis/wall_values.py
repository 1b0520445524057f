"""Values on a wall, and the conditions that a file leaves unsaid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from eqdsl.analysis.folding import folded
from eqdsl.analysis.initial import value_channel
from eqdsl.analysis.wall_needs import Needs
from eqdsl.model.arithmetic import ONE, ZERO
from eqdsl.model.expr import Apply, Const, Coordinate, DefinitionRef, Expr
from eqdsl.model.facts import FactTable
from eqdsl.model.model import Axis, Channel
from eqdsl.model.rate import time_derivative
from eqdsl.model.text import number_text
from eqdsl.model.walls import WallCondition

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
    given: Mapping[Key, Sequence[WallCondition]],
    channels: Sequence[Channel],
    axes: Sequence[Axis],
    needs: Needs,
    facts: FactTable,
) -> tuple[WallCondition, ...]:
    """The conditions of each channel that varies in space on each side of each walled axis.

    What is not given is ``dn(u) = 0``, and with fourth derivatives ``dn(lap(u)) = 0`` beside it: nothing flows through
    the wall. A velocity obeys the time derivative of its state's conditions.
    """
    found = []
    for channel in (c for c in channels if not c.uniform):
        source = value_channel(channel) if channel.velocity else channel.name
        for axis in (a for a in axes if not a.periodic):
            both = (source, axis.name) in needs
            for side in (0, 1):
                for condition in given.get((source, axis.name, side)) or _default(source, axis, side, both):
                    found.append(_rate(condition, channel.name, facts) if channel.velocity else condition)
    return tuple(found)


def _default(channel: str, axis: Axis, side: int, both: bool) -> list[WallCondition]:
    at = f"at {axis.name} = {number_text(axis.upper if side else axis.lower)}"
    slope = WallCondition(channel, axis.name, side, ZERO, ONE, ZERO, ZERO, True, f"dn({channel}) = 0 {at}")
    flux = replace(slope, normal_coefficient=ZERO, text=f"dn(lap({channel})) = 0 {at}", higher=(ZERO, ONE))
    return [slope, flux] if both else [slope]


def _rate(condition: WallCondition, velocity: str, facts: FactTable) -> WallCondition:
    """The time derivative of a condition."""
    value = condition.value_rate or ZERO
    # The rate of a Dirichlet wall is already that of the state itself.
    return replace(
        condition,
        channel=velocity,
        value_coefficient=ONE if condition.gives_value else condition.value_coefficient,
        value=value,
        value_rate=time_derivative(value, facts),
        text=f"d/dt of: {condition.text}",
    )
