"""What drives the model of `eqdsl simulate`: inputs, and walls that follow data. Loads torch."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from eqdsl.core.errors import DataError, UsageError
from eqdsl.data.inputs import only_inputs
from eqdsl.data.reading import read_data, read_inputs
from eqdsl.data.trajectories import Trajectories
from eqdsl.model.model import Model
from eqdsl.numerics.grid import Grid


def what_drives(
    model: Model, grid: Grid, path: str | None, start: Trajectories | None, mapping: Mapping[str, str]
) -> Trajectories | None:
    """The file of --inputs, else that of --from; None for a model that reads nothing from data.

    Raises
    ------
    DataError
        The file lacks an input, or has another grid.
    UsageError
        Neither file is given, or --inputs for a model that reads nothing.
    """
    if not model.inputs and not model.driven_walls:
        if path is not None:
            raise UsageError(
                "the model reads nothing from data, so --inputs would have no effect",
                help="leave it out, or declare what is read: `input q(t)`, `bc u = data at boundary`",
            )
        return None
    if path is None:
        if start is None:
            names = [f"`{i.name}`" for i in model.inputs] or [f"the walls of `{model.driven_walls[0].channel}`"]
            raise UsageError(
                f"the model reads {', '.join(names)} from a data file, and none is given",
                help="name one with `--inputs FILE.h5`, or start from one with `--from FILE.h5`",
            )
        return start
    if model.driven_walls:
        found = read_data(path, model, mapping=mapping)
        axes: Mapping[str, np.ndarray] = found.axes
    else:
        values, axes = read_inputs(path, model, mapping=mapping)
        found = only_inputs(values, model)
    _check_grid(grid, axes, path)
    return found


def _check_grid(grid: Grid, axes: Mapping[str, np.ndarray], path: str) -> None:
    for axis in grid.axes:
        given, own = axes.get(axis.name), axis.coordinates()
        if given is None or (given.shape == own.shape and np.allclose(given, own, rtol=0, atol=1e-6 * axis.spacing)):
            continue
        raise DataError(
            f"has {given.size} points from {given[0]:.6g} to {given[-1]:.6g}; the simulation has {own.size} from "
            f"{own[0]:.6g} to {own[-1]:.6g}",
            file=path, dataset=axis.name, help="nothing is resampled in space: give `--grid` as in the file",
        )  # fmt: skip
