"""A boundary condition on one side: its coefficients with the position put in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eqdsl.analysis.expressions import ExpressionChecker
from eqdsl.analysis.wall_places import Side
from eqdsl.analysis.wall_values import AtPosition
from eqdsl.analysis.written import written
from eqdsl.boundary.linear import LinearForm
from eqdsl.boundary.table import DIRICHLET, KINDS, kind_of
from eqdsl.core.diagnostics import Diagnostic, error
from eqdsl.core.source import Span
from eqdsl.model.arithmetic import ZERO, BadNumber, divide, negate
from eqdsl.model.expr import Expr
from eqdsl.model.model import WallCondition
from eqdsl.model.rate import time_derivative
from eqdsl.syntax import nodes

FORM = ", ".join(f"`{kind.usage}`" for kind in KINDS)
"""The forms that a condition may have, for messages."""


@dataclass(frozen=True)
class SideReader:
    """Puts linear forms on walls; what is wrong goes to `problems`."""

    checker: ExpressionChecker
    problems: list[Diagnostic]

    def condition(
        self, statement: nodes.BoundaryCondition, channel: str, form: LinearForm, side: Side
    ) -> WallCondition | None:
        """The condition of a channel on a side, or None after a message."""
        where = statement.left.span.merge(statement.right.span)
        a, b = form.coefficients.get(channel, ZERO), form.coefficients.get(f"dn({channel})", ZERO)
        facts = self.checker.space.facts
        if kind_of(a, b) is None:
            self._nothing_left(channel, where)
            return None
        if not self._built(channel, (a, b, form.rest), where):
            return None
        on_wall = AtPosition(facts, side.axis.name, side.position)
        try:
            a, b, value = (on_wall.of(e) for e in (a, b, negate(form.rest)))
            kind = kind_of(a, b)
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
        return WallCondition(channel, side.axis.name, side.side, a, b, value, rate, False, text)

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
        a, b, _ = parts
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
        if second_order and (facts.of(a).time or facts.of(b).time):
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
