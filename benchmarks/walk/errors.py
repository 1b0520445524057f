"""Errors of a compiled problem: of its right-hand side at the exact solution, and of the state at which it rests."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache, reduce

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, gmres
from torch import Tensor

from benchmarks.walk.problems import Problem
from benchmarks.walk.spaces import MOMENT
from eqdsl.analysis.check import loads_model
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.model.model import Model
from eqdsl.numerics.grid import grid_from_model

TIME = float(MOMENT)
NEWTON_STEPS = 6
ROUNDING = 1e-12
SHARE = 1e-3
"""Of the error, which the last correction may be."""

NUDGE = 1e-3
"""For directional derivatives by difference quotients, which are exact for affine and quadratic fields."""


@torch.no_grad()
def truncation_error(problem: Problem, order: int, position: str, spacings: int) -> float:
    """Root mean square of the error of the operator alone, in the inner half of walled axes."""
    field = compiled(problem, order, position, spacings, carried=False)
    error = _residual(field, _exact(field))[0]
    inside = _inner_half(field)
    return float(error[:, inside].square().mean().sqrt())


@torch.no_grad()
def solved_error(problem: Problem, order: int, position: str, spacings: int) -> float:
    """Largest error of the state at which the field has the exact rate, time standing still at `MOMENT`.

    Raises
    ------
    RuntimeError
        The iteration does not end, or a point on a held wall has another value or rate than the wall.
    """
    field = compiled(problem, order, position, spacings, carried=True)
    exact = _exact(field)
    free = _free(field, exact)
    inverse = _fast_inverse(field, free, problem.operator.symbol)
    error = torch.zeros_like(exact)
    residual = _residual(field, exact)[free]
    for _ in range(NEWTON_STEPS):
        error = error + _newton_step(field, exact + error, free, residual, inverse)
        residual = _residual(field, exact + error)[free]
        # In the preconditioner's norm: a plain residual of high derivatives is all rounding.
        if float(np.abs(inverse @ residual.numpy()).max()) <= SHARE * float(error.abs().max()):
            return float(error.abs().max())
    raise RuntimeError("Newton's iteration does not end")


@torch.no_grad()
def split_errors(problem: Problem, order: int, position: str, spacings: int) -> tuple[float, float]:
    """Of a linear problem, the errors of the solution that come from near the walls and from elsewhere."""
    field = compiled(problem, order, position, spacings, carried=True)
    exact = _exact(field)
    free = _free(field, exact)
    inverse = _fast_inverse(field, free, problem.operator.symbol)
    residual, inside = _residual(field, exact), _away(field, order)
    parts = (residual * ~inside, residual * inside)
    near, away = (_newton_step(field, exact, free, part[free], inverse).abs().max() for part in parts)
    return float(near), float(away)


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
    return _inside(field, [(0.25, 0.75)] * len(field.grid.axes))


def _away(field: VectorField, points: int) -> Tensor:
    """Points with so many between them and the nearest wall."""
    return _inside(field, [((points + 0.6) / a.points, 1 - (points + 0.6) / a.points) for a in field.grid.axes])


def _inside(field: VectorField, shares: list[tuple[float, float]]) -> Tensor:
    inside = []
    for number, (axis, (low, high)) in enumerate(zip(field.grid.axes, shares, strict=True)):
        place = (torch.as_tensor(axis.coordinates()) - axis.lower) / (axis.upper - axis.lower)
        here = (place >= low) & (place <= high) | axis.periodic
        inside.append(here.reshape([-1 if i == number else 1 for i in range(len(field.grid.axes))]))
    return reduce(torch.logical_and, inside).expand(field.grid.shape)


def _newton_step(field: VectorField, state: Tensor, free: Tensor, residual: Tensor, inverse: LinearOperator) -> Tensor:
    def expanded(values: np.ndarray) -> Tensor:
        full = torch.zeros_like(state)
        full[free] = torch.as_tensor(values)
        return full

    def along(values: np.ndarray) -> np.ndarray:
        size = float(np.abs(values).max())
        if size == 0.0:
            return values
        step = NUDGE / size * expanded(values)
        ahead, behind = field(TIME, torch.cat([state + step, state - step])).split(1)
        return np.asarray((ahead - behind)[free].numpy() * size / (2 * NUDGE))

    count = int(free.sum())
    operator = LinearOperator((count, count), matvec=along, dtype=np.float64)
    found, failed = gmres(operator, -residual.numpy(), rtol=1e-4, restart=80, maxiter=3, M=inverse)
    if failed:
        raise RuntimeError("GMRES does not end")
    return expanded(found)


def _fast_inverse(field: VectorField, free: Tensor, symbol: Callable[..., np.ndarray]) -> LinearOperator:
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

    count = int(free.sum())
    assert count == len(field.model.channels) * math.prod(inner)
    return LinearOperator((count, count), matvec=apply, dtype=np.float64)


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
