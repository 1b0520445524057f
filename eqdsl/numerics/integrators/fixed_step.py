"""The engine of all methods of fixed step. Differentiable: plain tensor operations, nothing written in place."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from eqdsl.core.errors import UsageError
from eqdsl.numerics.integrators.base import Field, Method, Task

Amount = float | Tensor
"""A time or a step: a number shared by the batch, or one per trajectory, (B,) for a time and (B, 1, ...) for a step."""


@dataclass(frozen=True, slots=True)
class Stepper:
    """What takes the steps of one rollout; it may remember earlier ones.

    Parameters
    ----------
    advance : callable
        ``advance(t, state, h)`` is the state at ``t + h``.
    evaluations : int
        Calls of the vector field by a step.
    """

    advance: Callable[[Amount, Tensor, Amount], Tensor]
    evaluations: int


class FixedStep(Method):
    """A method whose steps are the caller's choice."""

    @abstractmethod
    def stepper(self, vector_field: Field) -> Stepper:
        """A fresh stepper for one rollout."""

    def rollout(self, vector_field: Field, initial: Tensor, times: Tensor, task: Task) -> Iterator[Tensor]:
        """Equal steps that end exactly on each output time; ``t_n + j h`` is multiplied out, never summed up."""
        counts = substeps_for(times, task.substeps, task.step, task.max_steps)
        stepper, state = self.stepper(vector_field), initial
        clock: Sequence[Amount] = times.to(initial.device).unbind(1) if times.ndim == 2 else times.tolist()
        for start, end, count in zip(clock[:-1], clock[1:], counts, strict=True):
            length = (end - start) / count
            step = against_state(length, state)
            for j in range(count):
                state = stepper.advance(start + j * length, state, step)
            task.effort.steps += count
            task.effort.evaluations += count * stepper.evaluations
            yield state


def stage_time(t: Amount, c: float, h: Amount, state: Tensor) -> Tensor:
    """``t + c h`` as the vector field takes it."""
    if isinstance(t, Tensor) and isinstance(h, Tensor):
        return (t + c * h.reshape(-1).to(t.dtype)).to(state.dtype) if c else t.to(state.dtype)
    return torch.tensor(t + c * h, dtype=state.dtype)


def against_state(length: Amount, state: Tensor) -> Amount:
    """A step in the shape and dtype that multiplies the state."""
    if isinstance(length, Tensor):
        return length.to(state).reshape(-1, *(1,) * (state.ndim - 1))
    return length


def substeps_for(times: Tensor, substeps: int, step: float | None, max_steps: int) -> list[int]:
    """Number of steps of each interval: `substeps`, or as many as keep each step at or below `step`.

    Raises
    ------
    UsageError
        A number is not positive, or `step` asks for more than `max_steps` steps.
    """
    intervals = times.diff(dim=-1)
    longest = (intervals.amax(dim=0) if intervals.ndim == 2 else intervals).tolist()
    if step is None:
        if substeps < 1:
            raise UsageError(f"{substeps} steps per interval", help="take 1 or more")
        return [substeps] * len(longest)
    if not (step > 0 and math.isfinite(step)):
        raise UsageError(f"a step of {step:g} cannot be taken", help="take a positive number")
    # A quotient such as 0.3/0.1 = 3 + 4e-16 must not cost a fourth step.
    counts = [max(1, math.ceil(dt / step - 1e-9)) for dt in longest]
    if sum(counts) > max_steps:
        raise UsageError(
            f"{sum(counts)} steps are more than the limit of {max_steps}", help="take a larger step or a shorter time"
        )
    return counts
