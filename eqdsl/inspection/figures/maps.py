"""A learned term over the grid at one moment, beside the states it stands in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from eqdsl.inspection.figures.style import CYCLE, DIVERGING, SEQUENTIAL, hide_unused, new_figure
from eqdsl.numerics.grid import Grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

EXTREME = 2.0
"""Ratio of side lengths beyond which an image fills its panel instead."""


def draw_maps(grid: Grid, fields: Mapping[str, np.ndarray], axis_labels: tuple[str, ...]) -> Figure:
    """One panel per field: a line in one dimension, an image in two, the middle slice in three.

    Parameters
    ----------
    fields : mapping of str to ndarray, shape S
        By title.
    axis_labels : tuple of str
        Names of the axes, with units.
    """
    columns = 2 if len(fields) in (2, 4) else min(len(fields), 3)
    rows = -(-len(fields) // columns)
    figure, axes = new_figure(rows, columns, height=2.5 * rows)
    for ax, (title, values) in zip(axes, fields.items(), strict=False):
        ax.set_title(title)
        if len(grid.axes) == 1:
            ax.plot(grid.axes[0].coordinates(), values, color=CYCLE[0])
            ax.set_xlabel(axis_labels[0])
        else:
            figure.colorbar(draw_image(ax, grid, plane(values), axis_labels), ax=ax, shrink=0.9, format="%.3g")
    hide_unused(axes, len(fields))
    return figure


def plane(values: np.ndarray) -> np.ndarray:
    """Two-dimensional values; the middle slice along the third axis where there is one."""
    return values if values.ndim == 2 else values[:, :, values.shape[2] // 2]


def draw_image(
    ax: Axes, grid: Grid, values: np.ndarray, axis_labels: tuple[str, ...], limits: tuple[float, float] | None = None
) -> AxesImage:
    """An image over the first two axes, in their proportions unless these are extreme; diverging where signs change."""
    low, high = limits or (float(np.nanmin(values)), float(np.nanmax(values)))
    signed = low < 0 < high and min(-low, high) > 0.1 * max(-low, high)
    if signed:
        low, high = -max(-low, high), max(-low, high)
    x, y = grid.axes[0], grid.axes[1]
    picture = ax.imshow(
        values.T,
        origin="lower",
        extent=(x.lower, x.upper, y.lower, y.upper),
        vmin=low,
        vmax=high,
        cmap=DIVERGING if signed else SEQUENTIAL,
        interpolation="nearest",
        aspect="equal" if 1 / EXTREME < (y.upper - y.lower) / (x.upper - x.lower) < EXTREME else "auto",
    )
    ax.grid(False)
    ax.set_xlabel(axis_labels[0])
    ax.set_ylabel(axis_labels[1])
    return picture
