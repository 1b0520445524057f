"""Which ghosts a channel gets at its walls, and what becomes of the points that lie on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from eqdsl.core.errors import UsageError
from eqdsl.lowering.builder import Builder, Value
from eqdsl.lowering.closures import Closure, closure, reflection
from eqdsl.lowering.flow_walls import flow_walls
from eqdsl.lowering.halo import Halo, Reach, no_halo
from eqdsl.lowering.paired_closures import paired_closure
from eqdsl.lowering.paired_walls import PairedSide
from eqdsl.model.expr import Const, Expr
from eqdsl.model.model import Model
from eqdsl.model.walls import WallCondition
from eqdsl.numerics.ghosts import GhostRows
from eqdsl.numerics.grid import Grid

SINGULAR = 1e-9
"""Share of its two parts below which the sum that a wall is solved for counts as zero."""

Lower = Callable[[Expr, Halo], Value]
Numbers = Callable[[WallCondition], Closure]


def _is_zero(expr: Expr | None) -> bool:
    return isinstance(expr, Const) and expr.value == 0.0


class WallFiller:
    """Fills ghosts axis by axis, so that corners are filled too.

    Parameters
    ----------
    model, grid, builder
    lower : callable
        Lowers the expressions of the conditions.
    """

    def __init__(self, model: Model, grid: Grid, builder: Builder, lower: Lower) -> None:
        self._model, self._grid, self._builder, self._lower = model, grid, builder, lower
        self._conditions: dict[tuple[str, str, int], list[WallCondition]] = {}
        for wall in (*model.walls, *flow_walls(model)):
            self._conditions.setdefault((wall.channel, wall.axis, wall.side), []).append(wall)

    def fill(self, value: Value, channel: str, halo: Halo) -> Value:
        """The channel's values with `halo` ghost cells on each axis; values on Dirichlet nodes are replaced."""
        filled = no_halo(len(halo))
        for number, axis in enumerate(self._grid.axes):
            reach = halo[number]
            if axis.periodic:
                if reach.width:
                    value = self._builder.add("wrap", (value,), number, reach.width)
            else:
                value = self._walled(value, channel, number, reach, filled)
            filled = tuple(reach if i == number else f for i, f in enumerate(filled))
        return value

    def _walled(self, value: Value, channel: str, number: int, reach: Reach, filled: Halo) -> Value:
        """The ghosts of one axis: polynomials where the scheme reads them, one layer of reflection after another."""
        order = self._model.order

        def place(wall: WallCondition) -> str:
            # Where the outermost points follow the data, the wall is there.
            return "nodes" if wall.from_data else self._grid.axes[number].position

        def polynomials(wall: WallCondition) -> Closure:
            return closure(order, reach.closed, place(wall), kind_of_wall(wall), reach.derivative)

        def reflected(layer: int, wall: WallCondition) -> Closure:
            return reflection(layer, place(wall))

        if reach.closed or any(self._on_nodes(channel, number, side) for side in (0, 1)):
            value = self._extend(value, channel, number, polynomials, filled, reach)
        for layer in range(reach.closed, reach.width):
            value = self._extend(value, channel, number, partial(reflected, layer), filled)
        return value

    def replaces(self, channel: str) -> bool:
        """Whether the values of some stored points of the channel are given by a wall."""
        walled = [i for i, axis in enumerate(self._grid.axes) if not axis.periodic]
        return any(self._on_nodes(channel, i, side) for i in walled for side in (0, 1))

    def rate(self, total: Value, channel: str) -> Value:
        """A right-hand side whose values on Dirichlet nodes are the rates of the walls."""
        every = frozenset(range(len(self._grid.axes)))
        for number, axis in enumerate(self._grid.axes):
            if axis.periodic:
                continue
            for side in (0, 1):
                condition = self._on_nodes(channel, number, side)
                if condition is not None:
                    rate = self._lower(condition.value_rate or Const(0.0), no_halo(len(every)))
                    total = self._builder.add("replace_end", (total, rate), number, side, axes=every)
        return total

    def _on_nodes(self, channel: str, number: int, side: int) -> WallCondition | None:
        axis = self._grid.axes[number]
        walls = self._conditions.get((channel, axis.name, side), [])
        driven = next((w for w in walls if w.from_data), None)
        if driven is not None:
            return driven
        if axis.position != "nodes":
            return None
        return next((w for w in walls if w.gives_value), None)

    def _extend(
        self, value: Value, channel: str, number: int, numbers: Numbers, halo: Halo, reach: Reach | None = None
    ) -> Value:
        """Ghosts on both sides; those of a pair of conditions (never of a reflection) where `reach` is given."""
        rows, kappas, present, shifts = [], [], [], []
        for side in (0, 1):
            walls = self._conditions[channel, self._grid.axes[number].name, side]
            if reach is not None and self._takes_both(walls, reach):
                paired = self._paired(walls, number, halo, reach)
                rows.append(paired.rows())
                present.append(False)
                shifts += [(side, weights, by) for weights, by in paired.shifts(value)]
                continue
            wall = lowest(walls)
            side_rows, kappa = self._side(value, wall, numbers(wall), number, halo)
            rows.append(side_rows)
            present.append(kappa is not None)
            if kappa is not None:
                kappas.append(kappa)
        axes = value.axes
        found = self._builder.add("extend", (value, *kappas), number, rows[0], rows[1], *present, axes=axes)
        for side, weights, by in shifts:
            found = self._builder.add("add_beyond", (found, by), number, side, weights, axes=axes)
        return found

    def _takes_both(self, walls: Sequence[WallCondition], reach: Reach) -> bool:
        """Whether the ghosts obey both conditions of a side.

        A first derivative takes the lower one alone, with its own closure: where the higher derivatives have small
        factors, it decides whether modes grow.
        """
        return len(walls) == 2 and (reach.derivative != 1 or min(w.highest for w in walls) > 1)

    def _paired(self, walls: Sequence[WallCondition], number: int, halo: Halo, reach: Reach) -> PairedSide:
        axis = self._grid.axes[number]
        given, highest = any(w.gives_value for w in walls), max(w.highest for w in walls)
        numbers = paired_closure(self._model.order, reach.closed, axis.position, given, highest)
        return PairedSide(walls, numbers, axis, number, self._builder, lambda e: self._lower(e, halo))

    def _side(
        self, value: Value, condition: WallCondition, numbers: Closure, number: int, halo: Halo
    ) -> tuple[GhostRows, Value | None]:
        a, b, axis = condition.value_coefficient, condition.normal_coefficient, self._grid.axes[number]
        if isinstance(a, Const) and isinstance(b, Const):
            # The usual case: fold the coefficients into the weights, leaving only the wall's own value.
            self._refuse_singular(condition, numbers, a.value, b.value)
            rows = folded(numbers, a.value, b.value / axis.spacing)
            return rows, None if _is_zero(condition.value) else self._lower(condition.value, halo)
        rows = GhostRows(numbers.strip, numbers.extrapolation, numbers.correction)
        return rows, self._kappa(value, condition, numbers, number, halo)

    def _refuse_singular(self, wall: WallCondition, numbers: Closure, a: float, b: float) -> None:
        """Refuse a spacing at which value and slope cancel: no ghost values obey the wall then."""
        axis = self._grid.axes[self._grid.axis(wall.axis)]
        value, slope = a * numbers.correction_value, b * numbers.correction_slope / axis.spacing
        if abs(value + slope) > SINGULAR * (abs(value) + abs(slope)):
            return
        raise UsageError(
            f"the wall `{wall.text}` cannot be closed at a spacing of {axis.spacing:.6g} along `{axis.name}`: "
            "the value and the slope cancel there",
            help=f"use more points along `{axis.name}`, now {axis.points}",
        )

    def _kappa(self, value: Value, wall: WallCondition, numbers: Closure, axis: int, halo: Halo) -> Value:
        build, spacing = self._builder, self._grid.axes[axis].spacing
        a = self._lower(wall.value_coefficient, halo)
        b = build.apply("mul", self._lower(wall.normal_coefficient, halo), build.constant(1.0 / spacing))
        along = value.axes - {axis}

        def at_wall(weights: tuple[float, ...]) -> Value:
            return build.add("near_wall", (value,), axis, wall.side, numbers.strip, weights, axes=along)

        known = build.apply(
            "add",
            build.apply("mul", a, at_wall(numbers.wall_value)),
            build.apply("mul", b, at_wall(numbers.wall_slope)),
        )
        denominator = build.apply(
            "add",
            build.apply("mul", a, build.constant(numbers.correction_value)),
            build.apply("mul", b, build.constant(numbers.correction_slope)),
        )
        return build.apply("div", build.apply("sub", self._lower(wall.value, halo), known), denominator)


