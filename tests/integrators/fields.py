"""Vector fields with known solutions, state (B, C)."""

from __future__ import annotations

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
