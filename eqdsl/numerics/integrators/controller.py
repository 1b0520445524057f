"""How long the next step of each trajectory is: errors in units of the tolerance, a PI controller, the first step."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

SAFETY = 0.9
"""Factor on the step that would just meet the tolerance."""

LEAST, MOST = 0.2, 10.0
"""Limits on the growth of a step."""

FIRST_ERROR = 1e-4
"""Errors below it count as it in the integral part; also the error before the first step."""


def size(values: Tensor, scale: Tensor) -> Tensor:
    """Root mean square of ``values/scale`` over each trajectory's channels and grid, (B,)."""
    # An error of zero needs no scale.
    smallest = torch.finfo(scale.dtype).tiny
    return (values / scale.clamp(min=smallest)).square().flatten(1).mean(1).sqrt().double()


def growth(error: Tensor, before: Tensor, order: int) -> Tensor:
    """Factor on the step after an accepted one: Gustafsson's PI controller.

    ``SAFETY error^(-0.85/k) before^(0.2/k)`` with errors in units of the tolerance and an estimate of order ``h^k``;
    Hairer & Wanner, Solving Ordinary Differential Equations II, section IV.2, with beta = 0.2/k.
    """
    proportional = error.clamp(min=1e-20) ** (-0.85 / order)
    return (SAFETY * proportional * before.clamp(min=FIRST_ERROR) ** (0.2 / order)).clamp(LEAST, MOST)


def shrinking(error: Tensor, order: int) -> Tensor:
    """Factor on the step after a rejected one."""
    return (SAFETY * error ** (-1.0 / order)).clamp(LEAST, 1.0)


def first_step(
    advance: Callable[[Tensor], Tensor], state: Tensor, rate: Tensor, scale: Tensor, length: Tensor, order: int
) -> Tensor:
    """The first step of each trajectory, (B,): Hairer, Norsett & Wanner, section II.4, in units of its own.

    Parameters
    ----------
    advance : callable
        ``advance(h)`` is the rate after an Euler step h.
    state, rate, scale : Tensor
        At the start, and the tolerance there.
    length : Tensor, shape (B,)
        Of the first output interval.
    order : int
        The error estimate falls as ``h^order``.
    """
    d0, d1 = size(state, scale), size(rate, scale)
    tiny = 1e-6 * length
    guess = torch.where((d0 < 1e-5) | (d1 < 1e-5) | ~torch.isfinite(d1), tiny, 0.01 * d0 / d1).minimum(length)
    d2 = size(advance(guess) - rate, scale) / guess
    steepest = torch.maximum(d1, d2)
    wanted = torch.where(steepest * length <= 1e-15, tiny.maximum(1e-3 * guess), (0.01 / steepest) ** (1 / order))
    wanted = torch.where(torch.isfinite(wanted), wanted, guess)
    return (100 * guess).minimum(wanted).minimum(length)
