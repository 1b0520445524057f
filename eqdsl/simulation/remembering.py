"""Rollouts of vector fields that look back on past frames."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from eqdsl.lowering.vector_field import VectorField
from eqdsl.numerics.integrators.integrate import integrate


def roll_out(field: VectorField, start: Tensor, times: Tensor, past: Tensor | None = None, **options: Any) -> Tensor:
    """The states at some times, shape (B, T, C, *S); `options` are those of `integrate`.

    Over each interval past frames stand still; at its end the predicted frame becomes the newest one, so forecasts feed
    on forecasts (as in de Bezenac et al., ICLR 2018). What depends on them alone is evaluated once an interval.

    Parameters
    ----------
    past : Tensor, shape (B, N, C, *S), optional
        The frames up to the start, that one included.
    """
    if past is None or not field.remembers:
        return integrate(field, start, times, **options)
    watch = options.pop("watch", None)
    states = [start]
    for number in range(1, times.shape[-1]):
        interval = times[..., number - 1 : number + 1]
        states.append(integrate(field.with_past(past), states[-1], interval, **options)[:, -1])
        if watch is not None:
            watch(number, times[..., number], states[-1])
        past = torch.cat([past[:, 1:], states[-1][:, None]], dim=1)
    return torch.stack(states, dim=1)
