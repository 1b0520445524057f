"""The look all pictures share: sizes, colours that colour-blind readers tell apart, PNG bytes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from eqdsl.core.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, RED, PURPLE, SKY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"
"""Okabe and Ito's palette, without its yellow and black."""

CYCLE = (BLUE, RED, GREEN, PURPLE, ORANGE, SKY)
GREY = "#6b7280"
PALE = "#e5e7eb"
SEQUENTIAL, DIVERGING = "viridis", "RdBu_r"
WIDTH = 6.8
DPI = 160

SETTINGS: dict[str, object] = {
    "font.size": 10,
    "axes.titlesize": 10.5,
    "axes.labelsize": 10,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": PALE,
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "lines.linewidth": 1.7,
    "image.cmap": SEQUENTIAL,
    "text.usetex": False,
    "text.parse_math": False,
}
"""`parse_math` is off: names of the user stand in titles and may hold ``$``."""


def new_figure(rows: int = 1, columns: int = 1, *, height: float = 3.0, width: float = WIDTH,
               share_x: bool = False) -> tuple[Figure, list[Axes]]:
    """A figure and its axes, row by row.

    Parameters
    ----------
    rows, columns : int
    height, width : float
        Of the whole figure, in inches.

    Raises
    ------
    UsageError
        matplotlib is not installed.
    """
    try:
        import matplotlib
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise UsageError("pictures need matplotlib", help="install it with `pip install 'eqdsl[plot]'`") from None
    with matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(rows, columns, squeeze=False, sharex=share_x)
    return figure, [ax for row in axes for ax in row]


def png(figure: Figure) -> bytes:
    """The figure as PNG bytes, on white."""
    import matplotlib

    buffer = io.BytesIO()
    with matplotlib.rc_context(SETTINGS):
        figure.savefig(buffer, format="png", facecolor="white")
    return buffer.getvalue()


def legend_if_useful(ax: Axes, **options: object) -> None:
    """A legend where something has a label."""
    handles, _ = ax.get_legend_handles_labels()
    if handles:
        ax.legend(**options)


def hide_unused(axes: list[Axes], used: int) -> None:
    """Blank the axes after the first `used` ones."""
    for ax in axes[used:]:
        ax.set_axis_off()
