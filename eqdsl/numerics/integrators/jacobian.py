"""Jacobians of a batch, one matrix for each trajectory."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

MOST_UNKNOWNS = 2000
"""Unknowns of a trajectory beyond which a dense Jacobian costs too much: 32 MB and 5 Gflop for each factorisation."""


def row_jacobians(function: Callable[[Tensor], Tensor], state: Tensor) -> Tensor:
    """``d function(state)[b] / d state[b]``, shape (B, n, n) with n the unknowns of a trajectory.

    Trajectories do not see each other, so all are moved the same way at once: n derivatives of the whole batch.
    """
    size = state[0].numel()

    def moved(by: Tensor) -> Tensor:
        return function(state + by.reshape(state.shape[1:])).reshape(-1, size)

    slopes: Tensor = torch.func.jacfwd(moved)(torch.zeros(size, dtype=state.dtype, device=state.device))
    return slopes


def time_rate(function: Callable[[Tensor], Tensor], t: Tensor) -> Tensor:
    """``d function(t) / dt`` with a time for each trajectory, in the shape of the function's value."""
    rate: Tensor = torch.func.jvp(function, (t,), (torch.ones_like(t),))[1]
    return rate
