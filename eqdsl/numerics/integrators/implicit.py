"""Solving ``x = map(x)`` to rounding, for the implicit steps of reversible methods."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from eqdsl.numerics.integrators.jacobian import MOST_UNKNOWNS, row_jacobians

ITERATIONS = 60
"""Fixed-point iterations, after which a contraction of 0.55 has reached rounding; then Newton's method."""

NEWTON = 20
"""Newton iterations."""


class NoSolution(Exception):
    """Neither iteration converged."""


def fixed_point(map: Callable[[Tensor], Tensor], start: Tensor) -> Tensor:
    """The solution of ``x = map(x)`` near a start.

    Plain iteration, with its graph: its derivatives converge as its values do. Where it does not converge, Newton's
    method, and then one step of it with a graph, whose first derivatives are those of the implicit function theorem.

    Raises
    ------
    NoSolution
    """
    x, last = start, float("inf")
    for _ in range(ITERATIONS):
        following = map(x)
        change = _change(following, x)
        x = following
        # Rounding ends the decrease; a number that is not finite ends it too.
        if change == 0.0 or (change <= 16.0 and not change < 0.5 * last):
            return x
        last = change
        if not change < float("inf"):
            break
    return _newton(map, start)


def _change(after: Tensor, before: Tensor) -> float:
    """The largest change, in units of the last place of its trajectory."""
    after, before = after.detach(), before.detach()
    size = after.abs().flatten(1).amax(1).clamp(min=torch.finfo(after.dtype).tiny)
    change = (after - before).abs().flatten(1).amax(1) / size / torch.finfo(after.dtype).eps
    return float(change.max().nan_to_num(nan=float("inf")))


def _newton(map: Callable[[Tensor], Tensor], start: Tensor) -> Tensor:
    if start[0].numel() > MOST_UNKNOWNS:
        raise NoSolution
    x, last = start.detach(), float("inf")
    for _ in range(NEWTON):
        with torch.no_grad():
            following = _newton_step(map, x)
        change = _change(following, x)
        x = following
        if change == 0.0 or (change <= 1e3 and not change < 0.5 * last):
            return _newton_step(map, x)
        last = change
    raise NoSolution


def _newton_step(map: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """``x - (1 - map'(x))^-1 (x - map(x))``, the Jacobian without a graph."""
    with torch.no_grad():
        slopes = row_jacobians(map, x)
        system = torch.eye(slopes.shape[-1], dtype=x.dtype, device=x.device) - slopes
    residual = (x - map(x)).flatten(1)
    step: Tensor = torch.linalg.solve(system, residual)
    return x - step.reshape(x.shape)