def lowest(walls: Sequence[WallCondition]) -> WallCondition:
    """The condition on the value or the slope; a free end, which has none, is reflected like a mirror."""
    found = min(walls, key=lambda w: w.highest)
    if found.highest <= 1:
        return found
    zero, one = Const(0.0), Const(1.0)
    return replace(found, normal_coefficient=one, value=zero, value_coefficient=zero, higher=(zero, zero))


def kind_of_wall(wall: WallCondition) -> str:
    """``dirichlet``, ``neumann`` or ``robin``."""
    if _is_zero(wall.normal_coefficient):
        return "dirichlet"
    return "neumann" if _is_zero(wall.value_coefficient) else "robin"


def folded(numbers: Closure, a: float, b: float) -> GhostRows:
    """Rows with ``a*u + b*du/dn = g`` folded in: then kappa is g itself. `b` is already over the spacing."""
    denominator = a * numbers.correction_value + b * numbers.correction_slope
    wall = [a * v + b * s for v, s in zip(numbers.wall_value, numbers.wall_slope, strict=True)]
    weights = tuple(
        tuple(_clean(e - n * w / denominator) for e, w in zip(row, wall, strict=True))
        for row, n in zip(numbers.extrapolation, numbers.correction, strict=True)
    )
    return GhostRows(numbers.strip, weights, tuple(n / denominator for n in numbers.correction))


def _clean(weight: float) -> float:
    """Rounding dust of a mirror rule removed, so that zero weights are skipped and ones are exact."""
    nearest = round(weight)
    return float(nearest) if abs(weight - nearest) < 1e-13 else weight
