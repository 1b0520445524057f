"""Outputs of a learned term against each of its inputs at the visited states."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from eqdsl.inspection.figures.style import CYCLE, GREY, hide_unused, new_figure
from eqdsl.inspection.response import Response

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = 3000
BINS = 24


def draw_scatter(response: Response, input_labels: tuple[str, ...], output_labels: tuple[str, ...]) -> Figure:
    """One row per output, one panel per input: points, and the mean over bins of the input.

    For a term that sees a neighbourhood the input is its value at the centre cell; the scatter about the mean is what
    the neighbours add.
    """
    columns, rows = len(input_labels), len(output_labels)
    per_row = min(columns, 3)
    lines = -(-columns // per_row)
    figure, axes = new_figure(rows * lines, per_row, height=2.5 * rows * lines, width=6.8 if per_row > 1 else 5.0)
    stride = max(1, len(response.inputs) // SHOWN)
    for row in range(rows):
        for column in range(columns):
            ax = axes[row * lines * per_row + column]
            x, y = response.inputs[:, column], response.outputs[:, row]
            ax.plot(x[::stride], y[::stride], ".", ms=2, alpha=0.3, color=CYCLE[row % len(CYCLE)], rasterized=True)
            ax.plot(*binned_mean(x, y), color="black", lw=1.3)
            ax.axhline(0, color=GREY, lw=0.6)
            ax.set_xlabel(input_labels[column])
            if column % per_row == 0:
                ax.set_ylabel(output_labels[row])
        start = row * lines * per_row
        hide_unused(axes[start : start + lines * per_row], columns)
    return figure


def binned_mean(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean of `y` in bins of `x` that hold equally many points."""
    order = np.argsort(x)
    chunks = np.array_split(order, min(BINS, max(1, x.size // 10)))
    return (
        np.array([x[chunk].mean() for chunk in chunks if chunk.size]),
        np.array([y[chunk].mean() for chunk in chunks if chunk.size]),
    )
