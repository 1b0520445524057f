"""Segments of trajectories for multiple shooting: where each begins, and the fitted state it is rolled out from."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from eqdsl.data.trajectories import Trajectories
from eqdsl.fitting.training_data import TrainingData
from eqdsl.fitting.within import Within
from eqdsl.model.model import Model

SEGMENTS = 10
"""Segments that the longest trajectory is cut into, without a length in the options."""
SHORTEST = 2
"""Frames of a segment at least: over one frame a fitted start hides the vector field."""


class SegmentStarts(nn.Module):
    """Fitted states at the first frames of segments, ``estimate + sqrt(variance)*shift`` within declared ranges.

    A segment begins every `length` frames from the first whole frame of a trajectory on; the last one is as long as the
    others, and begins inside the one before it. A trajectory that is too short is one segment.

    Parameters
    ----------
    model : Model
        Its states' ranges hold the starts.
    data : TrainingData
    filled : Trajectories
        The same; missing values of a start are interpolated in time.
    variance : Tensor, shape (C,)
        Squared unit of each channel.
    length : int
        Frames of a segment after its first one.
    """

    places: Tensor
    number: Tensor
    offset: Tensor
    follower: Tensor
    opens: Tensor
    estimate: Tensor
    scale: Tensor
    lower: Tensor
    upper: Tensor

    def __init__(
        self, model: Model, data: TrainingData, filled: Trajectories, variance: Tensor, length: int
    ) -> None:  # fmt: skip
        super().__init__()
        self.length = length
        places = segment_places(data, length)
        follows = np.append(places[1:, 0] == places[:-1, 0], False)
        opens = np.append(True, ~follows[:-1])
        number = np.full(data.whole.shape, -1)
        number[places[:, 0], places[:, 1]] = np.arange(len(places))
        offset = np.where(follows, np.roll(places[:, 1], -1) - places[:, 1], length)
        follower = np.where(follows, np.arange(len(places)) + 1, -1)
        device = data.state.device
        for name, value in (
            ("places", places), ("number", number), ("offset", offset), ("follower", follower), ("opens", opens),
        ):  # fmt: skip
            self.register_buffer(name, torch.as_tensor(value, device=device), persistent=False)
        spread = (-1, *[1] * (data.state.ndim - 3))
        fields = {field.name: field for field in model.fields}
        ranges = [
            (-np.inf, np.inf) if c.velocity else (fields[c.field].lower, fields[c.field].upper) for c in model.channels
        ]
        lower, upper = torch.tensor(ranges, dtype=torch.float64, device=device).T
        for name, tensor in (
            ("estimate", _estimate(data, filled, places)), ("scale", variance.sqrt().reshape(spread)),
            ("lower", lower.reshape(spread)), ("upper", upper.reshape(spread)),
        ):  # fmt: skip
            self.register_buffer(name, tensor.to(data.state), persistent=False)
        self.shift = nn.Parameter(torch.zeros_like(self.estimate))

    def states(self, segments: Tensor) -> Tensor:
        """Fitted starts of the segments with these numbers, shape (W, C, *S)."""
        state = self.estimate[segments] + self.scale * self.shift[segments]
        return Within.apply(state, self.lower, self.upper)  # type: ignore[no-any-return, no-untyped-call]


def segment_places(data: TrainingData, length: int) -> np.ndarray:
    """Trajectory and first frame of each segment, shape (K, 2), in order."""
    places = []
    for row, first in data.starts(max(data.horizon, 1), first_only=True):
        last = max(first, data.lengths[row] - 1 - length)
        places += [(row, frame) for frame in range(first, last, length)] + [(row, last)]
    return np.array(places, dtype=np.int64).reshape(-1, 2)


def segment_length(wanted: int | str, horizon: int) -> int:
    """Frames of a segment, for data whose longest rollout has `horizon` steps."""
    length = max(SHORTEST, -(-horizon // SEGMENTS)) if isinstance(wanted, str) else wanted
    return min(length, horizon)


def _estimate(data: TrainingData, filled: Trajectories, places: np.ndarray) -> Tensor:
    """The data at the starts; what is missing there is interpolated in time, or the mean where nothing is known."""
    result = data.state[tuple(torch.as_tensor(places.T, device=data.state.device))].clone()
    for k, (row, frame) in enumerate(places):
        for place in np.argwhere(~np.isfinite(filled.state[row, frame])):
            series = filled.state[(row, slice(0, int(data.lengths[row])), *place)]
            known, times = np.isfinite(series), filled.times[row, : len(series)]
            if known.any():
                result[(k, *place)] = float(np.interp(times[frame], times[known], series[known]))
    return result
