"""Explicit Runge-Kutta methods of fixed step: a table of numbers each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from eqdsl.numerics.integrators.base import Field, Task
from eqdsl.numerics.integrators.fixed_step import Amount, FixedStep, Plan, Stepper, marched, stage_time, within_step
from eqdsl.numerics.integrators.replay import LEAST_STEPS, Replay, replays


@dataclass(frozen=True)
class ExplicitTableau(FixedStep):
    """An explicit Runge-Kutta method of fixed step::

        k_i = field(t + c_i h, u + h sum_{j<i} a_ij k_j)        u(t + h) = u + h sum_i b_i k_i

    Parameters
    ----------
    name, order, reach
        As in `Method`.
    a : tuple of tuples
        Row i holds the i weights of stage i; the first row is empty.
    b, c : tuple of float
        Weights of the step and times of the stages.
    """

    name: str
    order: int
    a: tuple[tuple[float, ...], ...]
    b: tuple[float, ...]
    c: tuple[float, ...]
    reach: float

    def rollout(self, vector_field: Field, initial: Tensor, times: Tensor, task: Task) -> Iterator[Tensor]:
        """Steps that the vector field takes itself, or that are replayed, where they are; else as `march`.

        Many at once where no gradients are asked for, or one after the other.
        """
        offered = getattr(vector_field, "explicit_steps", None)
        if offered is not None and not torch.is_grad_enabled() and times.ndim == 1:
            steps = offered((*self.a, self.b), self.c, initial)
            if steps is not None:
                return self._inside(steps, initial, Plan(times, initial, task), task)
        if times.ndim == 1 and replays(initial) and getattr(vector_field, "capturable", False):
            plan = Plan(times, initial, task)
            if len(plan) >= LEAST_STEPS:
                return self._replayed(vector_field, initial, plan, task)
        single = getattr(vector_field, "runge_kutta", None)
        made = None if single is None else single((*self.a, self.b), self.c, (), False, initial)
        if made is None:
            return super().rollout(vector_field, initial, times, task)

        def advance(t: Amount, state: Tensor, h: Amount) -> Tensor:
            start, length = (_each(x, state) for x in (t, h))
            after: Tensor = made(start, length, state, None)[0]
            return after

        return marched(Stepper(advance, len(self.b)), initial, times, task)

    def _inside(
        self, steps: Callable[[Tensor, float, float, int], Tensor], state: Tensor, plan: Plan, task: Task
    ) -> Iterator[Tensor]:
        for t, h, count in plan.runs():
            state = steps(state, t, h, count)
            task.effort.steps += count
            task.effort.evaluations += count * len(self.b)
            yield state

    def _replayed(self, vector_field: Field, initial: Tensor, plan: Plan, task: Task) -> Iterator[Tensor]:
        replay = Replay(self.stepper(vector_field).advance, initial)
        return self._inside(lambda state, t, h, count: replay(t, h, count), initial, plan, task)

    def stepper(self, vector_field: Field) -> Stepper:
        """Steps without memory."""
        return Stepper(
            lambda t, state, h: explicit_step(within_step(vector_field, t, h, state), self, t, state, h), len(self.b)
        )


def _each(amount: Amount, state: Tensor) -> Tensor:
    """An amount for each trajectory, float64, (B,)."""
    if isinstance(amount, Tensor):
        return amount.to(torch.float64).reshape(-1).expand(len(state))
    return torch.full((len(state),), amount, dtype=torch.float64)


def explicit_step(
    vector_field: Field, tableau: ExplicitTableau, t: Amount, state: Tensor, h: Amount, rate: Tensor | None = None
) -> Tensor:
    """One step from t to t + h; zeros of the tableau cost nothing. `rate` is the first stage, where it is known."""
    stages = [] if rate is None else [rate]
    for row, c in zip(tableau.a[len(stages) :], tableau.c[len(stages) :], strict=True):
        at = advanced(state, row, stages, h)
        stages.append(vector_field(stage_time(t, c, h, state), at))
    return advanced(state, tableau.b, stages, h)


def advanced(state: Tensor, weights: tuple[float, ...], stages: list[Tensor], h: Amount) -> Tensor:
    """``state + h sum_j w_j k_j``."""
    for weight, stage in zip(weights, stages, strict=True):
        if weight == 0.0:
            continue
        if isinstance(h, Tensor):
            state = torch.addcmul(state, h, stage, value=weight)
        else:
            state = torch.add(state, stage, alpha=h * weight)
    return state
