"""The ghosts of one side with two conditions: weights where the coefficients are numbers, else both kappas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eqdsl.core.errors import UsageError
from eqdsl.lowering.builder import Builder, Value
from eqdsl.lowering.paired_closures import PairedClosure
from eqdsl.model.expr import Const, Expr
from eqdsl.model.walls import WallCondition
from eqdsl.numerics.ghosts import GhostRows
from eqdsl.numerics.grid import GridAxis

SINGULAR = 1e-9
"""Share of its two parts below which the determinant of both conditions counts as zero."""

Lower = Callable[[Expr], Value]


@dataclass(frozen=True)
class PairedSide:
    """One side of one axis.

    Parameters
    ----------
    pair : pair of WallCondition
    numbers : PairedClosure
    axis : GridAxis
    number : int
        That of the axis.
    builder : Builder
    lower : callable
        Lowers the expressions of the conditions on the wall.
    """

    pair: Sequence[WallCondition]
    numbers: PairedClosure
    axis: GridAxis
    number: int
    builder: Builder
    lower: Lower

    @property
    def constant(self) -> bool:
        """Whether all coefficients are numbers."""
        return all(isinstance(c, Const) for wall in self.pair for c in wall.coefficients)

    def rows(self) -> GhostRows:
        """The ghosts of homogeneous conditions, or, with coefficients that are no numbers, of the polynomial alone."""
        none = (0.0,) * len(self.numbers.extrapolation)
        if not self.constant:
            return GhostRows(self.numbers.strip, self.numbers.extrapolation, none)
        conditions, inverse = self._folded()
        # What each condition takes from the nearest points, before kappa.
        known = [[self._known(one, place) for place in range(len(self.numbers.wall[0]))] for one in conditions]
        weights = []
        for row, corrections in zip(self.numbers.extrapolation, self.numbers.corrections, strict=True):
            first, second = (sum(c * inverse[i][j] for i, c in enumerate(corrections)) for j in (0, 1))
            pairs = zip(row, *known, strict=True)
            weights.append(tuple(_clean(e - first * one - second * two) for e, one, two in pairs))
        return GhostRows(self.numbers.strip, tuple(weights), none)

    def shifts(self, value: Value) -> list[tuple[tuple[float, ...], Value]]:
        """What is added to each ghost: weights from the wall outward, and what they multiply."""
        if self.constant:
            _, inverse = self._folded()
            return [
                (
                    tuple(sum(c * inverse[i][j] for i, c in enumerate(row)) for row in self.numbers.corrections),
                    self.lower(wall.value),
                )
                for j, wall in enumerate(self.pair)
                if not (isinstance(wall.value, Const) and wall.value.value == 0.0)
            ]
        kappas = self._kappas(value)
        return [(tuple(row[i] for row in self.numbers.corrections), kappa) for i, kappa in enumerate(kappas)]

    def _scaled(self, wall: WallCondition) -> list[float]:
        """Coefficients on unit spacing."""
        found = [c.value if isinstance(c, Const) else 0.0 for c in wall.coefficients]
        return [c / self.axis.spacing**k for k, c in enumerate(found)]

    def _known(self, condition: Sequence[float], place: int) -> float:
        return sum(c * row[place] for c, row in zip(condition, self.numbers.wall, strict=True))

    def _folded(self) -> tuple[list[list[float]], list[list[float]]]:
        """Both conditions on unit spacing, and the inverse of what they make of kappa."""
        conditions = [self._scaled(wall) for wall in self.pair]
        (a, b), (c, d) = (
            [sum(k * row[i] for k, row in zip(one, self.numbers.wall_corrections, strict=True)) for i in (0, 1)]
            for one in conditions
        )
        determinant = a * d - b * c
        if abs(determinant) <= SINGULAR * (abs(a * d) + abs(b * c)):
            raise UsageError(
                f"the walls `{self.pair[0].text}` and `{self.pair[1].text}` cannot be closed together at a spacing of "
                f"{self.axis.spacing:.6g} along `{self.axis.name}`",
                help="write two conditions that do not follow from each other, or change the number of points",
            )
        return conditions, [[d / determinant, -b / determinant], [-c / determinant, a / determinant]]

    def _kappas(self, value: Value) -> list[Value]:
        """Both kappas by Cramer's rule, differentiable in the coefficients."""
        build = self.builder
        matrix, right = [], []
        for wall in self.pair:
            scaled = [
                (k, build.apply("mul", self.lower(c), build.constant(self.axis.spacing**-k)))
                for k, c in enumerate(wall.coefficients)
                if not (isinstance(c, Const) and c.value == 0.0)
            ]
            factors = self.numbers.wall_corrections
            matrix.append(
                [self._sum([build.apply("mul", c, build.constant(factors[k][i])) for k, c in scaled]) for i in (0, 1)]
            )
            known = self._sum([build.apply("mul", c, self._at_wall(value, wall.side, k)) for k, c in scaled])
            right.append(build.apply("sub", self.lower(wall.value), known))
        (a, b), (c, d) = matrix
        (e, f) = right

        def minor(p: Value, q: Value, r: Value, s: Value) -> Value:
            return build.apply("sub", build.apply("mul", p, q), build.apply("mul", r, s))

        determinant = minor(a, d, b, c)
        return [
            build.apply("div", minor(e, d, b, f), determinant),
            build.apply("div", minor(a, f, e, c), determinant),
        ]

    def _sum(self, parts: Sequence[Value]) -> Value:
        return self.builder.apply("add", *parts) if len(parts) > 1 else parts[0]

    def _at_wall(self, value: Value, side: int, derivative: int) -> Value:
        weights, axes = self.numbers.wall[derivative], value.axes - {self.number}
        return self.builder.add("near_wall", (value,), self.number, side, self.numbers.strip, weights, axes=axes)


def _clean(weight: float) -> float:
    """Rounding dust of a mirror rule removed, so that zero weights are skipped and ones are exact."""
    nearest = round(weight)
    return float(nearest) if abs(weight - nearest) < 1e-12 else weight
