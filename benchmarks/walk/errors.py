"""Errors of a compiled problem: of its right-hand side at the exact solution, and of the state at which it rests."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial, reduce

import numpy as np
import sympy as sp
import torch
from scipy.sparse.linalg import LinearOperator, gmres
from torch import Tensor

from benchmarks.walk.problems import Problem
from benchmarks.walk.spaces import EXTENTS, MOMENT
from eqdsl.analysis.check import loads_model
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.model.model import Model
from eqdsl.numerics.grid import grid_from_model

Inverse = Callable[[np.ndarray], np.ndarray]

TIME = float(MOMENT)
ROUNDING = 1e-12
SHARE = 1e-3
"""Relative accuracy of the errors."""

NUDGE = 1e-3
"""For directional derivatives by difference quotients, which are exact for affine and quadratic fields."""


@torch.no_grad()
def truncation_error(problem: Problem, order: int, position: str, spacings: int) -> float:
    """Root mean square of the error of the operator alone, in the inner half of walled axes."""
    field = compiled(problem, order, position, spacings, carried=False)
    error = _residual(field, _exact(field))[0]
    inside = _inner_half(field)
    return float(error[:, inside].square().mean().sqrt())


@dataclass(frozen=True)
class SolvedErrors:
    """Largest errors of a steady solution: what the stencils make, and what the walls' closures add to it."""

    stencils: float
    closures: float

    @property
    def bound(self) -> float:
        """A bound of the whole error, which on some grids is smaller because the two have opposite signs."""
        return self.stencils + self.closures


@torch.no_grad()
def solved_errors(problem: Problem, order: int, position: str, spacings: int) -> SolvedErrors:
    """Errors of the state at which the field has the exact rate, time standing still at `MOMENT`.

    With J the Jacobian and r the truncation error of the field at the exact state, the error is ``-J^-1 r`` up to its
    square. r is the sum of what the stencils make wherever they stand, and of what closures make near walls; the first
    is seen on a wider box.

    Raises
    ------
    RuntimeError
        The iteration does not end, or a point on a held wall has another value or rate than the wall.
    """
    field = compiled(problem, order, position, spacings, carried=True)
    exact = _exact(field)
    free = _free(field, exact)
    whole, stencils = _residual(field, exact), _without_walls(problem, field, order, position)
    solve = partial(_solved, field, exact, free, _fast_inverse(field, free, problem.operator.symbol))
    return SolvedErrors(solve(stencils[free]), solve((whole - stencils)[free]))


def compiled(problem: Problem, order: int, position: str, spacings: int, *, carried: bool) -> VectorField:
    """The field with `spacings` along the first axis, other numbers along the others."""
    model = _model(problem, order, position, carried)
    counts = {}
    for number, axis in enumerate(model.axes):
        on_ends = axis.position == "nodes" and not axis.periodic
        counts[axis.name] = spacings + number * spacings // 8 + on_ends
    return compile_model(model, grid=grid_from_model(model, counts))


def _exact(field: VectorField) -> Tensor:
    values = field.initial_values(t=TIME)
    return torch.stack([values[name] for name in field.model.channel_names], dim=1)


@lru_cache(maxsize=8)
def _model(problem: Problem, order: int, position: str, carried: bool) -> Model:
    return loads_model(problem.text(order, position, carried=carried))


def _residual(field: VectorField, state: Tensor) -> Tensor:
    named = field.named(TIME, state)
    rate = torch.stack([named["rate_" + c.replace(".", "")] for c in field.model.channel_names], dim=1)
    return field(TIME, state) - rate


def _free(field: VectorField, exact: Tensor) -> Tensor:
    """Points that no wall holds; those that one does must follow it."""
    free = field.constrain(TIME, exact + 1.0) == exact + 1.0
    wrong = (field.constrain(TIME, exact) - exact).abs() + _residual(field, exact).abs() * ~free
    if float(wrong.max()) > ROUNDING:
        raise RuntimeError(f"a held point does not follow its wall, by {float(wrong.max()):.1e}")
    return free


