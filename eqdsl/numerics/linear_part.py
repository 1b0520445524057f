"""The linear part L of a vector field with constant coefficients: solved and exponentiated mode by mode.

Split and exponential methods write ``field(t, u) = L u + N(t, u)``. They take N as ``field(t, u) - L u``, so that any L
is consistent; a good one leaves nothing stiff in N.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from eqdsl.numerics.mode_space import ModeSpace
from eqdsl.numerics.phi_functions import phi_functions

Amount = float | Tensor
"""A step shared by the batch, or one per trajectory, (B, 1, …)."""

SAME_STEP = 1e-10
"""Relative difference of two steps that is rounding of their end points."""

REMEMBERED = 4
"""Steps whose factors are kept."""


@dataclass(frozen=True)
class Exponentials:
    """What an exponential method of order four multiplies modes by, each (P, m, m) or (B, P, m, m).

    ``full`` and ``half`` are exp(h L) and exp(h L/2); ``inside`` is ``h/2 phi_1(h L/2)``; `first`, `middle` and `last`
    are ``h (phi_1 - 3 phi_2 + 4 phi_3)``, ``h (2 phi_2 - 4 phi_3)`` and ``h (4 phi_3 - phi_2)`` at h L.
    """

    full: Tensor
    half: Tensor
    inside: Tensor
    first: Tensor
    middle: Tensor
    last: Tensor


class LinearPart:
    """L for one rollout: factors are kept for the latest steps, with the graph of the parameters behind them.

    Parameters
    ----------
    space : ModeSpace
    matrices : Tensor, shape (P, m, m)
        L in modes, in double precision.
    dtype : torch.dtype
        Of the states.
    """

    def __init__(self, space: ModeSpace, matrices: Tensor, dtype: torch.dtype) -> None:
        self.space, self.matrices = space, matrices
        self._dtype = dtype.to_complex() if matrices.is_complex() else dtype
        self._rates = matrices.to(self._dtype)
        self._made: list[tuple[str, Amount, Any]] = []

    def modes(self, state: Tensor) -> Tensor:
        """The modes of a state, (B, P, m)."""
        return self.space.forward(state)

    def state(self, modes: Tensor) -> Tensor:
        """The state of modes."""
        return self.space.backward(modes)

    def rates(self, modes: Tensor) -> Tensor:
        """L u in modes."""
        return act(self._rates, modes)

    def apply(self, state: Tensor) -> Tensor:
        """L u."""
        return self.state(self.rates(self.modes(state)))

    def solve(self, state: Tensor, gamma_h: Amount) -> Tensor:
        """``(I - gamma_h L)^-1 u``."""
        return self.state(act(self.inverse(gamma_h), self.modes(state)))

    def inverse(self, h: Amount, gamma: float = 1.0) -> Tensor:
        """``(I - gamma h L)^-1`` in modes."""
        inverse: Tensor = self._remembered(f"inverse, {gamma}", h, lambda: self._inverse(h, gamma))
        return inverse

    def exponentials(self, h: Amount) -> Exponentials:
        """See `Exponentials`."""
        factors: Exponentials = self._remembered("exponentials", h, lambda: self._exponentials(h))
        return factors

    @torch.no_grad()
    def fastest_decay(self) -> float:
        """Largest rate at which a mode decays; 0 where none does."""
        m = self.matrices
        values = m if m.shape[-1] == 1 else torch.linalg.eigvals(m)
        return max(0.0, float((-values.real).max()))

    def _inverse(self, h: Amount, gamma: float) -> Tensor:
        scaled = gamma * _against_matrices(h) * self.matrices
        if scaled.shape[-1] == 1:
            return torch.reciprocal(1 - scaled).to(self._dtype)
        one = torch.eye(scaled.shape[-1], dtype=scaled.dtype, device=scaled.device)
        # A singular matrix is a step at which a growing mode has no next value: the rollout then ends with words.
        inverse: Tensor = torch.linalg.inv_ex(one - scaled).inverse
        return inverse.to(self._dtype)

    def _exponentials(self, h: Amount) -> Exponentials:
        step = _against_matrices(h)
        (half, inside, _, _), (full, one, two, three) = phi_functions(step * self.matrices)
        factors = (
            full, half, step / 2 * inside,
            step * (one - 3 * two + 4 * three), step * (2 * two - 4 * three), step * (4 * three - two),
        )  # fmt: skip
        return Exponentials(*(f.to(self._dtype) for f in factors))

    def _remembered(self, what: str, step: Amount, make: Callable[[], Any]) -> Any:
        for name, known, value in self._made:
            if name == what and _same(known, step):
                return value
        value = make()
        self._made = [*self._made[1 - REMEMBERED :], (what, step, value)]
        return value


def act(factors: Tensor, modes: Tensor) -> Tensor:
    """Matrices (P, m, m) or (B, P, m, m) times modes (B, P, m)."""
    if factors.shape[-1] == 1:
        return factors[..., 0] * modes
    return torch.einsum("...pij,...pj->...pi", factors, modes)


def _same(known: Amount, step: Amount) -> bool:
    if isinstance(known, Tensor) or isinstance(step, Tensor):
        return known is step
    return abs(known - step) <= SAME_STEP * abs(step)


def _against_matrices(step: Amount) -> Amount:
    return step.double().reshape(-1, 1, 1, 1) if isinstance(step, Tensor) else step
