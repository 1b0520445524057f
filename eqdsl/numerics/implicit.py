"""The solution of a linear system as a differentiable function of all that its operator and right-hand side hold.

Implicit function theorem: where ``r(z, theta) = A(theta) z - b(theta)`` is 0, the derivative of z is
``-A^-1 dr/dtheta``. So a backward pass is one more solution, with the transposed operator, whatever the solver did on
its way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from eqdsl.numerics.krylov import Map


def differentiable(solution: Tensor, residual: Tensor, solve: Map, transposed: Map) -> Tensor:
    """`solution` with the derivatives that its residual implies.

    Parameters
    ----------
    solution : Tensor
        A constant at which the residual vanishes.
    residual : Tensor
        ``r(solution, theta)``, differentiable in theta.
    solve, transposed : callable
        ``A^-1 v`` and ``A^-T v``.
    """
    value: Tensor = _Implicit.apply(solution, residual, solve, transposed)  # type: ignore[no-untyped-call]
    return value


class _Implicit(torch.autograd.Function):
    """``z(r) = solution - A^-1 (r - r.detach())``."""

    @staticmethod
    def forward(solution: Tensor, residual: Tensor, solve: Map, transposed: Map) -> Tensor:
        return solution.expand(torch.broadcast_shapes(solution.shape, residual.shape)).clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        _, residual, ctx.solve, ctx.transposed = inputs
        ctx.shape = residual.shape

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        return None, -ctx.transposed(gradient).sum_to_size(ctx.shape), None, None

    @staticmethod
    def jvp(ctx: Any, _: Any, change: Tensor, *others: Any) -> Tensor:
        tangent: Tensor = -ctx.solve(change)
        return tangent


def transpose_of(map_: Map, like: Tensor) -> Callable[[Tensor], Tensor]:
    """The transposed map, through the derivative of one evaluation."""
    with torch.enable_grad():
        place = torch.zeros_like(like).requires_grad_()
        value = map_(place)

    def product(vector: Tensor) -> Tensor:
        (found,) = torch.autograd.grad(value, place, vector, retain_graph=True)
        return found

    return product
