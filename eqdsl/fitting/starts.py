"""Where rollouts start: at the data, at fitted values, at formulas, at what an encoder makes of past frames.

Fitted values are those of states with ``init u = fit`` and of velocities that the data do not hold, one for each
trajectory. On training trajectories they are fitted together with everything else. On held-out ones `fit_starts` finds
them for a given vector field, from the first frames alone.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from eqdsl.core.errors import ComputationError
from eqdsl.data.trajectories import Trajectories
from eqdsl.data.velocities import missing_velocities
from eqdsl.fitting.misfit import channel_mean
from eqdsl.fitting.training_data import Batch, TrainingData
from eqdsl.fitting.within import Within
from eqdsl.lowering.vector_field import VectorField
from eqdsl.model.expr import Const
from eqdsl.model.model import InitialValue, Model

FRAMES = 8
"""Frames after the first that a start is fitted to on held-out trajectories."""
VALUES = 1 << 22
"""Values of these rollouts kept for the backward pass at once; more trajectories are fitted in parts."""


def fitted_channels(model: Model, observed: Trajectories) -> list[int]:
    """Positions of the channels whose starts are fitted: a velocity that the data hold starts at the data."""
    missing = missing_velocities(observed, model)
    return [
        i
        for i, (channel, value) in enumerate(zip(model.channels, model.initial, strict=True))
        if i in missing or (value.kind == "fit" and (channel.name in model.unobserved or not channel.velocity))
    ]


def starts_at_first(model: Model, observed: Trajectories) -> bool:
    """Whether windows start at the first frames of trajectories only, because elsewhere no start is known."""
    formulas = any(model.initial[i].kind == "expression" for i in model.hidden)
    return formulas or bool(fitted_channels(model, observed))


class FittedStarts(nn.Module):
    """Fitted values at the first whole frame of each trajectory, ``estimate + scale * shift`` within their range.

    Parameters
    ----------
    model : Model
    channels : list of int
        Positions along C.
    data : TrainingData
        Its first whole frames are the estimates of what is observed.
    scale : Tensor, shape (C,)
        Size of a typical change.
    """

    channels: Tensor
    estimate: Tensor
    scale: Tensor
    lower: Tensor
    upper: Tensor
    uniform: Tensor

    def __init__(self, model: Model, channels: list[int], data: TrainingData, scale: Tensor) -> None:
        super().__init__()
        like = data.state
        spread = (-1, *[1] * (like.ndim - 3))
        rows = torch.arange(len(like), device=like.device)
        first = torch.as_tensor(np.minimum(data.first, like.shape[1] - 1), device=like.device)
        estimate = like[rows, first][:, channels].clone()
        ranges = [value_range(model, c) for c in channels]
        for place, (channel, limits) in enumerate(zip(channels, ranges, strict=True)):
            if model.channels[channel].name in model.unobserved:
                estimate[:, place] = first_guess(model.initial[channel], limits, float(scale[channel]))
        lower, upper = torch.tensor(ranges, dtype=torch.float64, device=like.device).T
        uniform = torch.tensor([model.channels[c].uniform for c in channels], device=like.device)
        for name, tensor in (
            ("channels", torch.as_tensor(channels, device=like.device)), ("estimate", estimate),
            ("scale", scale[channels].reshape(spread).to(like)), ("lower", lower.reshape(spread).to(like)),
            ("upper", upper.reshape(spread).to(like)), ("uniform", uniform.reshape(spread)),
        ):  # fmt: skip
            self.register_buffer(name, tensor)
        self.shift = nn.Parameter(torch.zeros_like(estimate))

    def values(self, rows: Tensor) -> Tensor:
        """Fitted values of some trajectories, shape (W, F, *S)."""
        shift = self.shift[rows]
        if shift.ndim > 2 and bool(self.uniform.any()):
            over = tuple(range(2, shift.ndim))
            shift = torch.where(self.uniform, shift.mean(over, keepdim=True), shift)
        return Within.apply(self.estimate[rows] + self.scale * shift, self.lower, self.upper)  # type: ignore[no-any-return, no-untyped-call]

    def put_into(self, start: Tensor, rows: Tensor) -> Tensor:
        """First frames ``(W, C, *S)`` of the trajectories `rows` with the fitted values in place."""
        return start.index_copy(1, self.channels, self.values(rows))

    def compared(self, present: Tensor) -> Tensor:
        """Which values of windows ``(W, H + 1, C, *S)`` count: at the first frame those whose start is fitted."""
        free = torch.zeros(present.shape[2], dtype=torch.bool, device=present.device)
        free[self.channels] = True
        later = torch.arange(present.shape[1], device=present.device) > 0
        counted = later[:, None] | free[None]
        return present & counted.reshape(*counted.shape, *[1] * (present.ndim - 3))


def value_range(model: Model, channel: int) -> tuple[float, float]:
    """The range of a fitted start: its own, else that of the state."""
    value, slot = model.initial[channel], model.channels[channel]
    if value.kind == "fit" and (np.isfinite(value.lower) or np.isfinite(value.upper)):
        return value.lower, value.upper
    field = next(f for f in model.fields if f.name == slot.field)
    return (-np.inf, np.inf) if slot.velocity else (field.lower, field.upper)


def first_guess(value: InitialValue, limits: tuple[float, float], scale: float) -> float:
    """Where the fit of a hidden start begins: as said, else in the middle of its range, else near 0."""
    lower, upper = limits
    if isinstance(value.expr, Const):
        return value.expr.value
    if np.isfinite(lower) and np.isfinite(upper):
        return (lower + upper) / 2
    return min(max(0.0, lower + scale if np.isfinite(lower) else 0.0), upper - scale if np.isfinite(upper) else np.inf)


def start_states(field: VectorField, batch: Batch, fitted: FittedStarts | None = None) -> Tensor:
    """States from which the windows of a batch are rolled out, shape (W, C, *S)."""
    start, model = batch.state[:, 0], field.model
    if fitted is not None:
        start = fitted.put_into(start, batch.rows)
    made: dict[str, Tensor] = {}
    time, here = batch.times[:, 0], field.driven(batch.driving).with_past(batch.past)
    if any(model.initial[i].kind == "expression" for i in model.hidden):
        made |= {n: v for n, v in here.initial_values(len(start), time).items() if n in model.unobserved}
    if model.starts("encode"):
        made |= here.encoded_values(len(start), time)
    if not made:
        return start
    return torch.stack([made.get(name, start[:, i]) for i, name in enumerate(model.channel_names)], dim=1)


def fit_starts(
    starts: FittedStarts, data: TrainingData, rollout: Callable[[Tensor, Batch], Tensor], field: VectorField,
    variance: Tensor, *, iterations: int,
) -> None:  # fmt: skip
    """Bring rollouts closest to the first frames of each trajectory, by L-BFGS over what they start from.

    A rollout that is not finite leaves the starts as they were.

    Parameters
    ----------
    starts : FittedStarts
        Of the trajectories of `data`; changed in place.
    rollout : callable
        States ``(W, C, *S)`` and windows to what is observed, ``(W, T, C', *S)``, differentiable.
    field : VectorField
    variance : Tensor, shape (C',)
        Squared unit of each channel of the data.
    """
    horizon = min(FRAMES, data.horizon)
    windows = data.starts(horizon, first_only=True)
    size = max(1, VALUES // (data.state[0, 0].numel() * (horizon + 1)))
    before = starts.shift.detach().clone()
    try:
        for first in range(0, len(windows), size):
            batch = data.batch(windows[first : first + size], horizon)
            optimizer = torch.optim.LBFGS([starts.shift], max_iter=iterations, line_search_fn="strong_wolfe")

            def closure(batch: Batch = batch) -> Tensor:
                path = rollout(start_states(field, batch, starts), batch)
                misfit = channel_mean(path - batch.observed, starts.compared(batch.present), variance)
                (starts.shift.grad,) = torch.autograd.grad(misfit, [starts.shift])
                return misfit.detach()

            optimizer.step(closure)
    except ComputationError:
        pass
    if not bool(torch.isfinite(starts.shift).all()):
        with torch.no_grad():
            starts.shift.copy_(before)
