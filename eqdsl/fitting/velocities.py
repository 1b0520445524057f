"""Velocities of second-order states that a data file does not hold, fitted at the first frame.

On training trajectories they are fitted together with everything else. On held-out ones `fit_velocities` finds them for
a given vector field, from the first frames alone: without it every score would stand on the error of a difference
quotient.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from eqdsl.core.errors import ComputationError
from eqdsl.fitting.misfit import channel_mean
from eqdsl.fitting.training_data import Batch, TrainingData

FRAMES = 8
"""Frames after the first that a velocity is fitted to."""
VALUES = 1 << 22
"""Values of these rollouts kept for the backward pass at once; more trajectories are fitted in parts."""


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


def fit_velocities(
    velocities: InitialVelocities, data: TrainingData, rollout: Callable[[Tensor, Batch], Tensor], variance: Tensor,
    *, iterations: int,
) -> None:  # fmt: skip
    """Bring rollouts closest to the first frames of each trajectory, by L-BFGS over the velocities at the first one.

    A rollout that is not finite leaves the velocities as they were.

    Parameters
    ----------
    velocities : InitialVelocities
        Of the trajectories of `data`; changed in place.
    rollout : callable
        States ``(W, C, *S)`` and windows to what is observed, ``(W, T, C', *S)``, differentiable.
    variance : Tensor, shape (C',)
        Squared unit of each channel of the data.
    """
    horizon = min(FRAMES, data.horizon)
    starts = data.starts(horizon, first_only=True)
    size = max(1, VALUES // (data.state[0, 0].numel() * (horizon + 1)))
    before = velocities.shift.detach().clone()
    try:
        for first in range(0, len(starts), size):
            batch = data.batch(starts[first : first + size], horizon)
            optimizer = torch.optim.LBFGS([velocities.shift], max_iter=iterations, line_search_fn="strong_wolfe")

            def closure(batch: Batch = batch) -> Tensor:
                path = rollout(velocities.put_into(batch.state[:, 0], batch.rows), batch)
                misfit = channel_mean(path[:, 1:] - batch.observed[:, 1:], batch.present[:, 1:], variance)
                (velocities.shift.grad,) = torch.autograd.grad(misfit, [velocities.shift])
                return misfit.detach()

            optimizer.step(closure)
    except ComputationError:
        pass
    if not bool(torch.isfinite(velocities.shift).all()):
        with torch.no_grad():
            velocities.shift.copy_(before)
