"""Implicit-explicit Runge-Kutta methods: the linear part implicitly, the rest explicitly."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from eqdsl.numerics.integrators.base import Field
from eqdsl.numerics.integrators.fixed_step import Amount, FixedStep, Stepper
from eqdsl.numerics.integrators.split import against_modes, linear_part_of, rest
from eqdsl.numerics.linear_part import LinearPart, act


@dataclass(frozen=True)
class ImexTableau(FixedStep):
    """Two Runge-Kutta methods with common stages for ``u' = L u + N(t, u)``::

        (I - gamma h L) u_i = u + h sum_{j<i} e_ij N(t + c_j h, u_j) + h sum_{1<=j<i} a_ij L u_j        u(t + h) = u_s

    with ``u_0 = u``. The last stage is the step itself (*globally stiffly accurate*): a fast decay dies out at once.
    One gamma for all stages means one factor of I - gamma h L for a step size.

    Parameters
    ----------
    name, order
        As in `Method`.
    gamma : float
        The diagonal of the implicit tableau.
    implicit : tuple of tuples
        Row i holds the weights ``a_ij``, 1 <= j < i, of stage i; the first row is empty.
    explicit : tuple of tuples
        Row i holds the weights ``e_ij``, 0 <= j < i.
    c : tuple of float
        Times of the stages, that of ``u_0`` left out.
    """

    name: str
    order: int
    gamma: float
    implicit: tuple[tuple[float, ...], ...]
    explicit: tuple[tuple[float, ...], ...]
    c: tuple[float, ...]

    def stepper(self, vector_field: Field) -> Stepper:
        """A stepper that keeps the factors of the linear part."""
        linear = linear_part_of(vector_field, self.name)
        return Stepper(lambda t, state, h: imex_step(vector_field, linear, self, t, state, h), len(self.c))


def imex_step(
    vector_field: Field, linear: LinearPart, tableau: ImexTableau, t: Amount, state: Tensor, h: Amount
) -> Tensor:
    """One step from t to t + h, in modes."""
    inverse, step = linear.inverse(h, tableau.gamma), against_modes(h)
    start = modes = linear.modes(state)
    rates, rests = [linear.rates(start)], list[Tensor]()
    for implicit, explicit, c in zip(tableau.implicit, tableau.explicit, (0.0, *tableau.c[:-1]), strict=True):
        rests.append(rest(vector_field, linear, t, c, h, modes, rates[-1]))
        known = start
        for weight, slope in (*zip(explicit, rests, strict=True), *zip(implicit, rates[1:], strict=True)):
            if weight != 0.0:
                known = known + weight * step * slope
        modes = act(inverse, known)
        rates.append(linear.rates(modes))
    return linear.state(modes)
