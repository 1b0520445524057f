"""The two-step leapfrog (explicit midpoint, Nystrom) method, order 2."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from eqdsl.numerics.integrators.base import Field
from eqdsl.numerics.integrators.carrying import Carrying
from eqdsl.numerics.integrators.explicit import explicit_step
from eqdsl.numerics.integrators.fixed_step import Amount, Carrier, Carry, stage_time
from eqdsl.numerics.integrators.rk4 import RK4


@dataclass(frozen=True)
class Leapfrog(Carrying):
    """The two-step leapfrog method, which can be run backwards::

        u_{n+1} = u_{n-1} + 2 h field(t_n, u_n)        u_{n-1} = u_{n+1} - 2 h field(t_n, u_n)

    Hairer, Lubich & Wanner, Geometric Numerical Integration, section XV.3. The first step, and one after a change of
    the step, is one of the classic Runge-Kutta method. For waves and oscillations: a rate that decays makes it grow.
    """

    name: str = "leapfrog"
    order: int = 2
    reversible = True

    def carrier(self, vector_field: Field, initial: Tensor) -> Carrier:
        """The carry is the last state and this one."""

        def first(t: Amount, carry: Carry, h: Amount) -> Carry:
            return carry[-1], explicit_step(vector_field, RK4, t, carry[-1], h)

        def forward(t: Amount, carry: Carry, h: Amount) -> Carry:
            before, state = carry
            return state, moved(before, 2 * h, vector_field(stage_time(t, 0.0, h, state), state))

        def back(t: Amount, carry: Carry, h: Amount) -> Carry:
            state, after = carry
            return moved(after, -2 * h, vector_field(stage_time(t, 0.0, h, state), state)), state

        return Carrier(forward, first, back)


def moved(state: Tensor, h: Amount, rate: Tensor) -> Tensor:
    """``state + h rate``."""
    return torch.addcmul(state, h, rate) if isinstance(h, Tensor) else torch.add(state, rate, alpha=h)


LEAPFROG = Leapfrog()
