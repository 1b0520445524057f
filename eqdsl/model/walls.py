"""Walls of a `Model`: what holds at the ends of its axes."""

from __future__ import annotations

from dataclasses import dataclass

from eqdsl.model.expr import Const, Expr


def wall_series(channel: str, axis: str, side: int) -> str:
    """The name of the series that a wall takes from the data."""
    return f"{channel} at {axis}, {'upper' if side else 'lower'} end"


@dataclass(frozen=True, slots=True)
class WallCondition:
    """``value_coefficient * u + normal_coefficient * du/dn = value`` on one side of one axis, for one channel.

    `higher` holds the coefficients of the second and third normal derivative. Where derivatives of order 3 and 4 are
    taken, a side has two conditions, one after the other.

    `side` is 0 at the lower, 1 at the upper end; ``n`` points outward. The three expressions may contain parameters,
    time and the coordinates along the wall, nothing else. Every channel that varies in space, velocity channels
    included (there: the time derivative of the condition), has one for each side of each non-periodic axis.
    `value_rate` is ``d(value/value_coefficient)/dt``, the rate of the state itself, where the condition gives its
    value, and ``d(value)/dt`` elsewhere. With `from_data` the outermost points follow those of the data, on cells too.
    """

    channel: str
    axis: str
    side: int
    value_coefficient: Expr
    normal_coefficient: Expr
    value: Expr
    value_rate: Expr | None
    announced: bool
    text: str
    higher: tuple[Expr, Expr] = (Const(0.0), Const(0.0))
    from_data: bool = False

    @property
    def coefficients(self) -> tuple[Expr, ...]:
        """Of the value and of the first three derivatives along the normal."""
        return (self.value_coefficient, self.normal_coefficient, *self.higher)

    @property
    def highest(self) -> int:
        """Highest derivative in the condition."""
        return max((k for k, c in enumerate(self.coefficients) if not _is_zero(c)), default=0)

    @property
    def gives_value(self) -> bool:
        """Whether it is a condition on the value alone."""
        return self.highest == 0


def _is_zero(expr: Expr) -> bool:
    return isinstance(expr, Const) and expr.value == 0.0
