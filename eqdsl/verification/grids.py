"""The grids that an order is measured on: each half as wide as the one before."""

from __future__ import annotations

from collections.abc import Mapping

from eqdsl.core.errors import UsageError
from eqdsl.model.model import Model, least_points
from eqdsl.numerics.grid import Grid, GridAxis, grid_from_model

SPACINGS = {1: 20, 2: 16, 3: 8}
"""Of the coarsest grid along each axis, by the number of axes; more where the stencils ask for it."""


def refined(model: Model, count: int, finest: Mapping[str, int]) -> list[Grid]:
    """`count` grids, coarsest first; `finest` gives the points along axes of the last one.

    Raises
    ------
    UsageError
        The finest grid is too small to be halved so often, or an axis does not exist.
    """
    grid_from_model(model, {a.name: 8 for a in model.axes} | dict(finest))
    least = least_points(model.order)
    coarsest = {}
    for axis in model.axes:
        ends = _on_ends(axis.periodic, axis.position)
        spacings = max(SPACINGS[model.dimension], least)
        if axis.name in finest:
            spacings = (finest[axis.name] - ends) // 2 ** (count - 1)
            if spacings + ends < least:
                raise UsageError(
                    f"{finest[axis.name]} points along `{axis.name}` cannot be halved {count - 1} times: stencils of "
                    f"order {model.order} need {least}",
                    help=f"give `--grid {axis.name}={(least) * 2 ** (count - 1) + ends}` or more",
                )
        coarsest[axis.name] = spacings
    return [
        Grid(
            tuple(
                GridAxis(
                    a.name, a.lower, a.upper, coarsest[a.name] * 2**level + _on_ends(a.periodic, a.position),
                    a.periodic, a.position,
                )
                for a in model.axes
            )
        )
        for level in range(count)
    ]  # fmt: skip


def probe(model: Model) -> Grid:
    """The smallest grid that the stencils allow, with enough points to see growth."""
    points = max(least_points(model.order), {1: 24, 2: 12}.get(model.dimension, 6))
    return grid_from_model(model, {a.name: points for a in model.axes})


def own(model: Model, points: Mapping[str, int], otherwise: Grid) -> Grid:
    """The model's own grid, with `points` in its place where given; `otherwise` where it has none."""
    if any(a.points is None and a.name not in points for a in model.axes):
        return otherwise
    return grid_from_model(model, points)


def size_text(grid: Grid) -> str:
    """``64x64``."""
    return "x".join(str(n) for n in grid.shape) or "-"


def _on_ends(periodic: bool, position: str) -> int:
    """1 where points lie on both ends of an axis."""
    return 1 if position == "nodes" and not periodic else 0
