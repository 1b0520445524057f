"""Plausible values of hidden states before anything is fitted: scales are read off them as off data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from eqdsl.data.frames import past_frames
from eqdsl.data.statistics import channel_variance
from eqdsl.data.trajectories import Trajectories
from eqdsl.fitting.starts import first_guess, value_range
from eqdsl.lowering.vector_field import VectorField

ROUNDS = 3
"""Corrections of a size; a state that enters linearly needs one."""
FRAMES = 256
"""Data frames that the rates are looked at."""


def with_guesses(
    trajectories: Trajectories, field: VectorField, rates: np.ndarray, memory_of: np.ndarray
) -> Trajectories:
    """The trajectories with something plausible in the place of hidden states.

    A hidden state gets the shape of an observed one, at another time, around its first guess. Its size is the one at
    which it changes the known rates of observed states by as much as the data change, 1 if it changes nothing.

    Parameters
    ----------
    rates : ndarray, shape (C,)
        Rms rate of each observed channel; NaN for the others.
    memory_of : ndarray of int, shape (N, 2)
        Trajectories and frames that can be looked at.
    """
    model, hidden = field.model, list(field.model.hidden)
    if not model.guessed:
        return trajectories
    state = trajectories.state.astype(np.float64)
    state[:, :, hidden] = 0.0
    guess = {c: first_guess(model.initial[c], value_range(model, c), 0.0) for c in hidden}
    shapes = {c: _shape(state, trajectories, c, model.channels[c].uniform) for c in hidden}
    for c in hidden:
        state[:, :, c] = guess[c]
    places = memory_of[np.linspace(0, len(memory_of) - 1, min(FRAMES, len(memory_of))).astype(int)].T
    for c in hidden:
        size = _size(field, trajectories, state, shapes[c], c, rates, (places[0], places[1]))
        lower, upper = value_range(model, c)
        state[:, :, c] = np.clip(guess[c] + size * shapes[c], lower, upper)
    inside = np.arange(trajectories.frames) < trajectories.lengths[:, None]
    state[~inside] = np.nan
    return replace(trajectories, state=state)


def _shape(state: np.ndarray, trajectories: Trajectories, channel: int, uniform: bool) -> np.ndarray:
    """Values of mean 0 and variance 1 like an observed field of other frames, shape (B, T, *S)."""
    inside = np.arange(trajectories.frames) < trajectories.lengths[:, None]
    grid = state.shape[3:]
    generator = np.random.default_rng(channel)
    variances = channel_variance(trajectories)
    found = np.flatnonzero(np.nan_to_num(variances) > 0)
    if uniform or not grid or not len(found):
        return generator.standard_normal(state.shape[:2]).reshape(*state.shape[:2], *[1] * len(grid)) * np.ones(grid)
    model = state[:, :, found[-1]][inside]
    model = np.nan_to_num(model - np.nanmean(model))
    chosen = model[generator.integers(len(model), size=int(np.prod(state.shape[:2])))]
    return np.asarray(chosen / max(float(chosen.std()), 1e-300)).reshape(*state.shape[:2], *grid)


def _size(
    field: VectorField, trajectories: Trajectories, state: np.ndarray, shape: np.ndarray, channel: int,
    rates: np.ndarray, places: tuple[np.ndarray, np.ndarray],
) -> float:  # fmt: skip
    """Factor on a shape at which observed rates change as the data do; 1 where these are not known."""
    rows, frames = places
    seen = np.flatnonzero(np.isfinite(rates) & (rates > 0))
    if not len(seen):
        return 1.0
    times = torch.as_tensor(trajectories.times[rows, frames], dtype=field.dtype, device=field.device)
    base = torch.as_tensor(state[rows, frames], dtype=field.dtype, device=field.device)
    base = torch.nan_to_num(base)
    change = torch.as_tensor(shape[rows, frames], dtype=field.dtype, device=field.device)
    here = field.driven(trajectories).of_rows(torch.as_tensor(rows, device=field.device))
    past = past_frames(replace(trajectories, state=state), rows, frames, field.memory)
    here = here.with_past(None if past is None else torch.as_tensor(past).to(base))
    size = 1.0
    with torch.no_grad():
        before = here(times, base)
        for _ in range(ROUNDS):
            moved = base.clone()
            moved[:, channel] = moved[:, channel] + size * change
            effect = (here(times, moved) - before)[:, seen].double().transpose(0, 1).flatten(1)
            ratio = float((effect.square().mean(1).sqrt().cpu() / torch.as_tensor(rates[seen])).max())
            if not np.isfinite(ratio) or ratio <= 1e-12:
                return 1.0
            size /= ratio
    return size
