"""Reading of measurements at scattered points of time and space."""

from __future__ import annotations

from collections.abc import Mapping

import h5py
import numpy as np

from eqdsl.core.errors import DataError
from eqdsl.data.environments import ENVIRONMENT, load_environments
from eqdsl.data.extraction import load
from eqdsl.data.formats.native import TIME
from eqdsl.data.formats.points import PointsFormat
from eqdsl.data.inventory import Inventory, scan
from eqdsl.data.mapping import Source, parse_sources
from eqdsl.data.placement import needs
from eqdsl.data.trajectories import Points
from eqdsl.model.model import Model

FORMAT = PointsFormat()
SHAPES = "store `t`, the axes and the states with one number for each point, shape (trajectory, point)"


def points_in(
    handle: h5py.File, file: str, model: Model, mapping: Mapping[str, str] | None
) -> tuple[Points, np.ndarray | None] | None:
    """The scattered points of a file, and the environment of each trajectory where it tells; None for frames on a grid.

    Raises
    ------
    DataError
        Shapes do not fit each other, points lie outside of the domain, or nothing is known.
    """
    if not model.axes:
        return None
    inventory, sources = scan(handle, file), parse_sources(mapping)
    time = model.time if model.time in sources or model.time in inventory.datasets else TIME
    names = [time, *(axis.name for axis in model.axes)]
    stored = {name: sources.get(name) or FORMAT.source(name, inventory) for name in names}
    if not FORMAT.recognises(inventory, [source.dataset for source in stored.values()]):
        return None
    notes: list[str] = []
    columns = [_load(handle, inventory, source, notes) for source in stored.values()]
    shape = columns[0].shape
    _refuse_what_points_lack(model, file)
    values = np.full((*shape, len(model.channels)), np.nan)
    for need in needs(model, sources):
        source = sources.get(need.name) or FORMAT.source(need.name, inventory)
        if inventory.find(source.dataset) is None:
            if need.velocity:
                continue
            raise DataError(f"no dataset `{source.dataset}` beside the points", file=file, help=SHAPES)
        found = _load(handle, inventory, source, notes)
        if found.shape != (shape if len(need.channels) == 1 and found.ndim == 2 else (*shape, len(need.channels))):
            raise DataError(
                f"has the shape {found.shape}, the points {shape}", file=file, dataset=source.dataset, help=SHAPES
            )
        values[..., list(need.channels)] = found.reshape(*shape, -1)
    points = Points(np.stack(columns, axis=-1), values)
    _check(points, model, file)
    source = sources.get(ENVIRONMENT) or FORMAT.source(ENVIRONMENT, inventory)
    info = inventory.find(source.dataset)
    if info is None:
        return points, None
    return points, load_environments(handle, file, info, source, shape[0], notes)


def _load(handle: h5py.File, inventory: Inventory, source: Source, notes: list[str]) -> np.ndarray:
    info = inventory.find(source.dataset)
    assert info is not None
    return load(handle, inventory.file, info, source, notes).astype(np.float64)


def _refuse_what_points_lack(model: Model, file: str) -> None:
    """Raise `DataError` for a model that reads more than states at points."""
    reads = [f"`{o.name}` is observed through an expression" for o in model.observations if o.components]
    reads += [f"the input `{i.name}` is read from the data" for i in model.inputs]
    if reads:
        raise DataError(
            f"holds scattered points of the states, and {reads[0]}",
            file=file, help="give frames on a grid: a dataset `t` of one axis, and states with an axis of time",
        )  # fmt: skip


def _check(points: Points, model: Model, file: str) -> None:
    """Raise `DataError` for points that no network could be fitted to."""
    begin, end = points.times()
    short = np.flatnonzero(~(begin < end))
    if len(short):
        raise DataError(
            f"trajectory {short[0]} has no two points with a known value at different times",
            file=file, help="leave it out, or store its points",
        )  # fmt: skip
    for number, axis in enumerate(model.axes, start=1):
        x = points.at[..., number]
        beyond = np.isfinite(x) & ((x < axis.lower) | (x > axis.upper))
        if beyond.any():
            raise DataError(
                f"{int(beyond.sum())} points lie outside of `{axis.name}`, such as {x[beyond][0]:.6g}",
                file=file, dataset=axis.name,
                help=f"the model says `{axis.name} in [{axis.lower:g}, {axis.upper:g}]`: widen it, or leave them out",
            )  # fmt: skip
