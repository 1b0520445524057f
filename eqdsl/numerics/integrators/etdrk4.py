"""Exponential time differencing of order 4: the linear part exactly, the rest by four stages.

Cox & Matthews, J. Comput. Phys. 176 (2002); with L the linear part, N the rest and phi_k as in `phi_functions`::

    a = e^{hL/2} u + h/2 phi_1(hL/2) N(t, u)
    b = e^{hL/2} u + h/2 phi_1(hL/2) N(t + h/2, a)
    c = e^{hL/2} a + h/2 phi_1(hL/2) (2 N(t + h/2, b) - N(t, u))
    u(t + h) = e^{hL} u + h (phi_1 - 3 phi_2 + 4 phi_3) N(t, u)
             + h (2 phi_2 - 4 phi_3) (N(t + h/2, a) + N(t + h/2, b)) + h (4 phi_3 - phi_2) N(t + h, c)
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from eqdsl.numerics.integrators.base import Field
from eqdsl.numerics.integrators.fixed_step import Amount, FixedStep, Stepper
from eqdsl.numerics.integrators.split import linear_part_of, rest
from eqdsl.numerics.linear_part import LinearPart, act


@dataclass(frozen=True)
class ExponentialRK4(FixedStep):
    """See the top of this file."""

    name: str = "etdrk4"
    order: int = 4

    def stepper(self, vector_field: Field) -> Stepper:
        """A stepper that keeps the exponentials of the linear part."""
        linear = linear_part_of(vector_field, self.name)
        return Stepper(lambda t, state, h: exponential_step(vector_field, linear, t, state, h), 4)


def exponential_step(vector_field: Field, linear: LinearPart, t: Amount, state: Tensor, h: Amount) -> Tensor:
    """One step from t to t + h, in modes."""
    factors = linear.exponentials(h)

    def slope(c: float, modes: Tensor) -> Tensor:
        return rest(vector_field, linear, t, c, h, modes, linear.rates(modes))

    start = linear.modes(state)
    at_start, halfway = slope(0.0, start), act(factors.half, start)
    a = halfway + act(factors.inside, at_start)
    at_a = slope(0.5, a)
    b = halfway + act(factors.inside, at_a)
    at_b = slope(0.5, b)
    c = act(factors.half, a) + act(factors.inside, 2 * at_b - at_start)
    end = act(factors.full, start) + act(factors.first, at_start) + act(factors.middle, at_a + at_b)
    return linear.state(end + act(factors.last, slope(1.0, c)))


ETDRK4 = ExponentialRK4()
