"""The engine of the fixed-step methods. Differentiable: plain tensor operations, nothing written in place."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from eqdsl.core.errors import UsageError
from eqdsl.numerics.integrators.base import Effort, ExplicitTableau, Field

Amount = float | Tensor
"""A time or a step: a number shared by the batch, or one per trajectory, (B,) for a time and (B, 1, ...) for a step."""


def rollout_fixed(
    field: Field, tableau: ExplicitTableau, initial: Tensor, times: Tensor, substeps: list[int], effort: Effort
) -> Iterator[Tensor]:
    """The states at ``times[..., 1:]``; `substeps` equal steps end exactly on each.

    Parameters
    ----------
    times : Tensor, shape (T,) or (B, T), float64
        Times are multiplied out, ``t_n + j h``, never summed up.
    substeps : list of int
        Steps of each of the T - 1 intervals.
    """
    state = initial
    clock: Sequence[Amount] = times.to(initial.device).unbind(1) if times.ndim == 2 else times.tolist()
    for start, end, count in zip(clock[:-1], clock[1:], substeps, strict=True):
        length = (end - start) / count
        step = _against_state(length, state)
        for j in range(count):
            state = explicit_step(field, tableau, start + j * length, state, step)
        effort.steps += count
        effort.evaluations += count * len(tableau.b)
        yield state


def explicit_step(field: Field, tableau: ExplicitTableau, t: Amount, state: Tensor, h: Amount) -> Tensor:
    """One step from t to t + h; entries of the tableau that are zero cost nothing."""
    stages: list[Tensor] = []
    for row, c in zip(tableau.a, tableau.c, strict=True):
        at = _advanced(state, row, stages, h)
        stages.append(field(_stage_time(t, c, h, state), at))
    return _advanced(state, tableau.b, stages, h)


def _advanced(state: Tensor, weights: tuple[float, ...], stages: list[Tensor], h: Amount) -> Tensor:
    """``state + h sum_j w_j k_j``."""
    for weight, stage in zip(weights, stages, strict=True):
        if weight == 0.0:
            continue
        if isinstance(h, Tensor):
            state = torch.addcmul(state, h, stage, value=weight)
        else:
            state = torch.add(state, stage, alpha=h * weight)
    return state


def _stage_time(t: Amount, c: float, h: Amount, state: Tensor) -> Tensor:
    if isinstance(t, Tensor) and isinstance(h, Tensor):
        return (t + c * h.reshape(-1).to(t.dtype)).to(state.dtype) if c else t.to(state.dtype)
    return torch.tensor(t + c * h, dtype=state.dtype)


def _against_state(length: Amount, state: Tensor) -> Amount:
    """The step in the shape and dtype that multiplies the state."""
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
