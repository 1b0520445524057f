"""Values that drive a model: its inputs, and the points of walls that follow the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import h5py
import numpy as np

from eqdsl.core.errors import DataError
from eqdsl.data import coordinates
from eqdsl.data.extraction import load
from eqdsl.data.formats.native import TRAJECTORY
from eqdsl.data.inventory import DatasetInfo
from eqdsl.data.mapping import Source, expand_index, map_option
from eqdsl.data.trajectories import InputValues, Trajectories
from eqdsl.model.model import Input, Model
from eqdsl.model.walls import WallCondition, wall_series

GAPS = "what drives the equations must be known at every time: fill the gaps, or leave those trajectories out"


def times_name(name: str) -> str:
    """The dataset with the times of a series, where they are not those of the frames."""
    return f"{name}.t"


def input_roles(declared: Input, time: str) -> tuple[str, ...]:
    """What the axes of an input's dataset are."""
    first = (TRAJECTORY,) if declared.per_trajectory else ()
    return (*first, *((time,) if declared.time else ()), *declared.axes)


def load_input(
    handle: h5py.File, file: str, declared: Input, info: DatasetInfo, source: Source, time: str,
    times: np.ndarray | None, known: Mapping[str, int], notes: list[str],
) -> InputValues:  # fmt: skip
    """The values of one input.

    Parameters
    ----------
    times : ndarray, shape (1 | B, T), optional
        Of a series.
    known : mapping of str to int
        Sizes by role.

    Raises
    ------
    DataError
        The shape does not fit, or a value is missing.
    """
    roles = input_roles(declared, time)
    order = _order(declared, info, source, roles, file)
    values = load(handle, file, info, source, notes).transpose(order)
    if not declared.time:
        times = None
    elif times is None:
        raise DataError("is a series, but its times are not known", file=file, dataset=info.name)
    elif len(times) > 1 and not declared.per_trajectory:
        raise DataError(
            "is one series for all, but the trajectories have times of their own",
            file=file, dataset=info.name,
            help=f"store its own times as `{times_name(declared.name)}`, or declare `input {declared.name}("
            f"{', '.join((*declared.axes, time))}) per trajectory`",
        )  # fmt: skip
    sizes = {**known} if times is None else {**known, time: times.shape[1]}
    for role, size in zip(roles, values.shape, strict=True):
        if size != sizes.get(role, size):
            what = {
                TRAJECTORY: "trajectories where there are",
                time: f"frames where the times of `{declared.name}` are",
            }
            words = what.get(role, f"points along `{role}` where its coordinates are")
            raise DataError(
                f"its shape {values.shape} has {size} {words} {sizes[role]}",
                file=file, dataset=info.name, help=f"store `{declared.name}` with the axes ({', '.join(roles)})",
            )  # fmt: skip
    rows = values if declared.per_trajectory else values[None]
    return _checked(InputValues(rows, times), file, info.name)


def _order(declared: Input, info: DatasetInfo, source: Source, roles: tuple[str, ...], file: str) -> tuple[int, ...]:
    """What brings the axes as stored into the order of `roles`."""
    names = f"({', '.join(roles)})" if roles else "no axis: one number"
    try:
        _, shape = expand_index(source, info.shape)
    except ValueError as error:
        raise DataError(str(error), file=file, dataset=info.name, help="take an index that fits the shape") from None
    if source.roles is not None and sorted(source.roles) != sorted(roles):
        help = f"the axes of `{declared.name}` are {names}"
        raise DataError(f"cannot have the axes of `{source.text()}`", file=file, dataset=info.name, help=help)
    if len(shape) != len(roles):
        per = declared.per_trajectory
        other = "leave out `per trajectory` for one" if per else "declare it `per trajectory` for several"
        raise DataError(
            f"has shape {shape}; the input `{declared.name}` needs {names}",
            file=file, dataset=info.name,
            help=f"{other}, or pick a part: {map_option(declared.name, info.name + '[0]')}",
        )  # fmt: skip
    if 0 in shape:
        raise DataError(f"is empty: shape {shape}", file=file, dataset=info.name, help="store at least one value")
    return tuple(range(len(shape))) if source.roles is None else tuple(source.roles.index(r) for r in roles)


