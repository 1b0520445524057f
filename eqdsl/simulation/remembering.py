"""Rollouts of vector fields that look back on past frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from eqdsl.core.errors import UsageError
from eqdsl.lowering.vector_field import VectorField
from eqdsl.numerics.integrators.integrate import integrate
from eqdsl.numerics.integrators.integrate import rollout as rolled

BACKWARDS = ("reversible", "adjoint")
"""Kinds of `integrate`'s memory whose gradients take the steps again, one by one, from the last one back."""


def roll_out(field: VectorField, start: Tensor, times: Tensor, **options: Any) -> Tensor:
    """The states at some times, shape (B, T, C, *S); `options` are those of `integrate`.

    The field remembers the frames up to the start, that one included (`VectorField.with_past`).

    Over each interval past frames stand still; at its end the predicted frame becomes the newest one, so forecasts feed
    on forecasts (as in de Bezenac et al., ICLR 2018). What depends on them alone is evaluated once an interval.

    Raises
    ------
    UsageError
        Gradients are to be computed backwards: each step undone would go through all intervals before it again.
    """
    past = field.past
    if past is None or not field.remembers:
        return integrate(field, start, times, **options)
    if options.get("memory") in BACKWARDS:
        raise UsageError(
            f"`memory = {options['memory']}` does not go with past frames, which are predictions themselves",
            help="take `memory = checkpoint`, which goes with any model",
        )
    watch = options.pop("watch", None)
    states = [start]

    def step(here: VectorField, state: Tensor, interval: Tensor) -> Tensor:
        return integrate(here, state, interval, **options)[:, -1]

    for number, state in enumerate(_frame_by_frame(field, start, times, step), start=1):
        states.append(state)
        if watch is not None:
            watch(number, times[..., number], state)
    return torch.stack(states, dim=1)


def rollout(field: VectorField, start: Tensor, times: Tensor, **options: Any) -> Iterator[Tensor]:
    """As `roll_out`, but one state at a time; `options` are those of `eqdsl.numerics.integrators.integrate.rollout`."""
    if field.past is None or not field.remembers:
        return rolled(field, start, times, **options)

    def step(here: VectorField, state: Tensor, interval: Tensor) -> Tensor:
        return next(iter(rolled(here, state, interval, **options)))

    return _frame_by_frame(field, start, times, step)


def at_frames(field: VectorField, states: Tensor) -> Iterator[VectorField]:
    """The vector field at each frame of rollouts ``(B, T, C, *S)``, with the frames that it looks back on there.

    It remembers the frames up to the first one, that one included.
    """
    memory = field.memory
    frames = states if field.past is None else torch.cat([field.past[:, :-1].to(states), states], dim=1)
    for frame in range(states.shape[1]):
        yield field.with_past(frames[:, frame : frame + memory] if memory else None)


def _frame_by_frame(
    field: VectorField, state: Tensor, times: Tensor, step: Callable[[VectorField, Tensor, Tensor], Tensor]
) -> Iterator[Tensor]:
    """The states at the times after the first; each becomes the newest frame that is remembered."""
    past = field.past
    assert past is not None
    for number in range(1, times.shape[-1]):
        state = step(field.with_past(past), state, times[..., number - 1 : number + 1])
        past = torch.cat([past[:, 1:], state[:, None]], dim=1)
        yield state
