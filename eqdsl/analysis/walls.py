"""Boundary conditions: each channel gets one on every side of every axis with walls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eqdsl.analysis.constants import ConstantReader
from eqdsl.analysis.expressions import ExpressionChecker
from eqdsl.analysis.walk import walk
from eqdsl.analysis.wall_values import AtPosition, completed
from eqdsl.analysis.written import written
from eqdsl.boundary.linear import LinearForm, LinearReader, NotLinear
from eqdsl.boundary.table import KINDS, kind_of
from eqdsl.core.diagnostics import Diagnostic, Label, error
from eqdsl.core.source import Span
from eqdsl.model.arithmetic import ZERO, add, negate
from eqdsl.model.expr import Const, Diff, Expr, FluxDiff, Reduction
from eqdsl.model.facts import nodes_of
from eqdsl.model.model import Axis, Channel, WallCondition
from eqdsl.model.rate import time_derivative
from eqdsl.model.text import number_text
from eqdsl.operators.base import Value
from eqdsl.syntax import nodes

FORM = ", ".join(f"`{kind.usage}`" for kind in KINDS)


@dataclass(frozen=True, slots=True)
class Side:
    """One end of one axis."""

    axis: Axis
    side: int

    @property
    def position(self) -> float:
        """Where it lies."""
        return self.axis.upper if self.side else self.axis.lower


@dataclass
class WallReader:
    """Reads all ``bc`` statements of a model."""

    axes: tuple[Axis, ...]
    channels: tuple[Channel, ...]
    checker: ExpressionChecker
    constants: ConstantReader
    problems: list[Diagnostic]

    def read(self, statements: Sequence[nodes.Statement]) -> tuple[WallCondition, ...]:
        """One condition per channel and side, defaults included."""
        given: dict[tuple[str, str, int], tuple[WallCondition, Span]] = {}
        for statement in statements:
            if isinstance(statement, nodes.BoundaryCondition):
                for condition in self._conditions(statement):
                    key = (condition.channel, condition.axis, condition.side)
                    if key in given:
                        self._twice(condition, statement.span, given[key][1])
                    else:
                        given[key] = (condition, statement.span)
        return completed({k: c for k, (c, _) in given.items()}, self.channels, self.axes, self.checker.space.facts)

    def _twice(self, condition: WallCondition, again: Span, first: Span) -> None:
        axis = next(a for a in self.axes if a.name == condition.axis)
        where = number_text(axis.upper if condition.side else axis.lower)
        self.problems.append(
            error(
                "E0604",
                f"`{condition.channel}` has two conditions at `{condition.axis} = {where}`",
                again,
                "second",
                second=Label(first, "first"),
                help="keep one condition per state and side",
            )
        )

    # ------------------------------------------------------------------------------------------- one statement

    def _conditions(self, statement: nodes.BoundaryCondition) -> Iterator[WallCondition]:
        if isinstance(statement.right, nodes.Name) and statement.right.name == "data":
            self.problems.append(
                error(
                    "E0919",
                    "`bc … = data` is not built yet",
                    statement.right.span,
                    "not built yet",
                    help="give the value as an expression of time and position",
                )
            )
            return
        sides = list(self._sides(statement))
        if not self.axes:
            return
        left = self.checker.value(statement.left, normal=True)
        right = self.checker.value(statement.right, normal=True)
        if left is None or right is None:
            return
        for component in self._components(statement, left, right):
            found = self._linear(statement, component)
            if found is None:
                continue
            channel, form = found
            for side in sides:
                condition = self._at(statement, channel, form, side)
                if condition is not None:
                    yield condition

    def _sides(self, statement: nodes.BoundaryCondition) -> Iterator[Side]:
        if not self.axes:
            self.problems.append(
                error(
                    "E0608",
                    "a boundary condition needs a space, this model has no axes",
                    statement.span,
                    "no walls",
                    help="declare one, for example `space x in [0, 1]`",
                )
            )
            return
        for place in statement.places:
            if place.position is None and place.name == "boundary":
                walls = [a for a in self.axes if not a.periodic]
                if not walls:
                    self.problems.append(
                        error(
                            "E0603",
                            "there is no boundary: every axis is periodic",
                            place.span,
                            "no walls",
                            help="leave out this condition, or `periodic` in `space`",
                        )
                    )
                yield from (Side(a, side) for a in walls for side in (0, 1))
            else:
                side = self._side(place)
                if side is not None:
                    yield side

    def _side(self, place: nodes.Place) -> Side | None:
        axis = next((a for a in self.axes if a.name == place.name), None)
        first = self.axes[0]
        example = f"`at {first.name} = {number_text(first.lower)}` or `at boundary`"
        if axis is None or place.position is None:
            what = f"`{place.name}` is not an axis" if axis is None else f"the position on `{place.name}` is missing"
            self.problems.append(error("E0602", what, place.span, "no place on the boundary", help=f"write {example}"))
            return None
        if axis.periodic:
            self.problems.append(
                error(
                    "E0603",
                    f"the axis `{axis.name}` is periodic and has no walls",
                    place.span,
                    "no wall",
                    help=f"leave out this place, or `periodic` after `{axis.name}` in `space`",
                )
            )
            return None
        value = self.constants.number(place.position, "the position of a wall")
        if value is None:
            return None
        tolerance = 1e-9 * (axis.upper - axis.lower)
        for side, end in enumerate((axis.lower, axis.upper)):
            if abs(value - end) <= tolerance:
                return Side(axis, side)
        ends = f"`{axis.name} = {number_text(axis.lower)}` and `{axis.name} = {number_text(axis.upper)}`"
        self.problems.append(
            error(
                "E0602",
                f"`{axis.name} = {number_text(value)}` is not an end of the axis",
                place.span,
                "not an end",
                help=f"its ends are {ends}",
            )
        )
        return None

    def _components(self, statement: nodes.BoundaryCondition, left: Value, right: Value) -> Iterator[Expr]:
        """Left minus right, by components; the number 0 fits a vector."""
        if left.vector != right.vector:
            scalar = right if left.vector else left
            if not (isinstance(scalar.scalar, Const) and scalar.scalar.value == 0.0):
                vector, other = (statement.left, statement.right) if left.vector else (statement.right, statement.left)
                self.problems.append(
                    error(
                        "E0402",
                        "a boundary condition mixes a scalar and a vector",
                        other.span,
                        "scalar",
                        second=Label(vector.span, "vector"),
                        help="give one value per component: `bc w = (0, 1) at boundary`",
                    )
                )
                return
        count = max(len(left.components), len(right.components))
        for i in range(count):
            a = left.components[i if left.vector else 0]
            b = right.components[i if right.vector else 0]
            yield add([a, negate(b)])

    def _linear(self, statement: nodes.BoundaryCondition, expr: Expr) -> tuple[str, LinearForm] | None:
        """The channel of a condition and its linear form."""
        facts = self.checker.space.facts
        where = statement.left.span.merge(statement.right.span)
        if facts.of(expr).learned:
            self.problems.append(
                error(
                    "E0607",
                    f"a boundary condition contains the learned term `{min(facts.of(expr).learned)}`",
                    where,
                    "learned",
                    help="only parameters, time and positions may stand beside the state",
                )
            )
            return None
        channels = {_plain(c) for c in facts.of(expr).channels}
        varying = {c.name for c in self.channels if not c.uniform}
        if len(channels) != 1 or not channels <= varying:
            found = ", ".join(f"`{c}`" for c in sorted(channels)) or "none"
            self.problems.append(
                error(
                    "E0606",
                    f"a boundary condition is about one state that varies in space, here: {found}",
                    where,
                    "one state expected",
                    help=f"write {FORM}",
                )
            )
            return None
        channel = channels.pop()
        try:
            form = LinearReader(facts).form(expr)
        except NotLinear:
            derived = any(isinstance(n, nodes.Call) and n.name != "dn" for n in walk(statement.left))
            self.problems.append(
                error(
                    "E0601",
                    f"this condition is not linear in `{channel}` and `dn({channel})`",
                    where,
                    "not linear",
                    note="`dn` is the only derivative on a wall; it points outward" if derived else None,
                    help=f"write {FORM}",
                )
            )
            return None
        parts = (*form.coefficients.values(), form.rest)
        if any(isinstance(n, Diff | FluxDiff | Reduction) for p in parts for n in nodes_of(p, facts)):
            self.problems.append(
                error(
                    "E0607",
                    "a boundary condition contains a derivative or an integral beside the state",
                    where,
                    "not a plain value",
                    help="only parameters, time and positions may stand beside the state; write the derivative out",
                )
            )
            return None
        if channel.startswith("dt("):
            self.problems.append(
                error(
                    "E0606",
                    "a condition on a velocity follows from the one on its state",
                    where,
                    "velocity",
                    help=f"write the condition for `{channel[3:].replace(')', '')}`",
                )
            )
            return None
        return channel, form

    def _at(
        self, statement: nodes.BoundaryCondition, channel: str, form: LinearForm, side: Side
    ) -> WallCondition | None:
        a = form.coefficients.get(channel, ZERO)
        b = form.coefficients.get(f"dn({channel})", ZERO)
        where = statement.left.span.merge(statement.right.span)
        if kind_of(a, b) is None:
            self.problems.append(
                error(
                    "E0605",
                    f"nothing is left of `{channel}` in this condition",
                    where,
                    "no condition",
                    help=f"write {FORM}",
                )
            )
            return None
        facts = self.checker.space.facts
        field = next(
            (
                p
                for e in (a, b, form.rest)
                for p in sorted(facts.of(e).parameters)
                if self.checker.symbols.parameters[p]
            ),
            None,
        )
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
            return None
        second_order = self.checker.symbols.states[channel.partition(".")[0]].time_order == 2
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
            return None
        on_wall = AtPosition(facts, side.axis.name, side.position)
        a, b, value = (on_wall.of(e) for e in (a, b, negate(form.rest)))
        text = f"{written(self.checker.source, where)} at {side.axis.name} = {number_text(side.position)}"
        rate = time_derivative(value, facts)
        return WallCondition(channel, side.axis.name, side.side, a, b, value, rate, False, text)


def _plain(channel: str) -> str:
    """``u`` for ``dn(u)``."""
    return channel[3:-1] if channel.startswith("dn(") else channel
