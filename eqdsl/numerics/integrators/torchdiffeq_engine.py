"""torchdiffeq's adaptive methods, with bounds, named failures and steps that end on the output times.

Each output interval is one call, in local time ``s = t - t_n``: times keep their precision with float32 states, and
the last step of an interval is cut to end on the output, because torchdiffeq's interpolation is less accurate than
its steps. The error norm is the largest over trajectories, so an easy neighbour cannot hide a hard trajectory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torchdiffeq import odeint

from eqdsl.numerics.integrators.base import Effort, Field
from eqdsl.numerics.integrators.failure import IntegrationFailure, Reason
from eqdsl.numerics.integrators.limits import GROWTH, RETRY, SMALLEST_STEP, ceiling, check_tolerances


def rollout_adaptive(
    field: Field, method: str, initial: Tensor, times: Tensor, *, rtol: float, atol: float,
    max_steps: int, effort: Effort,
) -> Iterator[Tensor]:  # fmt: skip
    """The states at ``times[..., 1:]``, one interval at a time.

    Trajectories with times of their own share the share s of their interval, ``t = t_n + s (t_{n+1} - t_n)``, so that
    they too are one batch: ``du/ds = (t_{n+1} - t_n) field(t, u)``.

    Raises
    ------
    IntegrationFailure
        The solution grows without bound, is not a number, or needs more than `max_steps` steps.
    UsageError
        A tolerance is not positive or too small for the dtype.
    """
    check_tolerances(rtol, atol, initial.dtype)
    rollout = _Rollout(field, method, rtol, atol, max_steps, effort, float(ceiling(initial).max()))
    state = initial
    for n in range(times.shape[-1] - 1):
        state = rollout.interval(state, times[..., n], times[..., n + 1])
        yield state


@dataclass
class _Rollout:
    """torchdiffeq calls it as the field and reports every step to it. `steps` counts this rollout's own."""

    field: Field
    method: str
    rtol: float
    atol: float
    max_steps: int
    effort: Effort
    ceiling: float
    first_size: float = 0.0
    steps: int = 0
    next_step: float | None = None
    met_not_finite: bool = False

    def interval(self, state: Tensor, start: Tensor, end: Tensor) -> Tensor:
        """The state at the end of the interval; a step that met a value that is not finite is tried again shorter."""
        self.start = start.to(state.device)
        self.rate = (end - start).to(state.device) if start.ndim else None
        self.length = 1.0 if start.ndim else float(end - start)
        self.met_not_finite = False
        reached = 0.0
        while True:
            try:
                return self._solve(reached, state)
            except _NotFinite as problem:
                reached, state = problem.reached, problem.state
                self.met_not_finite = True
                self.next_step = RETRY * (self.next_step or 0.0)
                if self.next_step < SMALLEST_STEP * self.length:
                    raise self._underflow(reached, state) from None

    def _solve(self, reached: float, state: Tensor) -> Tensor:
        local = torch.tensor([reached, self.length], dtype=torch.float64, device=state.device)
        options = {"norm": _largest_row_norm, "step_t": local[1:], "dtype": torch.float64}
        if self.next_step is not None:
            options["first_step"] = self.next_step
        try:
            return odeint(  # type: ignore[no-any-return]
                self, state, local, method=self.method, rtol=self.rtol, atol=self.atol, options=options
            )[1]
        except AssertionError as problem:
            # The checks in `callback_step` come first; this is for a check of torchdiffeq that they do not cover.
            raise self._failure(reached, state, f"the integration stopped ({problem})", Reason.STEP_UNDERFLOW) from None

    def __call__(self, s: Tensor, state: Tensor) -> Tensor:
        self.effort.evaluations += 1
        t = self._time(s).to(state.dtype)
        if self.rate is None:
            return self.field(t, state)
        return self.field(t, state) * self.rate.to(state.dtype).reshape(-1, *(1,) * (state.ndim - 1))

    def _time(self, s: Tensor) -> Tensor:
        """Time in float64, 0-dim or (B,)."""
        local = s.to(torch.float64)
        return self.start + (local if self.rate is None else local * self.rate)

    def callback_step(self, s: Tensor, state: Tensor, step: Tensor) -> None:
        """Called before every step; `step` is what the error control asks for, not yet cut at the output time."""
        self.steps += 1
        self.effort.steps += 1
        reached, size = float(s.detach()), float(step.detach())
        largest = float(state.detach().abs().max())
        self.first_size = self.first_size or largest
        if largest > self.ceiling:
            raise self._failure(reached, state, "the solution grows without bound", Reason.BLOW_UP)
        if size == 0.0:
            # What torchdiffeq makes of an error estimate that is not a number.
            raise _NotFinite(reached, state)
        if size < SMALLEST_STEP * self.length:
            raise self._underflow(reached, state)
        if self.steps > self.max_steps:
            words = f"more than {self.max_steps} steps were needed"
            raise self._failure(reached, state, words, Reason.TOO_MANY_STEPS)
        self.next_step = size

    def _underflow(self, reached: float, state: Tensor) -> IntegrationFailure:
        if self.met_not_finite or not self._finite_ahead(reached, state):
            return self._failure(reached, state, "the rate of change is not a finite number", Reason.NOT_FINITE)
        words = f"the step fell below {self.length * SMALLEST_STEP:.1g}"
        return self._failure(reached, state, words, Reason.STEP_UNDERFLOW)

    @torch.no_grad()
    def _finite_ahead(self, reached: float, state: Tensor) -> bool:
        """Whether the rate is finite here and a few smallest steps ahead."""
        here = torch.tensor(reached, dtype=torch.float64, device=state.device)
        ahead = (here + 10 * SMALLEST_STEP * self.length).clamp(max=self.length)
        rate = self(here, state)
        return bool(torch.isfinite(self(ahead, state + (ahead - here).to(state.dtype) * rate)).all())

    def _failure(self, reached: float, state: Tensor, words: str, reason: Reason) -> IntegrationFailure:
        """The failure at a local time; whatever the symptom, values that have grown this much are the cause."""
        state = state.detach()
        if not float(state.abs().max()) < min(GROWTH * (self.first_size or 1.0), self.ceiling):
            words, reason = "the solution grows without bound", Reason.BLOW_UP
        row = 0 if self.rate is None else int(state.abs().flatten(1).amax(1).argmax())
        time = float(self._time(torch.tensor(reached)).reshape(-1)[row])
        message = f"{words} near t = {time:.6g} ({self.method})"
        return IntegrationFailure(message, reason=reason, time=time, state=state)


class _NotFinite(Exception):
    """A step met a value that is not finite; `state` at local time `reached` is the last good one."""

    def __init__(self, reached: float, state: Tensor) -> None:
        super().__init__(reached)
        self.reached, self.state = reached, state


def _largest_row_norm(error: Tensor) -> Tensor:
    """Largest root mean square over the trajectories."""
    return error.abs().square().flatten(1).mean(1).amax().sqrt()
