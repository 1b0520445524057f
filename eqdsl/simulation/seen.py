"""What learned terms have seen, and where a rollout leaves it: beyond the range of an input they extrapolate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor

from eqdsl.data.frames import past_frames
from eqdsl.data.trajectories import Trajectories
from eqdsl.lowering.vector_field import VectorField
from eqdsl.simulation.remembering import at_frames

Seen = Mapping[str, Sequence[Sequence[float]]]
"""For each learned term the lowest and the highest value of each of its inputs."""

MARGIN = 0.01
"""How far beyond the range of an input, as a share of it, a value counts as seen."""

POINTS = 200_000
"""Grid points in one call of the vector field."""


@dataclass(frozen=True)
class Departure:
    """An input of a learned term that leaves the range of the training data.

    Parameters
    ----------
    term, input : str
    trajectory : int
        The one that leaves first.
    time, value : float
        When, and the value there.
    lowest, highest : float
        Range of the training data.
    leaving, trajectories : int
        How many rollouts leave it, of how many.
    """

    term: str
    input: str
    trajectory: int
    time: float
    value: float
    lowest: float
    highest: float
    leaving: int
    trajectories: int

    def as_json(self) -> dict[str, object]:
        """The fields by name."""
        return asdict(self)

    def __str__(self) -> str:
        of = f" in trajectory {self.trajectory}" if self.trajectories > 1 else ""
        count = f" ({self.leaving} of {self.trajectories} rollouts leave)" if self.trajectories > 1 else ""
        return (
            f"`{self.term}` extrapolates from t = {self.time:.6g} on{of}: {self.input} = {self.value:.4g}, and the "
            f"data it was fitted to hold {self.lowest:.4g} … {self.highest:.4g}{count}"
        )


def seen_ranges(field: VectorField, data: Trajectories) -> dict[str, list[list[float]]]:
    """The range of every input of every learned term over the complete frames of some trajectories."""
    found: dict[str, np.ndarray] = {}
    if not field.model.learned:
        return {}
    whole = np.isfinite(data.state).all(axis=tuple(range(2, data.state.ndim)))
    usable = whole & (np.arange(data.frames) < data.lengths[:, None])
    usable[:, : max(field.memory - 1, 0)] = False
    rows, frames = np.nonzero(usable)
    field = field.driven(data)
    size = max(1, POINTS // int(np.prod(data.shape, dtype=int)))
    for first in range(0, len(rows), size):
        row, frame = rows[first : first + size], frames[first : first + size]
        times = torch.as_tensor(data.times[row, frame], dtype=field.dtype, device=field.device)
        state = torch.as_tensor(data.state[row, frame], dtype=field.dtype, device=field.device)
        past = past_frames(data, row, frame, field.memory)
        driven = field.of_rows(torch.as_tensor(row)).with_past(
            None if past is None else torch.as_tensor(past).to(state)
        )
        with torch.no_grad():
            inputs = driven.learned_inputs(times, state)
        for name, values in inputs.items():
            flat = values.reshape(-1, values.shape[-1]).double().cpu().numpy()
            here = np.stack([flat.min(axis=0), flat.max(axis=0)], axis=1)
            before = found.get(name, here)
            found[name] = np.stack([np.minimum(before[:, 0], here[:, 0]), np.maximum(before[:, 1], here[:, 1])], axis=1)
    return {name: ranges.tolist() for name, ranges in found.items() if np.isfinite(ranges).all()}


def departures(field: VectorField, data: Trajectories, seen: Seen) -> tuple[Departure, ...]:
    """Where rollouts leave what the learned terms have seen, up to the end of each."""
    lookout, rows = Lookout(field, seen), torch.arange(len(data))
    if field.memory and field.past is None:
        # The frames before the rollouts are not known here.
        return ()
    states = torch.as_tensor(data.state)
    for frame, driven in enumerate(at_frames(field.driven(data).with_past(field.past), states)):
        times = torch.as_tensor(data.times[:, frame])
        lookout.look(driven, times, states[:, frame], rows, torch.as_tensor(frame < data.lengths))
    return lookout.found()


class Lookout:
    """Looks at the frames of rollouts.

    Parameters
    ----------
    field : VectorField
        Whose learned terms may leave their ranges.
    seen : mapping
        From `seen_ranges`.
    """

    def __init__(self, field: VectorField, seen: Seen) -> None:
        self.names = {term.name: term.input_names for term in field.model.acting if term.name in seen}
        self.ranges = {name: torch.tensor(seen[name], dtype=torch.float64) for name in self.names}
        self.first: dict[tuple[str, int], dict[int, tuple[float, float]]] = {}
        self.rows: set[int] = set()

    def look(self, field: VectorField, times: Tensor, state: Tensor, rows: Tensor, counted: Tensor) -> None:
        """Note where the inputs of one frame, (B,) and (B, C, *S), leave their ranges; rows that do not count are not.

        Frames come in the order of time.
        """
        self.rows.update(rows.tolist())
        if not self.names:
            return
        with torch.no_grad():
            found = field.learned_inputs(times.to(field.device, field.dtype), state.to(field.device, field.dtype))
        for name, ranges in self.ranges.items():
            values = found[name].double().cpu().reshape(len(rows), -1, len(ranges))
            low, high = ranges.T
            margin = MARGIN * (high - low)
            beyond = torch.maximum(low - margin - values, values - high - margin)
            for row, number in torch.nonzero((beyond > 0).any(1) & counted.cpu()[:, None]).tolist():
                value = float(values[row, int(beyond[row, :, number].argmax()), number])
                self.first.setdefault((name, number), {}).setdefault(int(rows[row]), (float(times[row]), value))

    def found(self) -> tuple[Departure, ...]:
        """For each input that was left, the rollout that left it first."""
        departed = []
        for (name, number), by_row in sorted(self.first.items()):
            row = min(by_row, key=lambda r: (by_row[r][0], r))
            lowest, highest = self.ranges[name][number].tolist()
            departed.append(
                Departure(
                    name, self.names[name][number], row, *by_row[row], lowest, highest, len(by_row), len(self.rows)
                )
            )
        return tuple(departed)
