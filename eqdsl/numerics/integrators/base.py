"""What a method of integration is: numbers, no code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

Field = Callable[[Tensor, Tensor], Tensor]
"""``du/dt = field(t, state)``: state (B, *S), t 0-dim or (B,), both in the dtype of the state."""


@dataclass(frozen=True, slots=True)
class ExplicitTableau:
    """An explicit Runge-Kutta method of fixed step::

        k_i = field(t + c_i h, u + h sum_{j<i} a_ij k_j)        u(t + h) = u + h sum_i b_i k_i

    Parameters
    ----------
    name : str
    order : int
        The error at a fixed time falls as ``h^order``.
    a : tuple of tuples
        Row i holds the i weights of stage i; the first row is empty.
    b, c : tuple of float
        Weights of the step and times of the stages.
    reach : float
        Largest ``h*lambda`` for which ``u' = -lambda u`` decays.
    """

    name: str
    order: int
    a: tuple[tuple[float, ...], ...]
    b: tuple[float, ...]
    c: tuple[float, ...]
    reach: float


@dataclass(frozen=True, slots=True)
class AdaptiveMethod:
    """A method of torchdiffeq that chooses its steps from the tolerances; `name` is also its name there."""

    name: str
    order: int


Method = ExplicitTableau | AdaptiveMethod


@dataclass(slots=True)
class Effort:
    """What an integration has cost so far: steps taken (rejected ones included) and calls of the field."""

    steps: int = 0
    evaluations: int = 0
