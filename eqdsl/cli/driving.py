"""What drives the model of `eqdsl simulate`: inputs, and walls that follow data. Loads torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from eqdsl.core.errors import DataError, UsageError
from eqdsl.data.inputs import only_inputs
from eqdsl.data.reading import read_data, read_inputs
from eqdsl.data.trajectories import Trajectories
from eqdsl.fitting.evaluate import of_the_fit
from eqdsl.fitting.run_folder import Run
from eqdsl.lowering.vector_field import VectorField
from eqdsl.model.model import ENVIRONMENT, Model
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


def labelled(data: Trajectories | None, run: Run | None, environment: int | None) -> Trajectories | None:
    """The data that a simulation starts from, with the place of each trajectory in the fit's, in one environment.

    Parameters
    ----------
    environment : int, optional
        Of ``--environment``; without it those that the data tell.
    """
    if data is None:
        return None
    if run is not None:
        data = of_the_fit(run, data)
    return data if environment is None else replace(data, environment=np.full(len(data), environment))


def with_members(
    field: VectorField, environment: int | None, start: Trajectories | None, inputs: Trajectories | None
) -> Trajectories | None:
    """What drives a vector field, with the environment and the place in the fit's data of each trajectory.

    Parameters
    ----------
    environment : int, optional
        Of ``--environment``.
    start : Trajectories, optional
        What the simulation starts from, `labelled`.

    Raises
    ------
    UsageError
        Something is another one in each environment, and which one is meant is not said.
    """
    model = field.model
    own = [scope for scope in model.scopes if field.members.labels(scope)]
    if environment is not None and ENVIRONMENT not in own:
        raise UsageError(
            f"--environment {environment}: nothing of the simulated model is another one in each environment",
            help="leave it out; environments come from a run that was fitted to several: `--run RUN`",
        )
    if not own:
        return inputs
    given = start if inputs is None else inputs
    if given is None and environment is None:
        help = "start from the data of the fit: `--from FILE.h5`"
        if own[0] == ENVIRONMENT:
            first = field.members.environments[0]
            help = f"give `--environment {first}`, or start from data that tell it: `--from FILE.h5`"
        raise UsageError(
            f"`{model.of_scope(own[0])[0]}` is another one in each {own[0]}, and whose is meant is not said",
            help=help,
        )
    given = only_inputs({}, model) if given is None else given
    if start is not None:
        given = replace(given, environment=start.environment, number=start.number)
    elif environment is not None:
        given = replace(given, environment=np.full(len(given), environment))
    return given


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
