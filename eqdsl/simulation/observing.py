"""Trajectories of states and what data hold of them, in both directions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from eqdsl.core.errors import ComputationError
from eqdsl.data.frames import past_frames
from eqdsl.data.resting import resting_times
from eqdsl.data.trajectories import Trajectories
from eqdsl.lowering.observation import observed_path, with_given_starts
from eqdsl.lowering.vector_field import VectorField
from eqdsl.simulation.remembering import roll_out

SUBSTEPS = 4
"""Steps of a frame in rollouts that stand in for states: scales are read off them, nothing is compared with them."""


def observed_trajectories(field: VectorField, states: Trajectories) -> Trajectories:
    """Trajectories of states, (B, T, C, *S), as the data hold them: with the channels `model.data_channels`."""
    if not field.program.observed:
        return states
    with torch.no_grad():
        times = torch.as_tensor(states.times, device=field.device)
        seen = observed_path(field.driven(states), times, _tensor(states.state, field))
    values = np.asarray(seen.cpu().numpy(), dtype=np.result_type(states.state.dtype, np.float32))
    return replace(states, channels=field.model.data_channel_names, state=values)


def first_states(field: VectorField, filled: Trajectories) -> np.ndarray:
    """The states at first frames, those that are not observed as ``init`` gives them, shape (B, C, *S).

    Parameters
    ----------
    field : VectorField
        Driven by what drives the trajectories.
    filled : Trajectories
        Of states.
    """
    with torch.no_grad():
        times = torch.as_tensor(filled.times[:, 0], device=field.device)
        return np.asarray(with_given_starts(field, times, _tensor(filled.state[:, 0], field)).cpu().numpy())


def with_rollouts(filled: Trajectories, field: VectorField) -> Trajectories:
    """The states with rollouts from the first frames in place of those that are not observed.

    Where a rollout is not finite, its start stands at all frames; NaN where a first frame has missing values. A vector
    field that looks back on frames starts at the last one of the first history; NaN before.
    """
    unobserved = [i for i, name in enumerate(field.model.channel_names) if name in field.model.unobserved]
    if not unobserved or not len(filled) or field.model.guessed:
        # Fitted and encoded starts are known to a run alone (`Run.completed`).
        return filled
    begin = max(field.memory - 1, 0)
    past = past_frames(filled, np.arange(len(filled)), np.full(len(filled), begin), field.memory)
    driven = field.driven(filled).with_past(None if past is None else _tensor(past, field))
    later = filled.window(begin, filled.frames)
    first = _tensor(first_states(driven, later), field)
    known = torch.isfinite(first).flatten(1).all(1).cpu().numpy()
    start = torch.nan_to_num(first)
    path = start[:, None].repeat(1, later.frames, *[1] * (start.ndim - 1))
    times = torch.as_tensor(resting_times(later.times, later.lengths, later.frames), device=field.device)
    try:
        with torch.no_grad():
            found = roll_out(driven, start, times, method="rk4", substeps=SUBSTEPS)
        finite = torch.isfinite(found).flatten(1).all(1).reshape(-1, *[1] * (found.ndim - 1))
        path = torch.where(finite, found, path)
    except ComputationError:
        pass
    state = np.array(filled.state, dtype=np.result_type(filled.state.dtype, np.float32))
    guess = path[:, :, unobserved].cpu().numpy()
    guess[(np.arange(later.frames) >= later.lengths[:, None]) | ~known[:, None]] = np.nan
    state[:, :begin, list(field.model.hidden)] = np.nan
    state[:, begin:, unobserved] = guess
    return replace(filled, state=state)


def _tensor(values: np.ndarray, field: VectorField) -> Tensor:
    return torch.as_tensor(values).to(field.device, field.dtype)
