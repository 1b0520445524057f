"""The score of every trial of a sweep against each setting that varied."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from eqdsl.inspection.figures.style import BLUE, RED, hide_unused, log_axis, new_figure, png

COLUMNS = 3
RATIO = 10.0
"""Numbers whose largest is at least this many times the smallest get a logarithmic axis."""


def draw_sweep(keys: Sequence[str], settings: Sequence[Mapping[str, str]], scores: Sequence[float]) -> bytes:
    """A panel for each setting, as PNG; the best trial in red.

    Parameters
    ----------
    keys : sequence of str
        Settings that varied.
    settings : sequence of mapping
        Of every complete trial; at least one.
    scores : sequence of float
        Their validation misfits.

    Raises
    ------
    UsageError
        matplotlib is not installed.
    """
    columns = min(len(keys), COLUMNS)
    rows = -(-len(keys) // columns)
    figure, axes = new_figure(rows, columns, height=2.9 * rows)
    from matplotlib.ticker import MaxNLocator

    best = min(range(len(scores)), key=scores.__getitem__)
    for ax, key in zip(axes, keys, strict=False):
        places, labels = positions([setting[key] for setting in settings])
        ax.plot(places, scores, "o", color=BLUE, alpha=0.7, ms=5)
        ax.plot(places[best], scores[best], "o", color=RED, ms=7)
        if labels:
            ax.set_xticks(range(len(labels)), labels)
            ax.set_xlim(-0.5, len(labels) - 0.5)
        elif min(places) > 0 and max(places) >= RATIO * min(places):
            ax.set_xscale("log")
        elif all(place.is_integer() for place in places):
            ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        if min(scores) > 0:
            log_axis(ax)
        ax.set_xlabel(key)
    hide_unused(axes, len(keys))
    axes[0].set_ylabel("validation misfit")
    return png(figure)


def positions(values: Sequence[str]) -> tuple[list[float], list[str]]:
    """Places along an axis, and the names of those places where the values are not all numbers."""
    try:
        numbers = [float(value) for value in values]
    except ValueError:
        numbers = [math.nan]
    if all(map(math.isfinite, numbers)):
        return numbers, []
    names = list(dict.fromkeys(values))
    return [float(names.index(value)) for value in values], names
