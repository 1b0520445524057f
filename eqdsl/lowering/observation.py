"""From states to what the data hold of them, and the starts of states that the data do not hold."""

from __future__ import annotations

import torch
from torch import Tensor

from eqdsl.lowering.vector_field import VectorField


def observed_path(field: VectorField, times: Tensor, states: Tensor) -> Tensor:
    """A trajectory of states as a trajectory of observations.

    The one place that maps one to the other; differentiable.

    Parameters
    ----------
    field : VectorField
        Driven by what drives the trajectories.
    times : Tensor, shape (T,) or (B, T)
    states : Tensor, shape (B, T, C, *S)

    Returns
    -------
    Tensor, shape (B, T, C', *S)
        With the channels `model.data_channels`; the states themselves where the data hold just these.
    """
    if not field.program.observed:
        return states
    batch, frames = states.shape[:2]
    rows = torch.arange(batch, device=states.device).repeat_interleave(frames)
    when = times.expand(batch, frames).reshape(-1)
    seen = field.of_rows(rows).observed(when, states.flatten(0, 1))
    return seen.reshape(batch, frames, *seen.shape[1:])


def with_given_starts(field: VectorField, times: Tensor, state: Tensor) -> Tensor:
    """States ``(B, C, *S)`` at `times` ``(B,)`` whose unobserved channels are what ``init`` gives; differentiable."""
    model = field.model
    given = [i.channel for i in model.starts("expression") if i.channel in model.unobserved]
    if not given:
        return state
    values = field.initial_values(len(state), times)
    channels = [values[n] if n in given else state[:, i] for i, n in enumerate(model.channel_names)]
    return torch.stack(channels, dim=1)
