"""States as modes: coefficients in which a linear operator with constant coefficients falls into small blocks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from eqdsl.numerics.mode_bases import ModeBasis


@dataclass(frozen=True)
class ModeSpace:
    """The way from a state (B, C, *S) to modes (B, P, m) and back: P blocks of m numbers.

    Parameters
    ----------
    shape : tuple of int
        (C, *S).
    walled : tuple
        Dimensions of the state that lie between walls, each with one basis for each channel.
    periodic : tuple of int
        Dimensions that the Fourier transform takes.
    kept : tuple of int
        Dimensions that make up a block: 1 where channels are coupled, that of an axis without a basis.
    """

    shape: tuple[int, ...]
    walled: tuple[tuple[int, tuple[ModeBasis, ...]], ...]
    periodic: tuple[int, ...]
    kept: tuple[int, ...]

    @property
    def block(self) -> int:
        """Numbers of a block, m."""
        return math.prod(self.shape[d - 1] for d in self.kept)

    @property
    def blocks(self) -> int:
        """Number of blocks, P."""
        return math.prod(self._mode_shape()) // self.block

    def forward(self, state: Tensor) -> Tensor:
        """The modes of a state; complex where an axis is periodic."""
        for dim, bases in self.walled:
            state = _by_channel(state, dim, bases, inverse=False)
        if self.periodic:
            state = torch.fft.rfftn(state, dim=self.periodic)
        return state.permute(self._order()).reshape(len(state), self.blocks, self.block)

    def backward(self, modes: Tensor) -> Tensor:
        """The state with these modes."""
        order, shape = self._order(), self._mode_shape()
        state = modes.reshape(len(modes), *(shape[d - 1] for d in order[1:]))
        state = state.permute([order.index(d) for d in range(len(order))])
        if self.periodic:
            state = torch.fft.irfftn(state, s=[self.shape[d - 1] for d in self.periodic], dim=self.periodic)
        for dim, bases in reversed(self.walled):
            state = _by_channel(state, dim, bases, inverse=True)
        return state

    def _order(self) -> list[int]:
        """Dimensions of the state: trajectories, those of modes, those of a block."""
        return [*(d for d in range(len(self.shape) + 1) if d not in self.kept), *self.kept]

    def _mode_shape(self) -> tuple[int, ...]:
        """Channels and modes of each axis; of the last periodic one only half are stored."""
        half = self.periodic[-1] if self.periodic else 0
        return tuple(n // 2 + 1 if d == half else n for d, n in enumerate(self.shape, start=1))


def _by_channel(state: Tensor, dim: int, bases: tuple[ModeBasis, ...], *, inverse: bool) -> Tensor:
    def changed(basis: ModeBasis, values: Tensor) -> Tensor:
        return basis.to_values(values, dim) if inverse else basis.to_modes(values, dim)

    if len(set(bases)) == 1:
        return changed(bases[0], state)
    return torch.cat([changed(basis, state.narrow(1, c, 1)) for c, basis in enumerate(bases)], dim=1)
