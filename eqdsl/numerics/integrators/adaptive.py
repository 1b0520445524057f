"""The engine of methods that choose their steps: every trajectory has its own time, step, error and verdict.

All trajectories take their steps at once, each its own. Those that have reached the output time ride along with a step
of zero, and leave when at most half of the batch is still on its way. So neighbours neither change a trajectory nor
cost much. Gradients are those of the accepted steps; their lengths are not differentiated.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from eqdsl.numerics.integrators.base import Counted, Field, Method, Task
from eqdsl.numerics.integrators.controller import FIRST_ERROR, first_step, growth, shrinking, size
from eqdsl.numerics.integrators.failure import IntegrationFailure, Reason
from eqdsl.numerics.integrators.fixed_step import against_state
from eqdsl.numerics.integrators.limits import GROWTH, RETRY, SMALLEST_STEP, ceiling, check_tolerances, largest
from eqdsl.numerics.integrators.rows import Rows, chosen, joined

STRETCH = 1.01
"""A step that leaves less than 1 % of itself to the output time goes there."""

FIRST_BLOCK = 4
"""Steps of the first block that is computed again at once with `Task.checkpoint`; every block has one more."""


class Trial(NamedTuple):
    """A step that may be rejected: the state after it, its error (no graph), and the rate there if it is known."""

    state: Tensor
    error: Tensor
    rate: Tensor | None


class Way(NamedTuple):
    """How far a rollout is: the output interval, the rows in it, and those of its rows that have left."""

    interval: int
    rows: Rows
    finished: tuple[Rows, ...]


class Adaptive(Method):
    """A method that estimates the error of its steps.

    Attributes
    ----------
    estimate_order : int
        The estimate falls as ``h^estimate_order``.
    passes_rate : bool
        Whether the last stage is the first of the next step.
    """

    fixed_step = False
    estimate_order: int
    passes_rate: bool

    @abstractmethod
    def attempt(self, vector_field: Field, t: Tensor, state: Tensor, h: Tensor, rate: Tensor | None) -> Trial:
        """A step; t and h are float64, (B,); `rate` is that at t where the method passes it on."""

    def rollout(self, vector_field: Field, initial: Tensor, times: Tensor, task: Task) -> Iterator[Tensor]:
        """One output interval after the other, in local time, so that float32 states keep their times."""
        check_tolerances(task.rtol, task.atol, initial.dtype)
        return Engine(self, Counted(vector_field, task.effort), task).rollout(initial, times.to(initial.device))


@dataclass(frozen=True)
class Engine:
    """One rollout of a method."""

    method: Adaptive
    field: Field
    task: Task

    def rollout(self, initial: Tensor, times: Tensor) -> Iterator[Tensor]:
        """The state at each output time.

        How many steps there will be is not known before. Blocks that grow by one step each have a length, and a number,
        of about the root of the steps taken: so does the memory of checkpoints, whatever the number of outputs.
        """
        count = times.shape[-1] - 1
        if count == 0:
            return
        start, end = (times[..., n].expand(len(initial)) for n in (0, 1))
        way, size = Way(0, self._first(initial, start, end - start), ()), FIRST_BLOCK
        while way.interval < count:
            if self.task.checkpoint:
                way, outputs = checkpoint(self._block, way, times, size, use_reentrant=False, preserve_rng_state=False)
                size += 1
            else:
                way, outputs = self._block(way, times, 1)
            yield from outputs

    def _first(self, state: Tensor, start: Tensor, length: Tensor) -> Rows:
        rate = self.field(start.to(state.dtype), state)
        zeros, false = torch.zeros_like(start), torch.zeros_like(start, dtype=torch.bool)

        def ahead(h: Tensor) -> Tensor:
            return self.field((start + h).to(state.dtype), state + against_state(h, state) * rate)

        with torch.no_grad():
            scale = self.task.atol + self.task.rtol * state.abs()
            step = first_step(ahead, state, rate, scale, length, self.method.estimate_order)
        return Rows(
            index=torch.arange(len(state), device=state.device), state=state,
            rate=rate if self.method.passes_rate else None, start=start, length=length, reached=zeros, step=step,
            error=torch.full_like(start, FIRST_ERROR), rejected=false, undefined=false, steps=zeros.long(),
            first_size=largest(state), ceiling=ceiling(state),
        )  # fmt: skip

    def _block(self, way: Way, times: Tensor, steps: int) -> tuple[Way, list[Tensor]]:
        """Up to so many steps, and the outputs on the way; a pure function but for the counting."""
        interval, rows, finished = way
        outputs: list[Tensor] = []
        for _ in range(steps):
            going = rows.on_the_way
            if self.task.subsets and 2 * int(going.sum()) <= len(going):
                finished, rows = (*finished, rows.take(~going)), rows.take(going)
            rows = self._step(rows)
            if bool(rows.on_the_way.any()):
                continue
            rows, finished, interval = joined((*finished, rows)) if finished else rows, (), interval + 1
            outputs.append(rows.state)
            if interval + 1 == times.shape[-1]:
                break
            rows = _entered(rows, times[..., interval], times[..., interval + 1])
        return Way(interval, rows, finished), outputs

    def _step(self, rows: Rows) -> Rows:
        first_size = self._checked(rows)
        self.task.effort.steps += 1
        going, remaining = rows.on_the_way, rows.length - rows.reached
        last = rows.step * STRETCH >= remaining
        h = torch.where(last, remaining, rows.step)
        trial = self._attempt(rows, h)
        error = self._error(rows.state, trial)
        # An error that is not a number is not accepted either.
        accepted = going & (error <= 1)
        cut = last & (h < rows.step)
        factor = growth(error, rows.error, self.method.estimate_order)
        longer = h * torch.where(rows.rejected, factor.clamp(max=1.0), factor)
        # A step that the output time has cut says nothing against the longer one that was planned.
        longer = torch.where(cut, longer.maximum(rows.step), longer)
        further = torch.where(last, rows.length, rows.reached + h)
        if bool(accepted.all()):
            return replace(
                rows, state=trial.state, rate=None if rows.rate is None else trial.rate, reached=further, step=longer,
                error=torch.where(cut, rows.error, error), rejected=~accepted, steps=rows.steps + 1,
                first_size=first_size,
            )  # fmt: skip
        finite = torch.isfinite(error)
        if trial.state.requires_grad and not bool(finite.all()):
            # Zero times an undefined slope is undefined: what was rejected must not be in the graph at all.
            trial = self._attempt(rows, torch.where(accepted, h, 0.0))
        state, rate = rows.state, rows.rate
        if bool(accepted.any()):
            state = chosen(accepted, trial.state, state)
            rate = None if rate is None or trial.rate is None else chosen(accepted, trial.rate, rate)
        shorter = h * torch.where(finite, shrinking(error, self.method.estimate_order), RETRY)
        return replace(
            rows, state=state, rate=rate, reached=torch.where(accepted, further, rows.reached),
            step=torch.where(going, torch.where(accepted, longer, shorter), rows.step),
            error=torch.where(accepted & ~cut, error, rows.error), rejected=going & ~accepted,
            undefined=rows.undefined | (going & ~finite), steps=rows.steps + going, first_size=first_size,
        )  # fmt: skip

    def _attempt(self, rows: Rows, h: Tensor) -> Trial:
        return self.method.attempt(self.field, rows.start + rows.reached, rows.state, h, rows.rate)

    @torch.no_grad()
    def _error(self, before: Tensor, trial: Trial) -> Tensor:
        scale = self.task.atol + self.task.rtol * torch.maximum(before.abs(), trial.state.abs())
        return size(trial.error, scale)

    def _checked(self, rows: Rows) -> Tensor:
        """The rows' first sizes.

        Raises
        ------
        IntegrationFailure
            A trajectory has grown without bound, needs too many steps, or steps that are too small.
        """
        sizes = largest(rows.state)
        first_size = torch.where(rows.first_size == 0, sizes, rows.first_size)
        small = rows.step < SMALLEST_STEP * rows.length
        failing = rows.on_the_way & ((sizes > rows.ceiling) | small | (rows.steps >= self.task.max_steps))
        if bool(failing.any()):
            row = int(failing.nonzero()[0, 0])
            failed = replace(rows, first_size=first_size).take(torch.tensor([row], device=failing.device))
            raise self._failure(failed, bool(small[row]))
        return first_size

    @torch.no_grad()
    def _failure(self, row: Rows, small: bool) -> IntegrationFailure:
        """The failure of one trajectory; whatever the symptom, values that have grown this much are the cause."""
        smallest = float(row.length) * SMALLEST_STEP
        words, reason = f"more than {self.task.max_steps} steps were needed", Reason.TOO_MANY_STEPS
        if not float(largest(row.state)) < min(GROWTH * (float(row.first_size) or 1.0), float(row.ceiling)):
            words, reason = "the solution grows without bound", Reason.BLOW_UP
        elif small and (bool(row.undefined) or not self._finite_ahead(row, 10 * smallest)):
            words, reason = "the rate of change is not a finite number", Reason.NOT_FINITE
        elif small:
            words, reason = f"the step fell below {smallest:.1g}", Reason.STEP_UNDERFLOW
        time = float(row.start + row.reached)
        return IntegrationFailure(
            f"{words} near t = {time:.6g} ({self.method.name})", reason=reason, time=time, state=row.state.detach(),
            trajectory=int(row.index),
        )  # fmt: skip

    def _finite_ahead(self, row: Rows, h: float) -> bool:
        """Whether the rate is finite here and a little later."""
        if not self.task.subsets:
            return True
        t = (row.start + row.reached).to(row.state.dtype)
        later = row.state + h * self.field(t, row.state)
        return bool(torch.isfinite(self.field((row.start + row.reached + h).to(later.dtype), later)).all())


def _entered(rows: Rows, start: Tensor, end: Tensor) -> Rows:
    """All rows at the start of the next output interval."""
    start, end = start.expand(len(rows.reached)), end.expand(len(rows.reached))
    nowhere = torch.zeros_like(rows.undefined)
    return replace(rows, start=start, length=end - start, reached=torch.zeros_like(start), undefined=nowhere)
