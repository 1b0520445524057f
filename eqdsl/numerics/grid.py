"""Regular grids: cell centres or nodes along each axis. NumPy only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from eqdsl.core.errors import DataError, UsageError
from eqdsl.model.model import Model

SPACING_TOLERANCE = 1e-4
"""Largest relative deviation of one spacing from the mean that still counts as regular (float32 coordinates pass)."""


@dataclass(frozen=True, slots=True)
class GridAxis:
    """One axis of a regular grid.

    Cells: ``x_i = lower + (i + 1/2) h``, ``h = (upper - lower)/points``. Nodes: ``x_i = lower + i h`` with
    ``h = (upper - lower)/(points - 1)``, or ``/points`` when periodic (the end point is the first one again).
    """

    name: str
    lower: float
    upper: float
    points: int
    periodic: bool
    position: str

    @property
    def spacing(self) -> float:
        """Distance h between neighbours."""
        walls = self.position == "nodes" and not self.periodic
        return (self.upper - self.lower) / (self.points - 1 if walls else self.points)

    def coordinates(self, ghosts: int = 0) -> np.ndarray:
        """Coordinates of the points, with `ghosts` more beyond each end."""
        offset = 0.5 if self.position == "cells" else 0.0
        return self.lower + (np.arange(-ghosts, self.points + ghosts) + offset) * self.spacing


@dataclass(frozen=True, slots=True)
class Grid:
    """A regular grid; no axes for an ODE."""

    axes: tuple[GridAxis, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """Points along each axis."""
        return tuple(a.points for a in self.axes)

    def axis(self, name: str) -> int:
        """Index of the axis of that name."""
        return next(i for i, a in enumerate(self.axes) if a.name == name)

    def coordinates(self) -> dict[str, np.ndarray]:
        """Coordinates of each axis by name."""
        return {a.name: a.coordinates() for a in self.axes}


def grid_from_model(model: Model, points: Mapping[str, int] | None = None) -> Grid:
    """The grid of the model's ``grid`` statement, with `points` in its place where given.

    Raises
    ------
    UsageError
        An axis has no number of points, or `points` names an axis that the model does not have.
    """
    chosen = dict(points or {})
    unknown = set(chosen) - {a.name for a in model.axes}
    if unknown:
        known = ", ".join(a.name for a in model.axes) or "none"
        raise UsageError(f"the model has no axis `{sorted(unknown)[0]}` (its axes: {known})")
    axes = []
    for axis in model.axes:
        count = chosen.get(axis.name, axis.points)
        if count is None:
            raise UsageError(
                f"no number of points along `{axis.name}`",
                help=f"write `grid {axis.name} = 64` in the model, or give `--grid {axis.name}=64`",
            )
        axes.append(GridAxis(axis.name, axis.lower, axis.upper, count, axis.periodic, axis.position))
    return Grid(tuple(axes))


def grid_from_coordinates(model: Model, coordinates: Mapping[str, np.ndarray], *, file: str | None = None) -> Grid:
    """The grid that a data file's coordinates describe; the data's grid wins over the model's ``grid``.

    Whether points are cell centres or nodes is read off the coordinates: the first one lies half a spacing inside the
    model's interval, or on its end.

    Raises
    ------
    DataError
        Coordinates are missing, not regular, or do not cover the model's interval.
    """
    return Grid(tuple(_axis_from_coordinates(model, a.name, coordinates, file) for a in model.axes))


def _axis_from_coordinates(
    model: Model, name: str, coordinates: Mapping[str, np.ndarray], file: str | None
) -> GridAxis:
    axis = model.axis(name)
    if name not in coordinates:
        raise DataError(
            "the coordinates of this axis are missing",
            file=file,
            dataset=name,
            help=f"write a 1-D dataset `{name}` with the coordinates, or map one with `--map {name}=DATASET`",
        )
    x = np.asarray(coordinates[name], dtype=float)
    if x.ndim != 1 or x.size < 3:
        raise DataError(f"needs one dimension and 3 or more points, has shape {x.shape}", file=file, dataset=name)
    steps = np.diff(x)
    h = (x[-1] - x[0]) / (x.size - 1)
    if h <= 0:
        raise DataError("coordinates must increase", file=file, dataset=name, help="sort the file along this axis")
    if not np.all(np.abs(steps - h) <= SPACING_TOLERANCE * h + 1e-6 * np.abs(x).max()):
        worst = int(np.argmax(np.abs(steps - h)))
        raise DataError(
            f"spacing is not regular: {steps[worst]:.6g} after point {worst}, {h:.6g} on average",
            file=file,
            dataset=name,
            help="resample the data on a regular grid",
        )
    cells = GridAxis(name, axis.lower, axis.upper, x.size, axis.periodic, "cells")
    nodes = GridAxis(name, axis.lower, axis.upper, x.size, axis.periodic, "nodes")
    for candidate in (cells, nodes):
        if np.allclose(candidate.coordinates(), x, rtol=0, atol=1e-2 * h):
            return candidate
    hint = ""
    if axis.periodic and np.isclose(x[0], axis.lower, atol=1e-2 * h) and np.isclose(x[-1], axis.upper, atol=1e-2 * h):
        hint = "the end point of a periodic axis is stored twice: drop the last one"
    raise DataError(
        f"runs from {x[0]:.6g} to {x[-1]:.6g} with spacing {h:.6g}, which fits neither cells nor nodes of "
        f"the model's [{axis.lower:.6g}, {axis.upper:.6g}]",
        file=file,
        dataset=name,
        help=hint
        or f"write `space {name} in [{x[0] - h / 2:.6g}, {x[-1] + h / 2:.6g}]` if these are cell centres, "
        f"`[{x[0]:.6g}, {x[-1]:.6g}]` if they lie on the walls",
    )
