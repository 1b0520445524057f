"""Profiles of parameters: how the smallest learned part, or the misfit, rises when a parameter is moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from eqdsl.inspection.figures.style import BLUE, GREY, ORANGE, RED, hide_unused, legend_above, new_figure
from eqdsl.inspection.parameters import RISES, ParameterReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 3
POINTS = 121
BEYOND = 1.5
"""How far a curve runs, in half widths of the widest range."""

WHAT = {"norm": "norm of the learned part", "misfit": "forecast error"}


def draw_profiles(parameters: Sequence[ParameterReport], seeds: Mapping[str, Sequence[float]]) -> Figure | None:
    """One panel for each parameter with a range; None where there is none.

    Parameters
    ----------
    parameters : sequence of ParameterReport
    seeds : mapping of str to sequence of float
        Values that the members of an ensemble found, by parameter.
    """
    shown = [p for p in parameters if p.parabola is not None and p.parabola[1] > 0]
    if not shown:
        return None
    columns = min(COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    figure, axes = new_figure(rows, columns, height=0.3 + 2.3 * rows)
    for ax, parameter in zip(axes, shown, strict=False):
        _draw(ax, parameter, seeds.get(parameter.name, ()))
    legend_above(axes[0])
    hide_unused(axes, len(shown))
    return figure


def _draw(ax: Axes, parameter: ParameterReport, seeds: Sequence[float]) -> None:
    assert parameter.parabola is not None
    middle, width = parameter.parabola
    reach = BEYOND * max(width, abs(parameter.value - middle))
    x = middle + np.linspace(-reach, reach, POINTS)
    ax.plot(x, 100 * RISES[-1] * ((x - middle) / width) ** 2, color=BLUE)
    for rise in RISES:
        ax.axhline(100 * rise, color=GREY, lw=0.8, ls=":")
    ax.axvline(parameter.value, color=RED, lw=1.2, label="fitted")
    if len(seeds):
        ax.plot(seeds, np.zeros(len(seeds)), ls="", marker="|", ms=12, color=ORANGE, label="seeds")
    for bound in (parameter.lower, parameter.upper):
        if x[0] < bound < x[-1]:
            ax.axvline(bound, color=GREY, lw=1.2, ls="--")
    unit = f" [{parameter.unit}]" if parameter.unit else ""
    ax.set_xlabel(f"{parameter.name}{unit}")
    ax.set_ylabel(f"rise of the\n{WHAT[parameter.decided]} [%]")
    ax.locator_params(axis="x", nbins=4)
