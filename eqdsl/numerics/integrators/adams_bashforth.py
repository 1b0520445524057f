"""Adams-Bashforth methods: one call of the vector field per step, the rest from memory."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from eqdsl.numerics.integrators.base import Field
from eqdsl.numerics.integrators.carrying import Carrying
from eqdsl.numerics.integrators.explicit import ExplicitTableau, advanced, explicit_step
from eqdsl.numerics.integrators.fixed_step import Amount, Carrier, Carry, stage_time


@dataclass(frozen=True)
class AdamsBashforth(Carrying):
    """A linear multistep method of fixed step::

        u_{n+1} = u_n + h sum_j b_j field(t_{n-j}, u_{n-j})

    Hairer, Norsett & Wanner, Solving Ordinary Differential Equations I, section III.1. The first steps, and those
    after a change of the step, are those of a Runge-Kutta method of the same order.

    Parameters
    ----------
    name, order, reach
        As in `Method`.
    b : tuple of float
        Weights of the rates, the newest first.
    starter : ExplicitTableau
    """

    name: str
    order: int
    b: tuple[float, ...]
    starter: ExplicitTableau
    reach: float

    def carrier(self, vector_field: Field, initial: Tensor) -> Carrier:
        """The carry is the earlier rates, the newest last, and the state."""

        def first(t: Amount, carry: Carry, h: Amount) -> Carry:
            state = carry[-1]
            rate = vector_field(stage_time(t, 0.0, h, state), state)
            return *carry[:-1], rate, explicit_step(vector_field, self.starter, t, state, h, rate)

        def forward(t: Amount, carry: Carry, h: Amount) -> Carry:
            if len(carry) < len(self.b):
                return first(t, carry, h)
            *earlier, state = carry
            rates = [vector_field(stage_time(t, 0.0, h, state), state), *reversed(earlier)]
            return *earlier[1:], rates[0], advanced(state, self.b, rates, h)

        return Carrier(forward, first)
