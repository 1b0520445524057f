"""In which basis along a walled axis a linear operator is diagonal, if there is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from eqdsl.lowering.axis_modes import fast_modes, given_points
from eqdsl.lowering.linear_operator import LinearOperator, lower_linear
from eqdsl.lowering.walls import kind_of_wall, lowest
from eqdsl.model.expr import ChannelRef, Const, Diff, Expr, FluxDiff
from eqdsl.model.model import Model, least_points
from eqdsl.model.walls import WallCondition
from eqdsl.numerics.grid import Grid
from eqdsl.numerics.mode_bases import ModeBasis, eigenvectors

COMMUTES = 1e-8
"""Relative difference that rounding leaves between two operators that commute."""

LARGEST_EIGENPROBLEM = 1024
"""Points of an axis up to which eigenvectors are computed."""

Second = Callable[[Expr, str], Expr]
SECONDS: tuple[Second, ...] = (
    lambda u, axis: Diff(u, axis, 2),
    lambda u, axis: FluxDiff(Const(1.0), u, axis),
    lambda u, axis: Diff(u, axis, 4),
)
"""Derivatives whose eigenvectors are tried; of order 4 the second ones are two different stencils.

The fourth derivative is for sides with two conditions; one condition alone leaves some of its modes without a basis.
"""


class WallBases:
    """Finds the bases of one model, its walls made homogeneous.

    Parameters
    ----------
    model, grid
    operator : LinearOperator
        What is to be diagonal.
    parameters : mapping of str to Tensor
        Numbers to try it with; what holds for numbers taken at random holds for all.
    others : mapping of str to Tensor
        Other such numbers: a basis must not depend on them.
    """

    def __init__(
        self, model: Model, grid: Grid, operator: LinearOperator, parameters: Mapping[str, Tensor],
        others: Mapping[str, Tensor],
    ) -> None:  # fmt: skip
        self._model, self._grid, self._operator = model, grid, operator
        self._parameters, self._others = parameters, others
        self._generator = torch.Generator().manual_seed(0)

    def of_axis(self, axis: int) -> tuple[ModeBasis, ...] | None:
        """One basis for each channel; None where none was found."""
        return next((found for found in self._candidates(axis) if self._diagonal(axis, found)), None)

    def _candidates(self, axis: int) -> Iterator[tuple[ModeBasis, ...]]:
        names = [c.name for c in self._model.channels if not c.uniform]
        own = self._grid.axes[axis]
        if all(len(self._of(name, axis)) == 2 for name in names):
            yield from self._by_walls(names, axis, lambda name: fast_modes(own, self._kinds(name, axis)))
        if own.points <= LARGEST_EIGENPROBLEM:
            for second in SECONDS:
                yield from self._by_walls(names, axis, partial(self._eigenvectors, axis, second))

    def _by_walls(
        self, names: Sequence[str], axis: int, basis_of: Callable[[str], ModeBasis | None]
    ) -> Iterator[tuple[ModeBasis, ...]]:
        """One basis for channels with the same walls; nothing where some have none."""
        by_walls: dict[object, ModeBasis | None] = {}
        found: dict[str, ModeBasis] = {}
        for name in names:
            walls = self._walls(name, axis)
            if walls not in by_walls:
                by_walls[walls] = basis_of(name)
            basis = by_walls[walls]
            if basis is None:
                return
            found[name] = basis
        yield self._for_channels(found)

    def _for_channels(self, found: Mapping[str, ModeBasis]) -> tuple[ModeBasis, ...]:
        """A plain variable is the same number everywhere; any basis gives it back."""
        first = next(iter(found.values()))
        return tuple(found.get(c.name, first) for c in self._model.channels)

    def _of(self, channel: str, axis: int) -> list[WallCondition]:
        name = self._grid.axes[axis].name
        found = [w for w in self._model.walls if w.channel == channel and w.axis == name]
        return sorted(found, key=lambda w: w.side)

    def _kinds(self, channel: str, axis: int) -> tuple[str, str]:
        """The kinds of both walls; of two conditions on a side that on the value or the slope counts."""
        walls = self._of(channel, axis)
        lower, upper = (kind_of_wall(lowest([w for w in walls if w.side == side])) for side in (0, 1))
        return lower, upper

    def _eigenvectors(self, axis: int, second: Second, channel: str) -> ModeBasis | None:
        matrix = self._matrix(channel, axis, second)
        lower, upper = given_points(self._grid.axes[axis], self._kinds(channel, axis))
        inner = slice(lower, len(matrix) - upper)
        return eigenvectors(matrix[inner, inner], (lower, upper))

    def _walls(self, channel: str, axis: int) -> object:
        """What the eigenvectors depend on."""
        return tuple((*(_key(c) for c in w.coefficients), w.from_data) for w in self._of(channel, axis))

    def _matrix(self, channel: str, axis: int, second: Second) -> Tensor:
        """The second derivative of a channel along an axis, (n, n)."""
        least = least_points(self._model.order)
        axes = tuple(a if i == axis else replace(a, points=least) for i, a in enumerate(self._grid.axes))
        rate = {channel: second(ChannelRef(channel), axes[axis].name)}
        operator, n = lower_linear(self._model, Grid(axes), rate), axes[axis].points
        shape = [n, 1, *(n if i == axis else 1 for i in range(len(axes)))]
        unit = torch.eye(n, dtype=torch.float64).reshape(shape)
        state = unit.expand(n, len(self._model.channels), *(a.points for a in axes))
        number = self._model.channel_names.index(channel)
        rates = operator(state, self._parameters)[:, number]
        for i in reversed(range(len(axes))):
            if i != axis:
                rates = rates.select(i + 1, least // 2)
        return rates.T

    def _diagonal(self, axis: int, bases: tuple[ModeBasis, ...]) -> bool:
        """Whether the operator commutes with every diagonal one: tried with one at random, on one state at random."""
        shape = (1, len(self._model.channels), *self._grid.shape)
        state = torch.randn(shape, generator=self._generator, dtype=torch.float64)
        weights = torch.rand(shape[axis + 2], generator=self._generator, dtype=torch.float64)
        weights = weights.reshape(-1, *(1,) * (len(shape) - axis - 3))

        def weighted(values: Tensor) -> Tensor:
            parts = [
                basis.to_values(basis.to_modes(values[:, c : c + 1], axis + 2) * weights, axis + 2)
                for c, basis in enumerate(bases)
            ]
            return torch.cat(parts, dim=1)

        for parameters in (self._parameters, self._others):
            one, two = self._operator(weighted(state), parameters), weighted(self._operator(state, parameters))
            if not bool((one - two).abs().max() <= COMMUTES * one.abs().max()):
                return False
        return True


def _key(expr: Expr) -> tuple[float, int]:
    """A number tells expressions apart by value, others are told apart by identity."""
    return (expr.value, 0) if isinstance(expr, Const) else (0.0, id(expr))
