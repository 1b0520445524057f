"""Read trajectories for a model from a data file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import h5py
import numpy as np

from eqdsl.core.errors import DataError
from eqdsl.data import checks, coordinates
from eqdsl.data.extraction import check_memory, load
from eqdsl.data.formats.native import COMPONENT, TRAJECTORY
from eqdsl.data.inputs import with_wall_series
from eqdsl.data.placement import Need, Placement
from eqdsl.data.plan import Plan, make_plan, plan_inputs
from eqdsl.data.safety import open_file
from eqdsl.data.scattered import points_in
from eqdsl.data.trajectories import InputValues, Points, Trajectories
from eqdsl.model.model import Model


def read_data(
    path: str | Path,
    model: Model,
    *,
    mapping: Mapping[str, str] | None = None,
    require_velocity: bool = False,
    minimum_frames: int = 2,
    scattered: bool = False,
) -> Trajectories:
    """Trajectories of what the data of a model hold: its states, or what its ``observe`` statements say.

    Parameters
    ----------
    path : path
        An HDF5 file, in the native layout or mapped onto it.
    model : Model
        Says which states, axes and extents are expected. The data's grid wins over its ``grid``.
    mapping : mapping of str to str, optional
        Where names stand: ``{"u": "tensor[...,0]", "t": "t-coordinate"}`` (see `eqdsl.data.mapping`).
    require_velocity : bool
        Whether the velocity ``dt(w)`` of a second-order state must be in the file. Otherwise its channel is all NaN
        when it is not, and the caller decides (a fit then fits the initial velocity).
    minimum_frames : int
        Frames that every trajectory must have. With 1, initial states are enough and a state may be constant.

    scattered : bool
        Whether scattered points will do; the result then has `points` and no frame yet.

    Returns
    -------
    Trajectories
        `state` of shape (B, T, C, *S) in float32 when all its datasets are, else float64; NaN where missing and past
        the end of shorter trajectories. What was assumed stands in `notes`.

    Raises
    ------
    DataError
        The file is unsafe, damaged, or does not fit the model; all problems found are in one message.
    UsageError
        The mapping does not parse or maps an unknown name.
    """
    file = str(path)
    with open_file(path) as handle:
        found = points_in(handle, file, model, mapping)
        if found is not None and scattered:
            return _without_frames(*found, model)
        if found is not None:
            raise DataError(
                "holds scattered points, and frames on a grid are needed here",
                file=file,
                help="fit to them (`eqdsl fit --objective collocation`), or give a file with frames",
            )
        plan = make_plan(handle, file, model, mapping, require_velocity=require_velocity)
        _raise_all(plan.problems, file)
        trajectories, problems = load_trajectories(handle, plan, minimum_frames)
    _raise_all(problems, file)
    return trajectories


def read_inputs(
    path: str | Path, model: Model, *, mapping: Mapping[str, str] | None = None
) -> tuple[dict[str, InputValues], dict[str, np.ndarray]]:
    """The inputs of a model alone, and the coordinates of the axes that the file gives.

    Raises
    ------
    DataError
        As `read_data`.
    UsageError
        The mapping does not parse or maps an unknown name.
    """
    file = str(path)
    with open_file(path) as handle:
        plan = plan_inputs(handle, file, model, mapping)
    _raise_all(plan.problems, file)
    return plan.inputs, plan.axes


def load_trajectories(handle: h5py.File, plan: Plan, minimum_frames: int) -> tuple[Trajectories, list[DataError]]:
    """Load what a plan without problems says, with the problems of its values.

    Raises
    ------
    DataError
        A dataset cannot be read, or the times make no sense.
    """
    state = _load_state(handle, plan)
    times, lengths = _times_and_lengths(plan, state)
    problems = _value_problems(plan, state, lengths, minimum_frames)
    names, notes = plan.model.data_channel_names, tuple(plan.notes)
    found = Trajectories(times, state, lengths, names, plan.axes, plan.units, notes, plan.inputs, plan.environment)
    try:
        return with_wall_series(found, plan.model, plan.file), problems
    except DataError as error:
        return found, [*problems, error]


def _without_frames(points: Points, environment: np.ndarray | None, model: Model) -> Trajectories:
    """Trajectories that hold points alone."""
    rows, shape = len(points.at), tuple(0 for _ in model.axes)
    state = np.zeros((rows, 0, len(model.channels), *shape))
    return Trajectories(
        np.zeros((rows, 0)), state, np.zeros(rows, int), model.channel_names, environment=environment, points=points
    )


def _raise_all(problems: Sequence[DataError], file: str) -> None:
    """Raise one problem as it is, several as one error that lists them."""
    distinct = list({str(p): p for p in problems}.values())
    if len(distinct) == 1:
        raise distinct[0]
    if distinct:
        listed = "\n".join("- " + str(p).replace("\n", "\n  ") for p in distinct)
        raise DataError(f"{len(distinct)} problems\n{listed}", file=file)


def _load_state(handle: h5py.File, plan: Plan) -> np.ndarray:
    check_memory(plan.state_bytes, plan.file)
    state = np.full(plan.state_shape, np.nan, plan.dtype)
    for placement in plan.placements:
        values = load(handle, plan.file, placement.info, placement.source, plan.notes)
        _put(state, placement, values)
    return state


def _put(state: np.ndarray, placement: Placement, values: np.ndarray) -> None:
    """Write the values (axes as stored) into the channels that they fill."""
    ordered = values.transpose(placement.order)
    if TRAJECTORY not in placement.roles:
        ordered = ordered[None]
    for number, channel in enumerate(placement.need.channels):
        part = ordered[..., number] if COMPONENT in placement.roles else ordered
        if placement.need.uniform:
            part = part.reshape(part.shape + (1,) * (state.ndim - 3))
        state[:, :, channel] = part


def _times_and_lengths(plan: Plan, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    assert plan.times is not None, "a plan without times has a problem and is not read"
    stored = np.repeat(plan.times, len(state), axis=0) if len(plan.times) == 1 else plan.times
    present = np.zeros(stored.shape, bool)
    for channel in range(state.shape[2]):
        values = state[:, :, channel]
        present |= ~np.isnan(values).all(axis=tuple(range(2, values.ndim)))
    if not present.any():
        if not plan.placements:
            raise DataError(
                "the model takes no values from the file: nothing in it is observed",
                file=plan.file,
                help="declare a state without `hidden`, or write `observe y = …`",
            )
        raise DataError("all values are NaN", file=plan.file, help="map the states to other datasets with `--map`")
    lengths = coordinates.trajectory_ends(stored, present, plan.time_dataset, plan.file)
    coordinates.check_increasing(stored, lengths, plan.time_dataset, plan.file)
    return coordinates.continue_times(stored, lengths), lengths


def _own_values(state: np.ndarray, need: Need) -> np.ndarray:
    """What a dataset gave, out of the state: its channels, without the copies of a uniform one along the grid."""
    first, last = need.channels[0], need.channels[-1]
    adjacent = last - first + 1 == len(need.channels)
    values = state[:, :, first : last + 1] if adjacent else state[:, :, list(need.channels)]
    return values.reshape(*values.shape[:3], -1)[..., :1] if need.uniform else values


def _value_problems(plan: Plan, state: np.ndarray, lengths: np.ndarray, minimum_frames: int) -> list[DataError]:
    problems: list[DataError] = []
    if lengths.min() < minimum_frames:
        row = int(lengths.argmin())
        count = f"{lengths[row]} frame{'s' if lengths[row] != 1 else ''}"
        problems.append(
            DataError(
                f"trajectory {row} has {count}, at least {minimum_frames} are needed",
                file=plan.file,
                dataset=plan.time_dataset,
                help="leave out trajectories that are this short",
            )
        )
    for placement in plan.placements:
        need, name = placement.need, placement.info.name
        values = _own_values(state, need)
        changes = minimum_frames > 1 and plan.model.unobserved.isdisjoint(need.labels)
        problems += checks.value_problems(need, name, values, plan.file, constant=changes)
        note = checks.bound_note(need, name, values)
        plan.notes += [note] if note else []
    return problems
