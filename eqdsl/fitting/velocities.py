"""Velocities of second-order states that a data file does not hold: estimated, and fitted at the first frame."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from eqdsl.core.errors import DataError
from eqdsl.data.statistics import time_derivative
from eqdsl.data.trajectories import Trajectories
from eqdsl.model.model import Model


def missing_velocities(trajectories: Trajectories, model: Model) -> dict[int, int]:
    """Channels ``dt(w)`` without any value, each with the channel it is the derivative of."""
    found = {}
    for index, channel in enumerate(model.channels):
        if channel.velocity and np.isnan(trajectories.state[:, :, index]).all():
            found[index] = next(
                i
                for i, c in enumerate(model.channels)
                if c.field == channel.field and c.component == channel.component and not c.velocity
            )
    return found


def with_velocities(trajectories: Trajectories, model: Model) -> Trajectories:
    """The trajectories with missing velocities put in from differences of neighbouring frames.

    Raises
    ------
    DataError
        Too few frames to form a difference.
    """
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


class InitialVelocities(nn.Module):
    """Fitted velocities at the first frame of each training trajectory, ``estimate + scale * shift``.

    Parameters
    ----------
    channels : list of int
        Positions of the velocities along C.
    state : Tensor, shape (B, C, *S)
        First frames with estimated velocities.
    scale : Tensor, shape (C,)
        Size of a typical velocity.
    """

    channels: Tensor
    estimate: Tensor
    scale: Tensor

    def __init__(self, channels: list[int], state: Tensor, scale: Tensor) -> None:
        super().__init__()
        self.register_buffer("channels", torch.as_tensor(channels, device=state.device))
        self.register_buffer("estimate", state[:, channels].clone())
        self.register_buffer("scale", scale[channels].reshape(-1, *[1] * (state.ndim - 2)).to(state.dtype))
        self.shift = nn.Parameter(torch.zeros_like(self.estimate))

    def put_into(self, start: Tensor, rows: Tensor) -> Tensor:
        """First frames ``(W, C, *S)`` of the trajectories `rows` with the fitted velocities in place."""
        fitted = self.estimate[rows] + self.scale * self.shift[rows]
        return start.index_copy(1, self.channels, fitted)