def _inner_half(field: VectorField) -> Tensor:
    inside = []
    for number, axis in enumerate(field.grid.axes):
        place = (torch.as_tensor(axis.coordinates()) - axis.lower) / (axis.upper - axis.lower)
        here = (place >= 0.25) & (place <= 0.75) | axis.periodic
        inside.append(here.reshape([-1 if i == number else 1 for i in range(len(field.grid.axes))]))
    return reduce(torch.logical_and, inside).expand(field.grid.shape)


def _without_walls(problem: Problem, field: VectorField, order: int, position: str) -> Tensor:
    """The truncation error of the stencils at every point of the field's grid."""
    beyond = 2 * order
    margins = {
        a.name: sp.Integer(0)
        if a.periodic
        else beyond * (EXTENTS[a.name][1] - EXTENTS[a.name][0]) / (a.points - (a.position == "nodes"))
        for a in field.grid.axes
    }
    model = loads_model(problem.wider_text(order, position, margins))
    counts = {a.name: a.points + (0 if a.periodic else 2 * beyond) for a in field.grid.axes}
    wider = compile_model(model, grid=grid_from_model(model, counts))
    residual = _residual(wider, _exact(wider))
    for number, axis in enumerate(field.grid.axes):
        if not axis.periodic:
            residual = residual.narrow(number + 2, beyond, axis.points)
    return residual


def _solved(field: VectorField, state: Tensor, free: Tensor, inverse: Inverse, residual: Tensor) -> float:
    """Largest absolute value of the solution e of ``J e = -residual``, by GMRES preconditioned from the left."""

    def along(values: np.ndarray) -> np.ndarray:
        size = float(np.abs(values).max())
        if size == 0.0:
            return values
        step = torch.zeros_like(state)
        step[free] = torch.as_tensor(values) * (NUDGE / size)
        ahead, behind = field(TIME, torch.cat([state + step, state - step])).split(1)
        return inverse((ahead - behind)[free].numpy() * size / (2 * NUDGE))

    count = int(free.sum())
    operator = LinearOperator((count, count), matvec=along, dtype=np.float64)
    found, failed = gmres(operator, inverse(-residual.numpy()), rtol=SHARE, restart=60, maxiter=2)
    if failed:
        raise RuntimeError("GMRES does not end")
    return float(np.abs(found).max())


def _fast_inverse(field: VectorField, free: Tensor, symbol: Callable[..., np.ndarray]) -> Inverse:
    """About the inverse of the Jacobian, in the eigenvectors of each axis' second derivative of order 2."""
    bases, values = [], []
    for number, axis in enumerate(field.grid.axes):
        matrix = _second_derivative(field, number)
        found, vectors = np.linalg.eig(matrix)
        bases.append((vectors.real, np.linalg.inv(vectors.real)))
        values.append(found.real / axis.spacing**2)
    total = symbol(*np.meshgrid(*values, indexing="ij"))
    inner = tuple(len(v) for v in values)

    def apply(vector: np.ndarray) -> np.ndarray:
        block = vector.reshape(-1, *inner)
        for forward in (True, False):
            for number, (vectors, inverse) in enumerate(bases):
                matrix = inverse if forward else vectors
                block = np.moveaxis(np.tensordot(matrix, block, (1, number + 1)), 0, number + 1)
            if forward:
                block = block / total
        return block.reshape(-1)

    assert int(free.sum()) == len(field.model.channels) * math.prod(inner)
    return apply


def _second_derivative(field: VectorField, number: int) -> np.ndarray:
    axis = field.grid.axes[number]
    n = axis.points
    matrix = -2.0 * np.eye(n) + np.eye(n, k=1) + np.eye(n, k=-1)
    if axis.periodic:
        matrix[0, -1] = matrix[-1, 0] = 1.0
        return np.asarray(matrix)
    kept = np.ones(n, dtype=bool)
    for side, end in ((0, 0), (1, n - 1)):
        wall = next(w for w in field.model.walls if (w.axis, w.side) == (axis.name, side))
        held = getattr(wall.normal_coefficient, "value", 1.0) == 0.0
        if axis.position == "nodes":
            kept[end] = not held
            matrix[end, 1 if side == 0 else n - 2] = 2.0
        else:
            matrix[end, end] = -3.0 if held else -1.0
    return np.asarray(matrix[np.ix_(kept, kept)])
