"""What drives a vector field, out of trajectories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from eqdsl.core.errors import DataError
from eqdsl.data.inputs import check_inputs, with_wall_series
from eqdsl.data.trajectories import InputValues, Trajectories
from eqdsl.learned.rows import MemberRows
from eqdsl.lowering.members import Members
from eqdsl.model.model import ENVIRONMENT, Model
from eqdsl.model.walls import wall_series
from eqdsl.numerics.driving import Driving, Series
from eqdsl.numerics.grid import Grid

COVERED = 1e-9
"""Share of a series' length by which a time may lie outside: rounding."""


@dataclass(frozen=True)
class RowDriving(Driving):
    """What drives a vector field, with the environment and the trajectory that each row belongs to, by scope."""

    members: Mapping[str, MemberRows] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Trajectories that it is for; 1 for any number."""
        return max(super().rows, *(len(rows) for rows in self.members.values()), 1)

    def select(self, index: Tensor) -> RowDriving:
        """What drives some of the trajectories."""
        chosen = {scope: rows.select(index) for scope, rows in self.members.items()}
        return RowDriving(super().select(index).series, members=chosen)

    def elsewhere(self, environments: int) -> RowDriving:
        """The same with other environments: row i has that which is i further on, so that each pair is as frequent."""
        own = self.members.get(ENVIRONMENT)
        if own is None or environments == 1:
            return self
        moved = MemberRows([(n + i) % environments for i, n in enumerate(own.numbers)], own.index.device)
        return replace(self, members={**self.members, ENVIRONMENT: moved})

    def to(self, like: Tensor) -> RowDriving:
        """In a dtype and on a device."""
        moved = {scope: rows.to(like.device) for scope, rows in self.members.items()}
        return replace(self, series=super().to(like).series, members=moved)


def driving_of(model: Model, grid: Grid, trajectories: Trajectories, members: Members | None = None) -> RowDriving:
    """Series of the inputs and of the walls that follow the data, in float64 on the CPU, and whose row is whose.

    Raises
    ------
    DataError
        An input is missing, or lies on another grid; a trajectory belongs to none of the members.
    """
    check_inputs(trajectories, model)
    given = with_wall_series(trajectories, model).inputs
    found = {i.name: _series(i.name, given[i.name], i.rule, i.axes, i.time, grid) for i in model.inputs}
    for wall in model.driven_walls:
        name = wall_series(wall.channel, wall.axis, wall.side)
        along = tuple(a.name for a in grid.axes if a.name != wall.axis)
        found[name] = _series(name, given[name], "linear", along, True, grid)
    known = Members() if members is None else members
    return RowDriving(found, members={s: MemberRows(known.places(model, s, trajectories)) for s in model.scopes})


def _series(name: str, given: InputValues, rule: str, axes: tuple[str, ...], time: bool, grid: Grid) -> Series:
    values = torch.as_tensor(np.asarray(given.values, dtype=np.float64))
    first = 2 if time else 1
    sizes = tuple(a.points if a.name in axes else 1 for a in grid.axes)
    stored = tuple(n for n in values.shape[first:] if n != 1) if axes else ()
    if stored != tuple(n for n in sizes if n != 1):
        raise DataError(
            f"the input `{name}` has {tuple(values.shape[first:])} points, the grid has {grid.shape}",
            help="give its values on the same grid: nothing is resampled in space",
        )
    values = values.reshape(*values.shape[:first], *sizes)
    return Series(values, None if given.times is None else torch.as_tensor(given.times, dtype=torch.float64), rule)


def check_cover(trajectories: Trajectories, model: Model, times: Tensor) -> None:
    """Refuse times, (T,) or (B, T), that a series of an input does not cover.

    Raises
    ------
    DataError
        Names the input, its interval and the one asked for.
    """
    first, last = times[..., 0].cpu().numpy(), times[..., -1].cpu().numpy()
    names = [i.name for i in model.inputs if i.time]
    names += [wall_series(w.channel, w.axis, w.side) for w in model.driven_walls]
    for name in names:
        span = trajectories.inputs[name].span() if name in trajectories.inputs else None
        if span is None:
            continue
        margin = COVERED * np.maximum(np.abs(span[1] - span[0]), np.abs(span[1]))
        if np.any(first < span[0] - margin) or np.any(last > span[1] + margin):
            raise DataError(
                f"`{name}` is given from t = {float(span[0].max()):.6g} to {float(span[1].min()):.6g}, but the times "
                f"asked for go from {float(np.min(first)):.6g} to {float(np.max(last)):.6g}",
                help="ask for times inside, or give a longer series",
            )
