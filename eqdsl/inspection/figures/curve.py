"""A learned function of one input: the curve, the visited range, and how often each value was visited."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from eqdsl.inspection.figures.style import BLUE, CYCLE, GREY, PALE, hide_unused, legend, new_figure
from eqdsl.inspection.response import Response, Slice

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_slices(
    response: Response, curves: tuple[Slice, ...], input_labels: tuple[str, ...], output_labels: tuple[str, ...]
) -> Figure:
    """One panel per input: the term along it, the other inputs at their medians.

    Outside the visited range the curve is dashed on grey: there no data hold it.
    """
    columns = min(len(curves), 3)
    rows = -(-len(curves) // columns)
    figure, axes = new_figure(rows, columns, height=2.9 * rows if columns > 1 else 3.2)
    for ax, curve in zip(axes, curves, strict=False):
        _draw(ax, response, curve, output_labels)
        ax.set_xlabel(input_labels[curve.input])
    hide_unused(axes, len(curves))
    axes[0].set_ylabel(output_labels[0] if len(output_labels) == 1 else "outputs")
    if len(output_labels) > 1:
        legend(axes[0], loc="best")
    return figure


def _draw(ax: Axes, response: Response, curve: Slice, output_labels: tuple[str, ...]) -> None:
    lower, upper = response.range(curve.input)
    inside = (curve.x >= lower) & (curve.x <= upper)
    ax.axvspan(curve.x[0], lower, color=PALE, lw=0, zorder=0)
    ax.axvspan(upper, curve.x[-1], color=PALE, lw=0, zorder=0)
    ax.set_xlim(curve.x[0], curve.x[-1])
    many = curve.y.shape[1] > 1
    for output in range(curve.y.shape[1]):
        colour = CYCLE[output % len(CYCLE)]
        ax.plot(curve.x, curve.y[:, output], color=colour, ls=(0, (3, 2)), lw=1.1, alpha=0.8)
        ax.plot(
            curve.x[inside],
            curve.y[inside, output],
            color=colour,
            lw=2.2,
            label=output_labels[output] if many else None,
        )
    _density(ax, response.inputs[:, curve.input], (curve.x[0], curve.x[-1]))
    ax.axhline(0, color=GREY, lw=0.6, zorder=1)


def _density(ax: Axes, values: np.ndarray, limits: tuple[float, float]) -> None:
    """How often each value was visited, as a low silhouette along the bottom."""
    counts, edges = np.histogram(values, bins=60, range=limits)
    floor = ax.inset_axes((0.0, 0.0, 1.0, 0.14), zorder=1)
    floor.fill_between(np.repeat(edges, 2)[1:-1], np.repeat(counts, 2), color=BLUE, alpha=0.25, lw=0)
    floor.set_xlim(*limits)
    floor.set_ylim(0, max(counts.max(), 1) * 1.05)
    floor.set_axis_off()