def _checked(values: InputValues, file: str | None, dataset: str) -> InputValues:
    """Values without gaps: what stands past the end of a series repeats its last one.

    Raises
    ------
    DataError
        A value is not finite, or times do not increase.
    """
    array, times = values.values, values.times
    if times is not None:
        present = np.broadcast_to(np.isfinite(times), (len(times), times.shape[1]))
        lengths = coordinates.trajectory_ends(times, present, dataset, file or "the data")
        coordinates.check_increasing(times, lengths, dataset, file or "the data")
        filled = coordinates.continue_times(times, lengths)
        frames = np.minimum(np.arange(times.shape[1]), lengths[:, None] - 1)
        rows = np.broadcast_to(frames, (len(array), times.shape[1]))
        array = array[np.arange(len(array))[:, None], rows]
        values = InputValues(array, filled, lengths)
    wrong = np.argwhere(~np.isfinite(array))
    if wrong.size:
        row, *place = (int(i) for i in wrong[0])
        where = f"trajectory {row}" if len(array) > 1 else ""
        if values.times is not None:
            when = float(values.times[row if len(values.times) > 1 else 0, place[0]])
            where = ", ".join(filter(None, (where, f"t = {when:.6g}")))
        raise DataError(
            f"{len(wrong)} of {array.size} values are missing or not finite"
            + (f", the first at {where}" if where else ""),
            file=file, dataset=dataset, help=GAPS,
        )  # fmt: skip
    return values


def with_wall_series(trajectories: Trajectories, model: Model, file: str | None = None) -> Trajectories:
    """The trajectories with the series of every wall that follows the data, where they are not there yet.

    Raises
    ------
    DataError
        A value on such a wall is missing.
    """
    found = dict(trajectories.inputs)
    for wall in model.driven_walls:
        name = wall_series(wall.channel, wall.axis, wall.side)
        if name not in found:
            found[name] = _wall_values(trajectories, model, wall, file)
    return replace(trajectories, inputs=found)


def _wall_values(trajectories: Trajectories, model: Model, wall: WallCondition, file: str | None) -> InputValues:
    state = trajectories.state[:, :, model.channel_names.index(wall.channel)]
    axis = 2 + [a.name for a in model.axes].index(wall.axis)
    side = np.take(state, [-1 if wall.side else 0], axis=axis)
    inside = np.arange(trajectories.frames) < trajectories.lengths[:, None]
    times = np.where(inside, trajectories.times, np.nan)
    return _checked(InputValues(side, times), file, f"{wall.channel}` at `{wall.text.rpartition(' at ')[2]}")


def check_inputs(trajectories: Trajectories, model: Model) -> None:
    """Whether everything that drives a model is there.

    Raises
    ------
    DataError
        Names the input that is not.
    """
    missing = next((i.name for i in model.inputs if i.name not in trajectories.inputs), None)
    if missing is not None:
        raise DataError(
            f"the trajectories hold no values of the input `{missing}`",
            help=f"read them from a file with a dataset `{missing}`, or give `Trajectories(…, inputs=…)`",
        )


def without_driven(present: np.ndarray, model: Model) -> np.ndarray:
    """Which values count, shape (..., C, *S): not those on walls that follow the data, which are given."""
    counted = present.copy()
    names = [a.name for a in model.axes]
    for wall in model.driven_walls:
        values = counted[:, :, model.channel_names.index(wall.channel)]
        np.moveaxis(values, 2 + names.index(wall.axis), 0)[-1 if wall.side else 0] = False
    return counted


def only_inputs(values: Mapping[str, InputValues], model: Model) -> Trajectories:
    """Trajectories without a frame that hold what drives a model."""
    rows = max((len(v.values) for v in values.values()), default=1)
    shape = (rows, 0, len(model.channels), *(0 for _ in model.axes))
    return Trajectories(
        np.zeros((rows, 0)), np.zeros(shape), np.zeros(rows, int), model.channel_names, inputs=dict(values)
    )
