"""Linear systems by Krylov subspaces, one for each row of a batch, preconditioned from the left.

A row has converged once its preconditioned residual ``|M^-1 (b - A x)|`` is `tolerance` times ``|M^-1 b|``. With a good
preconditioner that is the relative error of x itself, which rounding lets fall that far; the plain residual of an
elliptic operator it does not (``eps * condition number``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Map = Callable[[Tensor], Tensor]
"""A linear map of ``(B, *S)`` to itself, row by row."""

RESTART = 40
"""Directions that GMRES keeps before it starts again."""

MOST_ITERATIONS = 1000
"""Products with the operator after which a solver gives up."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The solution, and the largest relative residual of a row that is left after so many iterations."""

    solution: Tensor
    residual: float
    iterations: int


def conjugate_gradients(product: Map, inverse: Map, right: Tensor, tolerance: float, most: int) -> Outcome:
    """For a symmetric definite operator and preconditioner of one sign (Hestenes and Stiefel 1952)."""
    solution = torch.zeros_like(right)
    residual, direction = right, inverse(right)
    moved = direction
    goal = _norm(moved)
    inner = _dot(residual, moved)
    for iteration in range(most):
        left = _relative(moved, goal)
        if left <= tolerance or not left < float("inf"):
            return Outcome(solution, left, iteration)
        pushed = product(direction)
        step = _quotient(inner, _dot(direction, pushed))
        solution = solution + step * direction
        residual = residual - step * pushed
        moved = inverse(residual)
        following = _dot(residual, moved)
        direction = moved + _quotient(following, inner) * direction
        inner = following
    return Outcome(solution, _relative(moved, goal), most)


def gmres(product: Map, inverse: Map, right: Tensor, tolerance: float, most: int) -> Outcome:
    """For any operator; restarted (Saad and Schultz 1986)."""
    solution = torch.zeros_like(right)
    residual = inverse(right)
    goal = _norm(residual)
    iterations = 0
    while True:
        left = _relative(residual, goal)
        if left <= tolerance or iterations >= most or not left < float("inf"):
            return Outcome(solution, left, iterations)
        change, used = _cycle(product, inverse, residual, tolerance, goal, min(RESTART, most - iterations))
        iterations += used
        solution = solution + change
        residual = inverse(right - product(solution))


def _cycle(
    product: Map, inverse: Map, residual: Tensor, tolerance: float, goal: Tensor, most: int
) -> tuple[Tensor, int]:
    """The best change of the solution among `most` directions or fewer, and how many there were."""
    start = _norm(residual)
    basis = _quotient(residual, start).flatten(1)[:, None]
    target = torch.zeros(len(residual), most + 1, 1, dtype=residual.dtype, device=residual.device)
    target[:, 0] = start.reshape(-1, 1)
    columns: list[Tensor] = []
    weights = target[:, :0]
    for size in range(1, most + 1):
        following = inverse(product(basis[:, -1].reshape(residual.shape))).flatten(1)[:, :, None]
        column = torch.zeros_like(target)
        for _ in range(2):  # once more, against rounding
            parts = basis @ following
            following = following - basis.mT @ parts
            column[:, :size] += parts
        length = following.norm(dim=1, keepdim=True)
        column[:, size : size + 1] = length
        columns.append(column)
        basis = torch.cat([basis, _quotient(following, length).mT], dim=1)
        matrix = torch.cat(columns, dim=2)[:, : size + 1]
        weights = torch.linalg.pinv(matrix) @ target[:, : size + 1]
        rest = (target[:, : size + 1] - matrix @ weights).norm(dim=1).flatten()
        if bool((rest <= 0.5 * tolerance * goal.flatten()).all()) or not bool(torch.isfinite(rest).all()):
            break
    return (basis[:, : len(columns)].mT @ weights).reshape(residual.shape), len(columns)


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum(dim=tuple(range(1, a.dim())), keepdim=True)


def _norm(a: Tensor) -> Tensor:
    return _dot(a, a).sqrt()


def _relative(residual: Tensor, goal: Tensor) -> float:
    return float(_quotient(_norm(residual), goal).max())


def _quotient(top: Tensor, bottom: Tensor) -> Tensor:
    """0 where the denominator is: such a row is done."""
    return torch.where(bottom == 0, torch.zeros_like(top), top / torch.where(bottom == 0, 1.0, bottom))
