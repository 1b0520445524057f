"""A boundary condition on one side: its coefficients with the position put in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eqdsl.analysis.expressions import ExpressionChecker
from eqdsl.analysis.wall_places import Side
from eqdsl.analysis.wall_values import AtPosition
from eqdsl.analysis.written import written
from eqdsl.boundary.linear import NORMAL, LinearForm
from eqdsl.boundary.table import DIRICHLET, KINDS, kind_of
from eqdsl.core.diagnostics import Diagnostic, error
from eqdsl.core.source import Span
from eqdsl.model.arithmetic import ZERO, BadNumber, add, divide, negate
from eqdsl.model.expr import Expr
from eqdsl.model.rate import time_derivative
from eqdsl.model.walls import WallCondition
from eqdsl.syntax import nodes

FORM = ", ".join(f"`{kind.usage}`" for kind in KINDS[:3])
"""The forms that a condition may have where derivatives are at most of order 2, for messages."""

HIGHEST = 3
"""Highest normal derivative in a condition."""


@dataclass(frozen=True, slots=True)
class PlacedCondition:
    """A condition on a side and where it stands.

    Parameters
    ----------
    condition : WallCondition
    along : tuple of (int, str)
        Derivatives along the wall that it contains too: normal order of what is differentiated, and the axis.
    span, statement : Span
        Of both sides of the equation, and of the statement.
    """

    condition: WallCondition
    along: tuple[tuple[int, str], ...]
    span: Span
    statement: Span


def _normal(form: LinearForm, side: Side) -> tuple[tuple[Expr, ...], tuple[tuple[int, str], ...]]:
    """Coefficients of the value and of the derivatives along the outward normal of a side, and what is left."""
    found: list[list[Expr]] = [[] for _ in range(HIGHEST + 1)]
    along: list[tuple[int, str]] = []
    for derivative, coefficient in form.coefficients.items():
        orders = dict(derivative.orders)
        across = orders.pop(side.axis.name, 0)
        order = orders.pop(NORMAL, 0) + across
        if orders:
            along += [(order, axis) for axis in orders]
        else:
            found[order].append(negate(coefficient) if across % 2 and side.side == 0 else coefficient)
    return tuple(add(parts) if parts else ZERO for parts in found), tuple(along)


@dataclass(frozen=True)
class SideReader:
    """Puts linear forms on walls; what is wrong goes to `problems`."""

    checker: ExpressionChecker
    problems: list[Diagnostic]

    def condition(
        self, statement: nodes.BoundaryCondition, channel: str, form: LinearForm, side: Side
    ) -> PlacedCondition | None:
        """The condition of a channel on a side, or None after a message."""
        where = statement.left.span.merge(statement.right.span)
        coefficients, along = _normal(form, side)
        facts = self.checker.space.facts
        if kind_of(coefficients) is None:
            self._nothing_left(channel, where)
            return None
        if not self._built(channel, (*coefficients, form.rest), where):
            return None
        on_wall = AtPosition(facts, side.axis.name, side.position)
        try:
            a, b, second, third = (on_wall.of(e) for e in coefficients)
            value = on_wall.of(negate(form.rest))
            kind = kind_of((a, b, second, third))
            rate = time_derivative(divide(value, a) if kind is DIRICHLET else value, facts)
        except BadNumber as reason:
            self.problems.append(
                error(
                    "E0410",
                    f"at `{side.text}` this condition has no value: {reason}",
                    where,
                    str(reason),
                    help=f"write a value that is finite at `{side.text}`",
                )
            )
            return None
        if kind is None:
            self._nothing_left(channel, where, side)
            return None
        text = f"{written(self.checker.source, where)} at {side.text}"
        wall = WallCondition(
            channel, side.axis.name, side.side, a, b, value, rate, False, text, (second, third)
        )  # fmt: skip
        return PlacedCondition(wall, along, where, statement.span)

    def _nothing_left(self, channel: str, where: Span, side: Side | None = None) -> None:
        on_wall, help = "", f"write {FORM}"
        if side is not None:
            on_wall = f"at `{side.text}` "
            there = f"= 0 at {side.text}`"
            help = f"write `bc dn({channel}) {there} for no flux, `bc {channel} {there} for a value"
        self.problems.append(
            error(
                "E0605",
                f"{on_wall}nothing is left of `{channel}` in this condition",
                where,
                "no condition",
                note=None if side is None else "the factors of the state and of its slope are 0 there",
                help=help,
            )
        )

    def _built(self, channel: str, parts: Sequence[Expr], where: Span) -> bool:
        """Whether such coefficients are built; says so if not."""
        facts, symbols = self.checker.space.facts, self.checker.symbols
        *coefficients, _ = parts
        field = next((p for e in parts for p in sorted(facts.of(e).parameters) if symbols.parameters[p]), None)
        if field is not None:
            self.problems.append(
                error(
                    "E0922",
                    f"the coefficient field `{field}` in a boundary condition is not built yet",
                    where,
                    "not built yet",
                    help="write a plain parameter or an expression of position",
                )
            )
            return False
        maps = sorted(n for e in parts for n in facts.of(e).inputs if symbols.inputs[n].axes)
        if maps:
            self.problems.append(
                error(
                    "E0922",
                    f"the map `{maps[0]}` in a boundary condition is not built yet",
                    where,
                    "not built yet",
                    help=f"write a series without position, `input {maps[0]}(t)`, or `bc {channel} = data`",
                )
            )
            return False
        second_order = symbols.states[channel.partition(".")[0]].time_order == 2
        if second_order and any(facts.of(e).time for e in coefficients):
            self.problems.append(
                error(
                    "E0923",
                    "coefficients that change in time, for a state of second order in time, are not built yet",
                    where,
                    "not built yet",
                    help="let only the right-hand side depend on time",
                )
            )
            return False
        return True
