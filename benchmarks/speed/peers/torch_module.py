"""The vector fields as a careful PyTorch user writes them: a ghost ring by concatenation, then slices.

Of the usual forms this is the one that Inductor vectorises best.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.speed import inputs
from benchmarks.speed.case import Case
from benchmarks.speed.problems import PROBLEMS


class HandWritten(nn.Module):
    """``field(t, state)``, state (B, C, *S)."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.problem = PROBLEMS[case.problem]
        dtype = getattr(torch, case.dtype)
        self.constants = nn.ParameterDict(
            {name: nn.Parameter(torch.tensor(value, dtype=dtype)) for name, value in self.problem.parameters.items()}
        )
        self.weights = nn.ParameterList(nn.Parameter(torch.from_numpy(w)) for w in inputs.weights(case) if case.hidden)
        self.inverse = 1 / self.problem.spacing(case.size) ** 2 if case.size else 0.0
        self.robin = self.problem.robin(case.size) if self.problem.wall == "robin" else None

    def forward(self, t: float | Tensor, state: Tensor) -> Tensor:
        operator = self._laplacian if self.problem.dimension else torch.sin
        rates = torch.stack(self.problem.rates(operator, self.constants, *state.unbind(1)), 1)
        return rates + self._network(state) if self.weights else rates

    def _laplacian(self, u: Tensor) -> Tensor:
        total: Tensor | float = 0.0
        for axis in range(1, u.dim()):
            n = u.shape[axis]
            ring = torch.cat([self._ghost(u, axis, 0), u, self._ghost(u, axis, n - 1)], axis)
            total = total + ring.narrow(axis, 0, n) + ring.narrow(axis, 2, n)
        return (total - 2 * (u.dim() - 1) * u) * self.inverse

    def _ghost(self, u: Tensor, axis: int, end: int) -> Tensor:
        n = u.shape[axis]
        if self.problem.wall == "periodic":
            return u.narrow(axis, n - 1 - end, 1)
        if self.robin is None:
            return u.narrow(axis, end, 1)
        first, second, constant = self.robin
        return first * u.narrow(axis, end, 1) + second * u.narrow(axis, abs(end - 1), 1) + constant

    def _network(self, state: Tensor) -> Tensor:
        layers = list(zip(self.weights[::2], self.weights[1::2], strict=True))
        if self.problem.network == "conv":
            for number, (weight, bias) in enumerate(layers):
                state = functional.silu(state) if number else state
                state = functional.conv2d(functional.pad(state, (1, 1, 1, 1), mode="circular"), weight, bias)
            return state
        state = state.movedim(1, -1)
        for number, (weight, bias) in enumerate(layers):
            state = functional.linear(functional.silu(state) if number else state, weight, bias)
        return state.movedim(-1, 1)


def tensors(case: Case) -> tuple[Tensor, Tensor, Tensor]:
    """Start, target and times of a training case."""
    return (
        torch.from_numpy(inputs.initial_state(case)),
        torch.from_numpy(inputs.target(case)),
        torch.from_numpy(inputs.times(case)),
    )


def rk4_step(field: Callable[[float, Tensor], Tensor], state: Tensor, dt: float) -> Tensor:
    """Classical Runge-Kutta for an autonomous field."""
    k1 = field(0.0, state)
    k2 = field(0.0, state + dt / 2 * k1)
    k3 = field(0.0, state + dt / 2 * k2)
    k4 = field(0.0, state + dt * k3)
    return state + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def numpy_of(value: Tensor) -> np.ndarray:
    return value.detach().numpy().copy()
