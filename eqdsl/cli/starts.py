"""What `eqdsl simulate --from` takes from a data file: the states to start from, and the times."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from eqdsl.cli.console import say
from eqdsl.core.errors import DataError, UsageError
from eqdsl.data.trajectories import Trajectories
from eqdsl.data.velocities import in_model_order, missing_velocities, with_velocities
from eqdsl.lowering.vector_field import VectorField
from eqdsl.simulation.observing import first_states


def times_of(data: Trajectories) -> np.ndarray:
    """The times of a data file, (T,) where its trajectories share them, else (B, T).

    Raises
    ------
    UsageError
        Trajectories differ in length.
    """
    if not np.all(data.lengths == data.frames):
        raise UsageError(
            "the trajectories of the --from file have different numbers of frames",
            help="give the times: for example `--until 10 --every 0.1`",
        )
    same = np.all(data.times == data.times[:1])
    times: np.ndarray = data.times[0] if same else data.times
    return times


def shared_start(data: Trajectories) -> float:
    """The first time of all trajectories.

    Raises
    ------
    UsageError
        They start at different times: frames up to one last time would not be the same for all.
    """
    first = data.times[:, 0]
    if not np.all(first == first[0]):
        alike = np.all(data.lengths == data.frames)
        raise UsageError(
            f"the trajectories of the --from file start at different times, {first.min():g} to {first.max():g}",
            help="leave out --until and --every: every trajectory then has its own times of the file" if alike
            else "bring the start times in the file together, or simulate the trajectories of one start at a time",
        )  # fmt: skip
    return float(first[0])


def first_frames(data: Trajectories, field: VectorField, file: str) -> torch.Tensor:
    """Initial states (B, C, *S) from the first frames.

    A velocity that the file lacks is what the model's ``init`` says, else the slope of the first frames, as in
    `eqdsl evaluate`.

    Raises
    ------
    DataError
        Values are missing in a first frame, or a trajectory is too short for a slope.
    """
    filled = _with_velocities(in_model_order(data, field.model), field, file)
    start = torch.as_tensor(first_states(field.driven(filled), filled), dtype=field.dtype)
    missing = torch.isnan(start).flatten(2).any(dim=2) if start.dim() > 2 else torch.isnan(start)
    for index, channel in enumerate(field.model.channels):
        if bool(missing[:, index].any()):
            row = int(missing[:, index].nonzero()[0, 0])
            raise DataError(
                f"values are missing in the first frame of trajectory {row}",
                file=file, dataset=channel.name, help="leave that trajectory out, or begin it at a complete frame",
            )  # fmt: skip
    return start


def _with_velocities(data: Trajectories, field: VectorField, file: str) -> Trajectories:
    """The trajectories with something in place of every velocity that the file lacks."""
    names = field.model.channel_names
    missing = [names[i] for i in missing_velocities(data, field.model)]
    if not missing:
        return data
    given = {name: value for name, value in field.initial_values().items() if name in missing}
    state = data.state.copy()
    for name, value in given.items():
        state[:, 0, names.index(name)] = value.numpy()
        say(f"note: {file} holds no `{name}`; it starts as the model's `init` says")
    data = replace(data, state=state)
    estimated = [name for name in missing if name not in given]
    if not estimated:
        return data
    if int(data.lengths.min()) < 3:
        raise DataError(
            "is missing, and a trajectory of under 3 frames is too short to estimate it",
            file=file, dataset=estimated[0], help=f"add it, or write `init {estimated[0]} = …` in the model",
        )  # fmt: skip
    for name in estimated:
        say(f"note: {file} holds no `{name}`; it is estimated from the first frames")
    return with_velocities(data, field.model)
