"""Vector fields with known solutions, state (B, C)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def column(t: Tensor, state: Tensor) -> Tensor:
    """A time, shared or per trajectory, in the shape of one channel (B, 1)."""
    return t.expand(len(state)).unsqueeze(1)


def oscillator(t: Tensor, state: Tensor) -> Tensor:
    """``x' = v, v' = -x``."""
    return torch.stack([state[:, 1], -state[:, 0]], dim=1)


def forced(t: Tensor, state: Tensor) -> Tensor:
    """``u' = u cos t``, solved by ``u(0) exp(sin t)``."""
    return state * torch.cos(column(t, state))


def lotka_volterra(t: Tensor, state: Tensor) -> Tensor:
    """Hare and lynx."""
    hare, lynx = state[:, 0], state[:, 1]
    return torch.stack([1.1 * hare - 0.4 * hare * lynx, 0.1 * hare * lynx - 0.4 * lynx], dim=1)


def pendulum(t: Tensor, state: Tensor) -> Tensor:
    """A damped pendulum."""
    return torch.stack([state[:, 1], -4 * torch.sin(state[:, 0]) - 0.2 * state[:, 1]], dim=1)


def lorenz(t: Tensor, state: Tensor) -> Tensor:
    """Lorenz' equations, chaotic: errors grow by about ``exp(0.9 t)``."""
    x, y, z = state.unbind(1)
    return torch.stack([10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z], dim=1)


class SecondOrder:
    """``x' = v, v' = force(t, x, v)`` with velocities first, as a compiled model says it.

    Parameters
    ----------
    force : callable
    damped : bool
        Whether the force depends on v.
    """

    def __init__(self, force: Callable[[Tensor, Tensor, Tensor], Tensor], *, damped: bool) -> None:
        self.force, self.damped = force, damped

    def __call__(self, t: Tensor, state: Tensor) -> Tensor:
        v, x = state.unbind(1)
        return torch.stack([self.force(t, x, v), v], dim=1)

    def pairs(self) -> tuple[tuple[int, int], ...]:
        return ((1, 0),)

    def velocity_forces(self) -> bool:
        return self.damped
