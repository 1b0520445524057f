"""Strang's splitting: semi-Lagrangian steps between half steps of the rest.

A semi-Lagrangian scheme is a step, not a rate, so no Runge-Kutta method can take it as a stage. The equation is split
into the flow that carries, T, and the rest, R, and a step is ``R(h/2) T(h) R(h/2)`` (G. Strang, SIAM J. Numer. Anal. 5,
1968): order 2 if both parts are. T is stable at any h; what bounds the step is the rest, if its method has a bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from eqdsl.core.errors import UsageError
from eqdsl.numerics.integrators.base import Counted, Field, Method, Task
from eqdsl.numerics.integrators.carrying import Carrying
from eqdsl.numerics.integrators.fixed_step import Amount, Carrier, Carry, FixedStep, Plan, march, stage_time


class Flows(Protocol):
    """What carries states: T, and the vector field of the rest, None where nothing is left."""

    @property
    def rest(self) -> Field | None: ...

    def carry(self, t: Tensor, state: Tensor, h: Amount) -> Tensor:
        """The state carried over a step h; t is the time half way."""


@runtime_checkable
class HasFlow(Protocol):
    """A vector field that may have a part which is a step and no rate."""

    def flow(self) -> Flows | None:
        """That part; None where the field is a rate throughout."""


Half = Callable[[Amount, Tensor, Amount], Tensor]
"""``half(t, state, h)``: the state after a step h of the rest."""


class Strang(Method):
    """Steps ``R(h/2) T(h) R(h/2)``.

    Parameters
    ----------
    inner : Method
        What integrates the rest: one of its steps in each half, or as many as its tolerance asks for.
    flow : Flows
    """

    order = 2

    def __init__(self, inner: Method, flow: Flows) -> None:
        self.name, self.reach = inner.name, None if inner.reach is None else 2 * inner.reach
        self._inner, self._flow = inner, flow

    def rollout(self, vector_field: Field, initial: Tensor, times: Tensor, task: Task) -> Iterator[Tensor]:
        """See `march`."""
        half = self._half(task)

        def forward(t: Amount, carry: Carry, h: Amount) -> Carry:
            state = half(t, carry[-1], 0.5 * h)
            state = self._flow.carry(stage_time(t, 0.5, h, state), state, h)
            task.effort.evaluations += 1
            return (half(_later(t, h), state, 0.5 * h),)

        return march(Carrier(forward), initial, Plan(times, initial, task), task)

    def _half(self, task: Task) -> Half:
        if self._flow.rest is None:
            return lambda t, state, h: state
        rest = Counted(self._flow.rest, task.effort)
        if isinstance(self._inner, FixedStep):
            return self._inner.stepper(rest).advance
        whole = Task(1, None, task.rtol, task.atol, task.max_steps, task.effort, subsets=task.subsets)

        def half(t: Amount, state: Tensor, h: Amount) -> Tensor:
            start = torch.as_tensor(t, dtype=torch.float64)
            length = h.reshape(-1).double() if isinstance(h, Tensor) else h
            steps = task.effort.steps
            (end,) = self._inner.rollout(rest, state, torch.stack([start, start + length], dim=-1), whole)
            task.effort.steps = steps
            return end

        return half


def _later(t: Amount, h: Amount) -> Amount:
    """``t + h/2``."""
    if isinstance(h, Tensor):
        h = h.reshape(-1).double()
    return t + 0.5 * h


def method_for(method: Method, vector_field: Field) -> Method:
    """The method, or the splitting in which it integrates what semi-Lagrangian steps leave.

    Raises
    ------
    UsageError
        The vector field has such steps, and the method's own steps need those before.
    """
    flow = vector_field.flow() if isinstance(vector_field, HasFlow) else None
    if flow is None:
        return method
    if isinstance(method, Carrying):
        raise UsageError(
            f"`{method.name}` cannot be used with `scheme advect = semilagrangian`: between two of its steps the flow "
            "carries the state on, and its memory and its symmetry are lost",
            help="take a method without memory for the other terms, such as `ars222`, `rk4` or `dopri5`",
        )
    return Strang(method, flow)
