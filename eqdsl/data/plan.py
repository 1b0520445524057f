"""What would be read for a model: every name found or missed, every axis known, before the large arrays are touched."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import h5py
import numpy as np

from eqdsl.core.errors import DataError, UsageError
from eqdsl.data import checks, coordinates
from eqdsl.data.environments import ENVIRONMENT, load_environments
from eqdsl.data.extraction import check_readable, real_dtype
from eqdsl.data.formats.base import DataFormat
from eqdsl.data.formats.native import TIME, TRAJECTORY
from eqdsl.data.formats.table import NATIVE, sniff
from eqdsl.data.inputs import input_roles, load_input, times_name
from eqdsl.data.inventory import DatasetInfo, Inventory, scan
from eqdsl.data.mapping import Source, map_option, parse_sources
from eqdsl.data.placement import Need, Placement, dataset_name, needs, place
from eqdsl.data.trajectories import InputValues
from eqdsl.model.model import Axis, Input, Model
from eqdsl.numerics.grid import grid_from_coordinates


@dataclass
class Plan:
    """What is known after the names, shapes, times and coordinates of a file have been read.

    `times` is as stored, ``(1, T)`` or ``(B, T)``. `problems` do not depend on each other; a file with any is not read.
    """

    file: str
    model: Model
    inventory: Inventory
    format: DataFormat
    placements: list[Placement] = field(default_factory=list)
    times: np.ndarray | None = None
    time_dataset: str = TIME
    axes: dict[str, np.ndarray] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, InputValues] = field(default_factory=dict)
    input_sources: dict[str, str] = field(default_factory=dict)
    environment: np.ndarray | None = None
    trajectories: int = 0
    notes: list[str] = field(default_factory=list)
    problems: list[DataError] = field(default_factory=list)

    @property
    def state_shape(self) -> tuple[int, ...]:
        """Shape (B, T, C, *S) of the state to read."""
        frames = 0 if self.times is None else self.times.shape[1]
        return (self.trajectories, frames, len(self.model.data_channels), *(x.size for x in self.axes.values()))

    @property
    def dtype(self) -> np.dtype:
        """float32 when every dataset can be held in it, else float64."""
        return np.result_type(np.float32, *(real_dtype(p.info) for p in self.placements))

    @property
    def state_bytes(self) -> int:
        """Memory that the state takes."""
        return math.prod(self.state_shape) * self.dtype.itemsize


def make_plan(
    handle: h5py.File, file: str, model: Model, mapping: Mapping[str, str] | None, *, require_velocity: bool = False
) -> Plan:
    """Find everything the model needs; collects problems instead of raising them.

    Raises
    ------
    DataError
        The file cannot be walked.
    UsageError
        The mapping does not parse, or maps a name that the model does not have.
    """
    sources = parse_sources(mapping)
    _check_targets(sources, model)
    inventory = scan(handle, file)
    wanted = tuple(need.name for need in needs(model, sources))
    layout = sniff(inventory, (*wanted, model.time)) or NATIVE
    planner = _Planner(handle, sources, Plan(file, model, inventory, layout), require_velocity)
    planner.find_times()
    planner.find_axes()
    planner.find_states()
    planner.complete()
    planner.find_inputs()
    planner.find_environments()
    return planner.plan


def plan_inputs(handle: h5py.File, file: str, model: Model, mapping: Mapping[str, str] | None) -> Plan:
    """As `make_plan`, for the inputs alone: a file that holds no states will do."""
    sources = parse_sources(mapping)
    _check_targets(sources, model)
    inventory = scan(handle, file)
    layout = sniff(inventory, (*(i.name for i in model.inputs), model.time)) or NATIVE
    planner = _Planner(handle, sources, Plan(file, model, inventory, layout), require_velocity=False)
    if any(i.time for i in model.inputs):
        planner.find_times()
    planner.find_axes()
    planner.find_inputs()
    return planner.plan


def _check_targets(sources: Mapping[str, Source], model: Model) -> None:
    names = {need.name for need in needs(model, sources)} | {need.name for need in needs(model, {})}
    names |= {i.name for i in model.inputs} | {times_name(i.name) for i in model.inputs if i.time}
    names |= {model.time, TIME} | {a.name for a in model.axes}
    hidden = {dataset_name(c) for c in model.channels if c.hidden} | {c.name for c in model.channels if c.hidden}
    for target in sources:
        if target in hidden:
            raise UsageError(
                f"`--map {target}=…`: `{target}` is hidden in the model, so it is never read",
                help=f"leave the mapping out, or declare `state` instead of `hidden state` for `{target}`",
            )
        if target not in names and target != ENVIRONMENT:
            raise UsageError(
                f"`--map {target}=…`: the model has no `{target}`", help=f"its names are {', '.join(sorted(names))}"
            )


class _Planner:
    """The steps of `make_plan` around one `Plan`."""

    def __init__(self, handle: h5py.File, sources: Mapping[str, Source], plan: Plan, require_velocity: bool) -> None:
        self.handle = handle
        self.sources = sources
        self.plan = plan
        self.require_velocity = require_velocity
        # Sizes by role, and the datasets that prescribe them.
        self.known: dict[str, int] = {}
        self.owners: dict[str, Source] = {}

    def _find(self, name: str) -> tuple[DatasetInfo | None, Source]:
        source = self.sources.get(name) or self.plan.format.source(name, self.plan.inventory)
        info = self.plan.inventory.find(source.dataset)
        if info is not None:
            check_readable(info, self.plan.file)
        elif name in self.sources:
            raise self._absent(name, source.dataset)
        return info, source

    def _absent(self, name: str, dataset: str) -> DataError:
        inventory = self.plan.inventory
        nearest = inventory.nearest(dataset) or (inventory.nearest("time") if name == self.plan.model.time else [])
        held = ", ".join(list(inventory.datasets)[:12]) + (", …" if len(inventory.datasets) > 12 else "")
        guess = nearest[0] if nearest else "DATASET"
        return DataError(
            f"no such dataset (the file holds {held or 'none'})",
            file=self.plan.file,
            dataset=dataset,
            help=f"say where `{name}` is: {map_option(name, guess)}",
        )

    def find_times(self) -> None:
        """Times, under the model's time symbol or ``t``."""
        plan, symbol = self.plan, self.plan.model.time
        try:
            name = symbol if symbol in self.sources or plan.inventory.find(symbol) is not None else TIME
            info, source = self._find(name)
            if info is None:
                raise self._absent(symbol, symbol)
            plan.time_dataset = info.name
            plan.times = coordinates.load_times(self.handle, plan.file, symbol, info, source, plan.notes)
        except DataError as error:
            plan.problems.append(error)
            return
        self.known[symbol] = plan.times.shape[1]
        self.owners[symbol] = source
        if plan.times.shape[0] > 1:
            self.known[TRAJECTORY] = plan.times.shape[0]
        self._take_unit((symbol,), info, plan.model.time_unit)

    def find_axes(self) -> None:
        """Coordinates that the file gives; an axis without any is left for `complete`."""
        plan = self.plan
        for axis in plan.model.axes:
            try:
                info, source = self._find(axis.name)
                if info is None:
                    continue
                x = coordinates.load_coordinate(self.handle, plan.file, axis.name, info, source, plan.notes)
            except DataError as error:
                plan.problems.append(error)
                continue
            plan.axes[axis.name] = x
            self.known[axis.name] = x.size
            self.owners[axis.name] = source
            self._take_unit((axis.name,), info, axis.unit)

    def find_states(self) -> None:
        """A placement for each dataset that fills channels."""
        for name in dict.fromkeys(dataset_name(c) for c in self.plan.model.channels if c.hidden):
            if self.plan.inventory.find(name) is not None:
                self.plan.notes.append(f"the file holds `{name}`, which is hidden in the model: it is not read")
        for need in needs(self.plan.model, self.sources):
            try:
                info, source = self._find(need.name)
                if info is None:
                    self._not_found(need)
                else:
                    self._place(need, info, source)
            except DataError as error:
                self.plan.problems.append(error)

    def _not_found(self, need: Need) -> None:
        if not need.velocity or self.require_velocity:
            raise self._absent(need.name, need.name)
        self.plan.notes.append(f"no dataset `{need.name}`: the velocity of `{need.field.name}` is not in the data")

    def _place(self, need: Need, info: DatasetInfo, source: Source) -> None:
        plan = self.plan
        placement = place(need, info, source, self.known, self.owners, plan.file)
        plan.placements.append(placement)
        if TRAJECTORY not in placement.roles:
            plan.notes.append(f"`{info.name}` has no trajectory axis: read as one trajectory")
        self.known.setdefault(TRAJECTORY, placement.sizes.get(TRAJECTORY, 1))
        if placement.sizes.get(TRAJECTORY, 1) != self.known[TRAJECTORY]:
            raise DataError(
                f"has no trajectory axis, but there are {self.known[TRAJECTORY]} trajectories",
                file=plan.file,
                dataset=info.name,
                help="give every dataset the same number of trajectories",
            )
        for role, size in placement.sizes.items():
            if role in {a.name for a in plan.model.axes}:
                self.known.setdefault(role, size)
        declared = None if need.velocity else need.field.unit
        self._take_unit(need.labels, info, declared)

    def _no_grid(self, axis: Axis) -> DataError:
        return DataError(
            f"nothing in the data varies along `{axis.name}`, so they do not say on which points it is computed",
            file=self.plan.file, dataset=axis.name,
            help=f"write `grid {axis.name} = 64` in the model, or store the coordinates as `{axis.name}`",
        )  # fmt: skip

    def find_inputs(self) -> None:
        """The values of every input; they are small beside the states, and read at once."""
        plan = self.plan
        for declared in plan.model.inputs:
            try:
                info, source = self._find(declared.name)
                if info is None:
                    raise self._no_input(declared)
                times = self._input_times(declared)
                if declared.time and times is None and plan.problems:
                    continue
                plan.inputs[declared.name] = load_input(
                    self.handle, plan.file, declared, info, source, plan.model.time, times, self.known, plan.notes
                )
                plan.input_sources[declared.name] = source.text()
                self._take_unit((declared.name,), info, declared.unit)
            except DataError as error:
                plan.problems.append(error)

    def find_environments(self) -> None:
        """The environment of each trajectory, where the file tells it."""
        plan = self.plan
        if not plan.trajectories or ENVIRONMENT in {i.name for i in plan.model.inputs}:
            return
        try:
            info, source = self._find(ENVIRONMENT)
            if info is not None:
                plan.environment = load_environments(
                    self.handle, plan.file, info, source, plan.trajectories, plan.notes
                )
        except DataError as error:
            plan.problems.append(error)

    def _no_input(self, declared: Input) -> DataError:
        roles = ", ".join(input_roles(declared, self.plan.model.time))
        error = self._absent(declared.name, declared.name)
        return DataError(
            f"the model's input `{declared.name}` is missing: {error.message.rpartition(': ')[2]}",
            file=self.plan.file, dataset=declared.name,
            help=f"write a dataset `{declared.name}` with the axes ({roles}), or {error.help}",
        )  # fmt: skip

    def _input_times(self, declared: Input) -> np.ndarray | None:
        """The series' own times, or else those of the frames."""
        if not declared.time:
            return None
        info, source = self._find(times_name(declared.name))
        if info is None:
            return self.plan.times
        symbol = self.plan.model.time
        return coordinates.load_times(self.handle, self.plan.file, symbol, info, source, self.plan.notes)

    def _take_unit(self, names: tuple[str, ...], info: DatasetInfo, declared: str | None) -> None:
        """Keep the file's unit, which must be that of the model: numbers are never converted."""
        if not info.units:
            return
        self.plan.units.update(dict.fromkeys(names, info.units))
        if declared is None:
            return
        problem, note = checks.compared_units(info, declared, self.plan.file)
        self.plan.problems += [problem] if problem is not None else []
        self.plan.notes += [note] if note is not None else []

    def complete(self) -> None:
        """Coordinates from the model's grid where the file has none; the whole grid against the model's extents."""
        plan, broken = self.plan, {e.dataset for e in self.plan.problems}
        plan.trajectories = self.known.get(TRAJECTORY, 0)
        for axis in plan.model.axes:
            if axis.name in plan.axes or axis.name in broken:
                continue
            size = self.known.get(axis.name, axis.points)
            if size is None:
                plan.problems += [] if plan.problems else [self._no_grid(axis)]
                continue
            try:
                nearest = [*plan.inventory.nearest(axis.name), "DATASET"][0]
                plan.axes[axis.name] = coordinates.coordinate_from_grid(axis, size, nearest, plan.file)
            except DataError as error:
                plan.problems.append(error)
                continue
            plan.notes.append(f"no coordinates `{axis.name}`: taken from `grid {axis.name} = {axis.points}`")
        if len(plan.axes) == len(plan.model.axes):
            plan.axes = {axis.name: plan.axes[axis.name] for axis in plan.model.axes}
            try:
                grid_from_coordinates(plan.model, plan.axes, file=plan.file)
            except DataError as error:
                plan.problems.append(error)
