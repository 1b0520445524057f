"""What a data file holds, and what a model would take from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import h5py
import numpy as np

from eqdsl.core.errors import DataError
from eqdsl.data.inventory import DatasetInfo, Inventory, scan
from eqdsl.data.plan import Plan, make_plan
from eqdsl.data.reading import load_trajectories
from eqdsl.data.safety import open_file, size_text
from eqdsl.data.sampling import Statistics, dataset_statistics
from eqdsl.data.scattered import FORMAT, points_in
from eqdsl.data.trajectories import Points
from eqdsl.model.model import Model

MAX_CHECKED_BYTES = 1 << 28
"""States up to this size are read to check their values; larger ones by names, shapes, times and axes only."""
MAX_DESCRIBED = 200
"""Number of datasets whose values are looked at."""


@dataclass(frozen=True)
class DatasetSummary:
    """One dataset; `refusal` says why its values are not read, `statistics` is None then."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    stored_bytes: int
    chunks: tuple[int, ...] | None
    filters: tuple[str, ...]
    units: str | None
    statistics: Statistics | None
    refusal: str | None


@dataclass(frozen=True)
class ModelSummary:
    """What a model takes from the file.

    `sources` maps each state (or velocity) and input to the dataset it is read from, `times` is (first, last), `grid`
    the number of points and the ends of each axis; of scattered points `frames` is their number. `problems`
    is what stands in the way, each with its remedy.
    """

    format: str
    sources: Mapping[str, str]
    trajectories: int
    frames: int
    times: tuple[float, float] | None
    grid: Mapping[str, tuple[int, float, float]]
    notes: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class FileSummary:
    """Everything `describe_file` found out; ``str()`` is the text for people."""

    file: str
    size: int
    datasets: tuple[DatasetSummary, ...]
    links: Mapping[str, str]
    model: ModelSummary | None

    def __str__(self) -> str:
        return self.as_text()

    def as_text(self) -> str:
        """A table of the datasets, and the model's part below it."""
        count = f"{len(self.datasets)} dataset{'s' if len(self.datasets) != 1 else ''}"
        lines = [f"{self.file}: {count}, {size_text(self.size)}", ""]
        rows = [("dataset", "shape", "type", "storage", "units", "missing", "range"), *map(_row, self.datasets)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines += ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
        if any(d.statistics is not None and d.statistics.sampled for d in self.datasets):
            lines.append("~ judged by a sample of the values")
        lines += [f"{d.name}: {d.refusal}" for d in self.datasets if d.refusal]
        lines += [f"{name}: {what}, not followed" for name, what in self.links.items()]
        if self.model is not None:
            lines += ["", *_model_lines(self.model)]
        return "\n".join(lines)

    def as_json(self) -> dict[str, object]:
        """The same as plain data for `json.dumps`."""
        return asdict(self)


def describe_file(
    path: str | Path, *, model: Model | None = None, mapping: Mapping[str, str] | None = None
) -> FileSummary:
    """Describe a data file without loading large datasets as a whole.

    Parameters
    ----------
    model : Model, optional
        Adds what `read_data` would take for each state, and every problem that it would meet.
    mapping : mapping of str to str, optional
        As for `read_data`.

    Raises
    ------
    DataError
        The file cannot be opened or walked. Problems with single datasets are part of the summary.
    UsageError
        The mapping does not parse.
    """
    file = str(path)
    with open_file(path) as handle:
        inventory = scan(handle, file)
        infos = list(inventory.datasets.values())
        datasets = tuple(_describe(handle, file, info, look=n < MAX_DESCRIBED) for n, info in enumerate(infos))
        summary = _describe_model(handle, file, model, mapping) if model is not None else None
        return FileSummary(file, Path(path).stat().st_size, datasets, _links(inventory), summary)


def _links(inventory: Inventory) -> dict[str, str]:
    return dict(sorted(inventory.links.items()))


def _describe(handle: h5py.File, file: str, info: DatasetInfo, *, look: bool) -> DatasetSummary:
    statistics, refusal = None, None if info.refusal is None else "; ".join(info.refusal)
    if refusal is None and look:
        try:
            statistics = dataset_statistics(handle, file, info)
        except DataError as error:
            refusal = error.message.removeprefix(f"{file}, dataset `{info.name}`: ")
    dtype = "-" if info.dtype is None else str(info.dtype)
    return DatasetSummary(
        info.name, info.shape, dtype, info.stored_bytes, info.chunks, info.filters, info.units, statistics, refusal
    )


def _row(dataset: DatasetSummary) -> tuple[str, ...]:
    storage = "contiguous" if dataset.chunks is None else f"chunks {_shape_text(dataset.chunks)}"
    if dataset.filters:
        storage += " " + "+".join(dataset.filters)
    missing = values = "-"
    if dataset.statistics is not None:
        sign = "~" if dataset.statistics.sampled else ""
        missing = f"{sign}{dataset.statistics.missing_share:.3g}" if dataset.statistics.missing_share else f"{sign}0"
        if dataset.statistics.minimum is not None:
            values = f"{sign}{dataset.statistics.minimum:.6g} … {dataset.statistics.maximum:.6g}"
        if dataset.statistics.infinite:
            values += f", {dataset.statistics.infinite} infinite"
    return dataset.name, _shape_text(dataset.shape), dataset.dtype, storage, dataset.units or "-", missing, values


def _shape_text(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "scalar"


def _describe_model(handle: h5py.File, file: str, model: Model, mapping: Mapping[str, str] | None) -> ModelSummary:
    try:
        found = points_in(handle, file, model, mapping)
    except DataError as error:
        return ModelSummary(FORMAT.name, {}, 0, 0, None, {}, (), (str(error),))
    return (
        _describe_frames(handle, make_plan(handle, file, model, mapping))
        if found is None
        else _describe_points(found[0])
    )


def _describe_points(points: Points) -> ModelSummary:
    begin, end = points.times()
    note = "scattered points: `eqdsl fit --objective collocation` needs no frames"
    shape = points.at.shape
    return ModelSummary(FORMAT.name, {}, shape[0], shape[1], (float(begin.min()), float(end.max())), {}, (note,), ())


def _describe_frames(handle: h5py.File, plan: Plan) -> ModelSummary:
    problems, notes = list(plan.problems), list(plan.notes)
    if not problems and plan.state_bytes > MAX_CHECKED_BYTES:
        notes.append(f"the values ({size_text(plan.state_bytes)}) are checked when they are read, not here")
    elif not problems:
        try:
            trajectories, found = load_trajectories(handle, plan, minimum_frames=2)
            problems, notes = found, list(trajectories.notes)
        except DataError as error:
            problems = [error]
    times = None
    if plan.times is not None and np.isfinite(plan.times).any():
        finite = plan.times[np.isfinite(plan.times)]
        times = (float(finite.min()), float(finite.max()))
    shape = plan.state_shape
    return ModelSummary(
        plan.format.name,
        {p.need.name: p.source.text() for p in plan.placements} | plan.input_sources,
        shape[0],
        shape[1],
        times,
        {name: (x.size, float(x[0]), float(x[-1])) for name, x in plan.axes.items()},
        tuple(notes),
        tuple(dict.fromkeys(str(p) for p in problems)),
    )


def _model_lines(model: ModelSummary) -> list[str]:
    unit = "points" if model.format == FORMAT.name else "frames"
    lines = [f"layout {model.format}; {model.trajectories} trajectories of {model.frames} {unit}"]
    if model.times is not None:
        lines.append(f"  time from {model.times[0]:.6g} to {model.times[1]:.6g}")
    lines += [f"  {name}: {n} points from {low:.6g} to {high:.6g}" for name, (n, low, high) in model.grid.items()]
    lines += [f"  {name} <- {source}" for name, source in model.sources.items()]
    lines += [f"note: {note}" for note in model.notes]
    lines += ["problem: " + problem.replace("\n", "\n  ") for problem in model.problems]
    return lines if model.problems else [*lines, "no problems found"]
