"""Velocities of second-order states that a data file does not hold, estimated from its frames."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eqdsl.core.errors import DataError
from eqdsl.data.statistics import time_derivative
from eqdsl.data.trajectories import Trajectories
from eqdsl.model.model import Model


def missing_velocities(trajectories: Trajectories, model: Model) -> dict[int, int]:
    """Channels ``dt(w)`` of observed states without any value, each with the channel it is the derivative of."""
    found = {}
    for index, channel in enumerate(model.channels):
        hidden = channel.name in model.unobserved
        if channel.velocity and not hidden and np.isnan(trajectories.state[:, :, index]).all():
            found[index] = next(
                i
                for i, c in enumerate(model.channels)
                if c.field == channel.field and c.component == channel.component and not c.velocity
            )
    return found


def in_model_order(trajectories: Trajectories, model: Model) -> Trajectories:
    """The same with the states of the model in its order, and nothing else; NaN where the data hold none."""
    names = model.channel_names
    if tuple(trajectories.channels) == names:
        return trajectories
    if tuple(trajectories.channels[: len(names)]) == names:
        return replace(trajectories, state=trajectories.state[:, :, : len(names)], channels=names)
    state = np.full((*trajectories.state.shape[:2], len(model.channels), *trajectories.shape), np.nan)
    for index, name in enumerate(names):
        if name in trajectories.channels:
            state[:, :, index] = trajectories.state[:, :, trajectories.channels.index(name)]
    return replace(trajectories, state=state, channels=names)


def with_velocities(trajectories: Trajectories, model: Model) -> Trajectories:
    """The trajectories with all channels of the model in its order.

    Missing velocities are put in from differences of neighbouring frames, other missing channels are NaN.

    Raises
    ------
    DataError
        Too few frames to form a difference.
    """
    trajectories = in_model_order(trajectories, model)
    missing = missing_velocities(trajectories, model)
    if not missing or not len(trajectories):
        return trajectories
    if int(trajectories.lengths.min()) < 3:
        raise DataError(
            "the data hold no velocity, and a trajectory of 2 frames is too short to estimate one",
            help=f"add a dataset `{model.channels[min(missing)].name}`, or leave out trajectories with under 3 frames",
        )
    slope = time_derivative(trajectories)
    state = trajectories.state.copy()
    for velocity, position in missing.items():
        state[:, :, velocity] = slope[:, :, position]
    return replace(trajectories, state=state)
