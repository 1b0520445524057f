"""The engine of all methods of fixed step. Differentiable: plain tensor operations, nothing written in place."""

from __future__ import annotations

import math
from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from eqdsl.core.errors import UsageError
from eqdsl.numerics.integrators.base import Field, Method, Task, within

Amount = float | Tensor
"""A time or a step: a number shared by the batch, or one per trajectory, (B,) for a time and (B, 1, ...) for a step."""


Carry = tuple[Tensor, ...]
"""What a method hands from step to step; the state comes last. Earlier states or rates before it are its memory."""

SAME_STEP = 1e-9
"""Relative difference up to which two steps count as equal: times are rounded."""


@dataclass(frozen=True, slots=True)
class Stepper:
    """What takes the steps of one rollout of a method without memory.

    Parameters
    ----------
    advance : callable
        ``advance(t, state, h)`` is the state at ``t + h``.
    evaluations : int
        Calls of the vector field by a step.
    """

    advance: Callable[[Amount, Tensor, Amount], Tensor]
    evaluations: int


@dataclass(frozen=True, slots=True)
class Carrier:
    """What takes the steps of one rollout, with a memory that is handed on: pure functions.

    Parameters
    ----------
    forward : callable
        ``forward(t, carry, h)`` is the carry at ``t + h``.
    first : callable, optional
        The same for the first step and whenever the step changes, when the memory is of no use; None without memory.
    back : callable, optional
        ``back(t, forward(t, carry, h), h)`` is ``carry``; None where a step cannot be undone.
    """

    forward: Callable[[Amount, Carry, Amount], Carry]
    first: Callable[[Amount, Carry, Amount], Carry] | None = None
    back: Callable[[Amount, Carry, Amount], Carry] | None = None

    def advance(self, step: Step, carry: Carry) -> Carry:
        """One step."""
        if step.fresh and self.first is not None:
            return self.first(step.t, carry[-1:], step.h)
        return self.forward(step.t, carry, step.h)


@dataclass(frozen=True, slots=True)
class Step:
    """A step from t to t + h; `fresh` where h differs from the last step's, `output` where it ends on an output."""

    t: Amount
    h: Amount
    fresh: bool
    output: bool


class FixedStep(Method):
    """A method without memory whose steps are the caller's choice."""

    @abstractmethod
    def stepper(self, vector_field: Field) -> Stepper:
        """A fresh stepper for one rollout."""

    def rollout(self, vector_field: Field, initial: Tensor, times: Tensor, task: Task) -> Iterator[Tensor]:
        """See `march`."""
        return marched(self.stepper(vector_field), initial, times, task)


def marched(stepper: Stepper, initial: Tensor, times: Tensor, task: Task) -> Iterator[Tensor]:
    """See `march`; for steps without memory."""

    def forward(t: Amount, carry: Carry, h: Amount) -> Carry:
        task.effort.evaluations += stepper.evaluations
        return (stepper.advance(t, carry[-1], h),)

    return march(Carrier(forward), initial, Plan(times, initial, task), task)


def march(carrier: Carrier, initial: Tensor, plan: Plan, task: Task) -> Iterator[Tensor]:
    """The state after each step that ends on an output.

    With `task.checkpoint`, blocks of about the root of the number of steps are computed again when gradients are
    taken: memory grows with that root, gradients are the same to the last bit (Griewank & Walther 2008, section 12).
    """

    def block(carry: Carry, numbers: range) -> tuple[Carry, list[Tensor]]:
        outputs = []
        for step in map(plan.__getitem__, numbers):
            carry = carrier.advance(step, carry)
            if step.output:
                outputs.append(carry[-1])
        return carry, outputs

    carry: Carry = (initial,)
    size = math.isqrt(len(plan)) + 1 if task.checkpoint else 1
    for start in range(0, len(plan), size):
        chosen = range(start, min(start + size, len(plan)))
        if task.checkpoint:
            carry, outputs = checkpoint(block, carry, chosen, use_reentrant=False, preserve_rng_state=False)
        else:
            carry, outputs = block(carry, chosen)
        task.effort.steps += len(chosen)
        yield from outputs


class Plan:
    """The steps of a rollout by number: equal ones that end exactly on each output time.

    ``t_n + j h`` is multiplied out, never summed up.

    Parameters
    ----------
    times : Tensor, shape (T,) or (B, T)
    state : Tensor
        Its dtype and device are those of the steps.
    task : Task
    """

    def __init__(self, times: Tensor, state: Tensor, task: Task) -> None:
        counts = substeps_for(times, task.substeps, task.step, task.max_steps)
        clock: Sequence[Amount] = times.to(state.device).unbind(1) if times.ndim == 2 else times.tolist()
        lengths = [(end - start) / n for start, end, n in zip(clock[:-1], clock[1:], counts, strict=True)]
        fresh = [n == 0 or not _same(length, lengths[n - 1]) for n, length in enumerate(lengths)]
        sizes = [against_state(length, state) for length in lengths]
        self._intervals = list(zip(clock[:-1], lengths, sizes, fresh, counts, strict=True))
        self._ends = list(accumulate(counts))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, number: int) -> Step:
        n = bisect_right(self._ends, number)
        start, length, h, fresh, count = self._intervals[n]
        j = number - (self._ends[n] - count)
        return Step(start + j * length, h, fresh and j == 0, j == count - 1)

    def runs(self) -> Iterator[tuple[float, float, int]]:
        """Start, step and number of steps of each output interval, where all trajectories share their times."""
        for start, length, _, _, count in self._intervals:
            yield float(start), float(length), count


def _same(a: Amount, b: Amount) -> bool:
    return bool((torch.as_tensor(a - b).abs() <= SAME_STEP * torch.as_tensor(a).abs()).all())


def stage_time(t: Amount, c: float, h: Amount, state: Tensor) -> Tensor:
    """``t + c h`` as the vector field takes it."""
    if isinstance(t, Tensor) and isinstance(h, Tensor):
        return (t + c * h.reshape(-1).to(t.dtype)).to(state.dtype) if c else t.to(state.dtype)
    return _number(t + c * h, state.dtype, state)


def within_step(vector_field: Field, t: Amount, h: Amount, state: Tensor) -> Field:
    """The field for the stages of the step from t to ``t + h``."""
    if not hasattr(type(vector_field), "inside"):
        return vector_field
    begin, length = (_number(x, torch.float64, state) for x in (t, h))
    return within(vector_field, begin, begin + length.reshape(begin.shape))


def _number(amount: Amount, dtype: torch.dtype, state: Tensor) -> Tensor:
    """An amount where the state is; a number is filled in there, where a copy from the host would wait."""
    if isinstance(amount, Tensor):
        return amount.to(dtype)
    return torch.full((), amount, dtype=dtype, device=state.device)


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
