"""Boundary conditions: each channel gets one, or two, on every side of every axis with walls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eqdsl.analysis.constants import ConstantReader
from eqdsl.analysis.expressions import ExpressionChecker
from eqdsl.analysis.walk import walk
from eqdsl.analysis.wall_needs import Needs
from eqdsl.analysis.wall_pairs import PairChecker
from eqdsl.analysis.wall_places import PlaceReader
from eqdsl.analysis.wall_sides import FORM, HIGHEST, PlacedCondition, SideReader
from eqdsl.analysis.wall_values import completed
from eqdsl.boundary.linear import NORMAL, LinearForm, LinearReader, NotLinear
from eqdsl.core.diagnostics import Diagnostic, Label, error
from eqdsl.model.arithmetic import ONE, ZERO, add, negate
from eqdsl.model.expr import ChannelRef, Const, Diff, Expr, FluxDiff, InputRef, Reduction
from eqdsl.model.facts import nodes_of
from eqdsl.model.model import Axis, Channel
from eqdsl.model.walls import WallCondition, wall_series
from eqdsl.operators.base import Value
from eqdsl.syntax import nodes


@dataclass
class WallReader:
    """Reads all ``bc`` statements of a model."""

    axes: tuple[Axis, ...]
    channels: tuple[Channel, ...]
    checker: ExpressionChecker
    constants: ConstantReader
    needs: Needs
    problems: list[Diagnostic]

    def read(self, statements: Sequence[nodes.Statement]) -> tuple[WallCondition, ...]:
        """The conditions of every channel and side, defaults included."""
        facts = self.checker.space.facts
        pairs = PairChecker(self.axes, self.needs, facts, self.problems)
        for statement in statements:
            if isinstance(statement, nodes.BoundaryCondition):
                for placed in self._conditions(statement):
                    pairs.add(placed)
        given = {key: [p.condition for p in found] for key, found in pairs.conclude().items()}
        return completed(given, self.channels, self.axes, self.needs, facts)

    # ------------------------------------------------------------------------------------------- one statement

    def _conditions(self, statement: nodes.BoundaryCondition) -> Iterator[PlacedCondition]:
        if isinstance(statement.right, nodes.Name) and statement.right.name == "data":
            yield from self._from_data(statement)
            return
        sides = list(PlaceReader(self.axes, self.constants, self.problems).sides(statement))
        if not self.axes:
            return
        left = self.checker.value(statement.left, normal=True)
        right = self.checker.value(statement.right, normal=True)
        if left is None or right is None:
            return
        one_side = SideReader(self.checker, self.problems)
        for component in self._components(statement, left, right):
            found = self._linear(statement, component)
            if found is None:
                continue
            channel, form = found
            for side in sides:
                condition = one_side.condition(statement, channel, form, side)
                if condition is not None:
                    yield condition

    def _from_data(self, statement: nodes.BoundaryCondition) -> Iterator[PlacedCondition]:
        """``bc u = data``: the points of a wall follow those of the data."""
        sides = list(PlaceReader(self.axes, self.constants, self.problems).sides(statement))
        left = self.checker.value(statement.left, normal=True)
        if left is None:
            return
        evolved = {c.name for c in self.channels if not (c.uniform or c.velocity)}
        evolved -= {c.name for c in self.channels if self.checker.symbols.states[c.field].time_order != 1}
        for component in left.components:
            if not (isinstance(component, ChannelRef) and component.channel in evolved):
                self.problems.append(
                    error(
                        "E0919",
                        "`data` on a wall is built for the value of a field of first order in time only",
                        statement.left.span,
                        "not built yet",
                        help="read a series, `input q(t)`, and write the condition with `q`",
                    )
                )
                return
            for side in sides:
                series = wall_series(component.channel, side.axis.name, side.side)
                axes = tuple(a.name for a in self.axes if a is not side.axis)
                condition = WallCondition(
                    component.channel, side.axis.name, side.side, ONE, ZERO, InputRef(series, axes, True),
                    InputRef(series, axes, True, rate=True), False, f"{component.channel} = data at {side.text}",
                    from_data=True,
                )  # fmt: skip
                where = statement.left.span.merge(statement.right.span)
                yield PlacedCondition(condition, (), where, statement.span)

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
        channels = set(facts.of(expr).channels)
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
            form = _with_normals(LinearReader(facts).form(expr))
        except NotLinear:
            derived = any(isinstance(n, nodes.Call) and n.name != "dn" for n in walk(statement.left))
            self.problems.append(
                error(
                    "E0601",
                    f"this condition is not linear in `{channel}` and `dn({channel})`",
                    where,
                    "not linear",
                    note="a slope on a wall is `dn(u)`, which points outward; there are also `dxx(u)` and `dn(lap(u))`"
                    if derived
                    else None,
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


def _with_normals(form: LinearForm) -> LinearForm:
    """The form itself, if slopes in it are along the normal and derivatives of an order that walls may give.

    Raises
    ------
    NotLinear
        They are not.
    """
    for derivative in form.coefficients:
        orders = dict(derivative.orders)
        if sum(orders.values()) > HIGHEST or any(o == 1 and axis != NORMAL for axis, o in orders.items()):
            raise NotLinear
    return form
