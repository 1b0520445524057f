"""The course of training: misfit and validation, penalty and multiplier, parameters, against the epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from eqdsl.inspection.figures.style import CYCLE, GREY, legend_above, log_axis, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKERS = ("stage", "horizon")
"""Columns whose changes are marked by verticals."""

PANELS = (("misfit", "validation"), ("penalty",), ("multiplier",))
"""Columns that share a panel, on logarithmic axes; one without any positive value is left out."""

PARAMETER = "param."
"""Prefix of the columns that hold parameter values."""


def draw_history(history: Sequence[Mapping[str, object]]) -> Figure | None:
    """One panel per quantity over the epochs; None when there are not two rows."""
    if len(history) < 2:
        return None
    epochs = column(history, "epoch")
    parameters = [name for name in history[0] if name.startswith(PARAMETER)]
    panels = [tuple(name for name in panel if (column(history, name) > 0).any()) for panel in PANELS]
    panels = [panel for panel in panels if panel]
    count = len(panels) + bool(parameters)
    if count == 0:
        return None
    figure, axes = new_figure(count, 1, height=0.5 + 1.55 * count, share_x=True)
    # Only now: the line above says in words when matplotlib is missing.
    from matplotlib.ticker import MaxNLocator

    for ax, names in zip(axes, panels, strict=False):
        _draw(ax, history, epochs, names)
        log_axis(ax)
    if parameters:
        _draw(axes[-1], history, epochs, tuple(parameters))
        axes[-1].set_ylabel("parameters")
    for ax in axes:
        _mark(ax, history, epochs)
    axes[-1].set_xlabel("epoch")
    axes[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def _draw(ax: Axes, history: Sequence[Mapping[str, object]], epochs: np.ndarray, names: tuple[str, ...]) -> None:
    for index, name in enumerate(names):
        values = column(history, name)
        seen = np.isfinite(values)
        ax.plot(epochs[seen], values[seen], color=CYCLE[index % len(CYCLE)], lw=1.3, label=name.removeprefix(PARAMETER))
    if len(names) > 1 or names[0].startswith(PARAMETER):
        legend_above(ax)
    else:
        ax.set_ylabel(names[0])


def _mark(ax: Axes, history: Sequence[Mapping[str, object]], epochs: np.ndarray) -> None:
    marks = [tuple(row.get(name) for name in MARKERS) for row in history]
    for before, after, epoch in zip(marks, marks[1:], epochs[1:], strict=False):
        if before != after:
            ax.axvline(epoch, color=GREY, ls=":", lw=0.9)


def column(history: Sequence[Mapping[str, object]], name: str) -> np.ndarray:
    """A column as numbers; NaN where it is empty or not a number."""
    return np.array([_number(row.get(name)) for row in history])


def _number(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return float("nan")
