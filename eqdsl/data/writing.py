"""Write trajectories in the native layout: plain HDF5 with units and dimension scales."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import h5py
import numpy as np

from eqdsl.core.errors import UsageError
from eqdsl.data.environments import ENVIRONMENT
from eqdsl.data.formats.native import COMPONENT, LAYOUT_ATTRIBUTE, LAYOUT_VERSION, TIME, TRAJECTORY
from eqdsl.data.inputs import times_name
from eqdsl.data.trajectories import InputValues, Trajectories
from eqdsl.model.model import Model

Attribute = str | bool | int | float | Sequence[float]
FRAME = "frame"
"""Dimension of time where every trajectory has times of its own."""


def write_trajectories(
    path: str | Path,
    trajectories: Trajectories,
    *,
    model: Model | None = None,
    attributes: Mapping[str, Attribute] | None = None,
    force: bool = False,
) -> None:
    """Write the native layout: one dataset per state with shape ``(trajectory, time, *axes)``.

    A vector state is one dataset with its components on a last axis; a uniform channel of a model with space has shape
    ``(trajectory, time)``. Times are ``(time,)`` when all trajectories share them, else ``(trajectory, time)`` with NaN
    past the end. A velocity or hidden channel that is all NaN is left out. Dimension scales carry the names, so that
    ``xarray.open_dataset(path, engine="h5netcdf")`` shows them.

    Parameters
    ----------
    path : path
        File to write; its folder must exist.
    trajectories : Trajectories
        What to write.
    model : Model, optional
        Gives units, the name of time, and which channels are uniform. Without it every channel is written on the grid.
    attributes : mapping, optional
        Further attributes of the file: texts, numbers, sequences of numbers.
    force : bool
        Whether an existing file may be replaced.

    Raises
    ------
    UsageError
        The file exists and `force` is not given, its folder does not exist, an attribute is neither text nor number,
        or the channels are not the model's.
    """
    target = Path(path)
    _check_target(target, force)
    checked = {name: _checked_attribute(name, value) for name, value in (attributes or {}).items()}
    if model is not None and trajectories.channels not in (model.channel_names, model.data_channel_names):
        raise UsageError(
            f"the trajectories have the channels {', '.join(trajectories.channels)}, "
            f"the model {', '.join(model.data_channel_names)}",
            help="write them with the model they were made with, or without a model",
        )
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with h5py.File(temporary, "w") as file:
            _Writer(file, trajectories, model).write()
            file.attrs.update(checked)
        temporary.replace(target)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error}", help="check permissions and free space") from None
    finally:
        temporary.unlink(missing_ok=True)


def _check_target(target: Path, force: bool) -> None:
    if target.is_dir():
        raise UsageError(f"{target}: is a folder", help="name a file inside it, such as `out.h5`")
    if not target.parent.is_dir():
        raise UsageError(f"{target}: its folder does not exist", help=f"create it: `mkdir -p {target.parent}`")
    if target.exists() and not force:
        raise UsageError(f"{target}: exists already", help="name another file, or replace it with `--force`")


def _checked_attribute(name: str, value: object) -> object:
    if isinstance(value, (str, bool, int, float, np.number, np.bool_)):
        return value
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise UsageError(f"attribute `{name}` is a {type(value).__name__}", help="give a text, a number, or numbers")
    return array


class _Writer:
    """The steps of `write_trajectories` on one open file."""

    def __init__(self, file: h5py.File, trajectories: Trajectories, model: Model | None) -> None:
        self.file = file
        self.trajectories = trajectories
        self.groups = group_channels(trajectories, model)
        self.time = model.time if model is not None else TIME
        self.units = _units(trajectories, model)
        self.inputs = model.inputs if model is not None else ()
        self.taken = {*(i.name for i in self.inputs), *self.groups, *trajectories.axes, self.time}
        self.uniform = {c.name for c in model.data_channels if c.uniform} if model is not None else set()
        if model is not None:
            self.file.attrs["title"] = model.doc or model.name

    def write(self) -> None:
        """Scales first, then the states that refer to them."""
        self.file.attrs[LAYOUT_ATTRIBUTE] = LAYOUT_VERSION
        trajectory = self._scale(self._free(TRAJECTORY), np.arange(len(self.trajectories)))
        frame = self._write_times(trajectory)
        axes = [self._scale(name, np.asarray(x), self.units.get(name)) for name, x in self.trajectories.axes.items()]
        component: h5py.Dataset | None = None
        for name, channels in self.groups.items():
            values = self._values(channels)
            uniform = self.trajectories.channels[channels[0]] in self.uniform
            dimensions = [trajectory, frame, *([] if uniform else axes)]
            if values.ndim > len(dimensions):
                component = component or self._scale(self._free(COMPONENT), np.arange(len(channels)))
                dimensions.append(component)
            self._dataset(name, values, dimensions, self.units.get(self.trajectories.channels[channels[0]]))
        for name, driving in self._declared().items():
            self._write_input(name, driving)
        if self.trajectories.environment is not None and ENVIRONMENT not in self.taken:
            self._dataset(ENVIRONMENT, self.trajectories.environment, [trajectory], None)

    def _declared(self) -> dict[str, InputValues]:
        """The inputs; walls that follow the data are read off the states again."""
        found = {i.name for i in self.inputs}
        return {name: values for name, values in self.trajectories.inputs.items() if name in found}

    def _write_input(self, name: str, driving: InputValues) -> None:
        """An input, and its own times."""
        declared = next(i for i in self.inputs if i.name == name)
        self._dataset(name, driving.values if declared.per_trajectory else driving.values[0], [], declared.unit)
        if driving.times is not None:
            past = np.arange(driving.times.shape[1]) >= _lengths(driving)[:, None]
            times = np.where(past, np.nan, driving.times)
            self._dataset(times_name(name), times if len(times) > 1 else times[0], [], self.units.get(self.time))

    def _free(self, name: str) -> str:
        """The name of a dimension, changed when the model uses it for something else."""
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name

    def _write_times(self, trajectory: h5py.Dataset) -> h5py.Dataset:
        times, lengths = np.asarray(self.trajectories.times, float), self.trajectories.lengths
        real = np.arange(times.shape[1]) < lengths[:, None]
        longest = times[int(np.argmax(lengths))] if len(times) else np.arange(times.shape[1], dtype=float)
        if np.all((times == longest) | ~real):
            return self._scale(self.time, longest, self.units.get(self.time))
        frame = self._scale(self._free(FRAME), np.arange(times.shape[1]))
        self._dataset(self.time, np.where(real, times, np.nan), [trajectory, frame], self.units.get(self.time))
        return frame

    def _values(self, channels: Sequence[int]) -> np.ndarray:
        """``(B, T, *S)`` for a scalar, ``(B, T, *S, n)`` for a vector, ``(B, T)`` when uniform; NaN past the end."""
        state = self.trajectories.state[:, :, list(channels)]
        if self.trajectories.channels[channels[0]] in self.uniform:
            state = state.reshape(*state.shape[:3], -1)[..., 0]
        past = np.arange(state.shape[1]) >= self.trajectories.lengths[:, None]
        state = np.where(past.reshape(past.shape + (1,) * (state.ndim - 2)), np.nan, state).astype(state.dtype)
        scalar = len(channels) == 1 and "." not in self.trajectories.channels[channels[0]]
        return state[:, :, 0] if scalar else np.moveaxis(state, 2, -1)

    def _scale(self, name: str, values: np.ndarray, unit: str | None = None) -> h5py.Dataset:
        dataset = self.file.create_dataset(name, data=values)
        dataset.make_scale(name)
        _set_unit(dataset, unit)
        return dataset

    def _dataset(self, name: str, values: np.ndarray, dimensions: Sequence[h5py.Dataset], unit: str | None) -> None:
        dataset = self.file.create_dataset(name, data=values)
        for axis, scale in enumerate(dimensions):
            dataset.dims[axis].attach_scale(scale)
        _set_unit(dataset, unit)


def _lengths(driving: InputValues) -> np.ndarray:
    assert driving.times is not None
    return np.full(len(driving.times), driving.times.shape[1]) if driving.lengths is None else driving.lengths


def _set_unit(dataset: h5py.Dataset, unit: str | None) -> None:
    if unit:
        dataset.attrs["units"] = unit


def group_channels(trajectories: Trajectories, model: Model | None) -> dict[str, list[int]]:
    """Positions along C by dataset: ``{"u": [0], "w": [1, 2]}``.

    Velocities and unobserved states that are all NaN are left out.
    """
    groups: dict[str, list[int]] = {}
    for position, name in enumerate(trajectories.channels):
        groups.setdefault(_dataset_name(name, model), []).append(position)
    unobserved = set() if model is None else {_dataset_name(name, model) for name in model.unobserved}
    may_lack = {name for name in groups if name.startswith("dt(") or name in unobserved}
    return {
        name: positions
        for name, positions in groups.items()
        if not (name in may_lack and np.isnan(trajectories.state[:, :, positions]).all())
    }


def _dataset_name(channel: str, model: Model | None) -> str:
    """``w`` for ``w.x``; ``dt(w)`` for a velocity, whichever way its component is written."""
    if model is not None:
        found = model.data_channel(channel)
        return f"dt({found.field})" if found.velocity else found.field
    inner = channel[3:].replace(")", "") if channel.startswith("dt(") else channel
    field = inner.partition(".")[0]
    return f"dt({field})" if channel.startswith("dt(") else field


def _units(trajectories: Trajectories, model: Model | None) -> dict[str, str]:
    """Units by channel, axis and time: those of the trajectories, else the model's."""
    units: dict[str, str] = {}
    if model is not None:
        fields = {f.name: f.unit for f in model.fields}
        declared = {a.name: a.unit for a in model.axes} | {model.time: model.time_unit}
        declared |= {c.name: fields[c.field] for c in model.channels if not c.velocity}
        units = {name: unit for name, unit in declared.items() if unit}
    return units | dict(trajectories.units)
