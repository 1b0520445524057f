"""The implicit midpoint rule, order 2: symmetric, symplectic, and without a limit on the step for fast decay."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from eqdsl.numerics.integrators.base import Field
from eqdsl.numerics.integrators.carrying import Carrying
from eqdsl.numerics.integrators.failure import IntegrationFailure, Reason
from eqdsl.numerics.integrators.fixed_step import Amount, Carrier, Carry, stage_time
from eqdsl.numerics.integrators.implicit import NoSolution, fixed_point
from eqdsl.numerics.integrators.leapfrog import moved


@dataclass(frozen=True)
class ImplicitMidpoint(Carrying):
    """The implicit midpoint rule, solved to rounding::

        m = u_n + h/2 field(t_n + h/2, m)        u_{n+1} = 2 m - u_n

    Hairer, Lubich & Wanner, Geometric Numerical Integration, section II.1 and theorem VI.4.2: quadratic invariants are
    kept. A step with -h undoes one with h.
    """

    name: str = "implicit_midpoint"
    order: int = 2
    reversible = True

    def carrier(self, vector_field: Field, initial: Tensor) -> Carrier:
        """The carry is the state."""

        def step(start: Amount, middle: Tensor, state: Tensor, h: Amount) -> Tensor:
            try:
                found = fixed_point(lambda m: moved(state, 0.5 * h, vector_field(middle, m)), state)
            except NoSolution:
                raise unsolved(self.name, start, state) from None
            return 2 * found - state

        def forward(t: Amount, carry: Carry, h: Amount) -> Carry:
            return (step(t, stage_time(t, 0.5, h, carry[-1]), carry[-1], h),)

        def back(t: Amount, carry: Carry, h: Amount) -> Carry:
            return (step(t, stage_time(t, 0.5, h, carry[-1]), carry[-1], -h),)

        return Carrier(forward, None, back)


def unsolved(name: str, t: Amount, state: Tensor) -> IntegrationFailure:
    """The failure of a step whose equation could not be solved."""
    time = float(torch.as_tensor(t).reshape(-1)[0])
    return IntegrationFailure(
        f"the equation of an implicit step could not be solved near t = {time:.6g} ({name})",
        reason=Reason.NO_CONVERGENCE, time=time, state=state.detach(),
    )  # fmt: skip


IMPLICIT_MIDPOINT = ImplicitMidpoint()
