"""The look all pictures share: sizes, colours that colour-blind readers tell apart, PNG bytes."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

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

SETTINGS: dict[Any, Any] = {
    "font.size": 10,
    "axes.titlesize": 10.5,
    "axes.labelsize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": PALE,
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "lines.linewidth": 1.7,
    "image.cmap": SEQUENTIAL,
}
"""Matplotlib settings while axes are made."""

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


NO_PICTURES = "There are no pictures: matplotlib is not installed (`pip install 'eqdsl[plot]'`)."


def can_draw() -> bool:
    """Whether matplotlib can be loaded."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        return False
    return True


def new_figure(
    rows: int = 1,
    columns: int = 1,
    *,
    height: float = 3.0,
    width: float = WIDTH,
    share_x: bool = False,
    row_heights: Sequence[float] | None = None,
) -> tuple[Figure, list[Axes]]:
    """A figure and its axes, row by row.

    Parameters
    ----------
    rows, columns : int
    height, width : float
        Of the whole figure, in inches.
    share_x : bool
        One horizontal axis for all.
    row_heights : sequence of float, optional
        Relative heights of the rows.

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
        axes = figure.subplots(rows, columns, squeeze=False, sharex=share_x, height_ratios=row_heights)
    return figure, [ax for row in axes for ax in row]


def png(figure: Figure) -> bytes:
    """The figure as PNG bytes, on white."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", facecolor="white")
    return buffer.getvalue()


def legend(ax: Axes, **options: Any) -> None:
    """A legend without a frame."""
    ax.legend(frameon=False, fontsize=9, **options)


def legend_above(ax: Axes, **options: Any) -> None:
    """A legend in one line at the right, over the axes."""
    legend(ax, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=4, borderaxespad=0.1, **options)


EQUAL = 1e-6
"""Relative difference up to which values on an axis count as one."""


def log_axis(ax: Axes) -> None:
    """A logarithmic vertical axis with its decades written out, 10⁻³; plain numbers where fewer than two would show."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

    low, high = ax.dataLim.intervaly
    if 0 < low <= high <= low * (1 + EQUAL):
        # Values that differ by rounding: matplotlib would warn of an axis without extent.
        ax.set_ylim(0.9 * low, 1.1 * high)
    ax.set_yscale("log")
    lowest, highest = ax.get_ylim()
    if math.floor(math.log10(highest)) - math.ceil(math.log10(lowest)) >= 1:
        ax.yaxis.set_major_locator(LogLocator(numticks=7))
        ax.yaxis.set_major_formatter(FuncFormatter(decade))
        ax.yaxis.set_minor_formatter(NullFormatter())
        return
    ticks = _plain_ticks(lowest, highest)
    ax.set_yticks(ticks, [f"{tick:.6g}" for tick in ticks])
    ax.yaxis.set_minor_locator(NullLocator())


def _plain_ticks(lowest: float, highest: float) -> list[float]:
    """Round numbers within a range that is narrow enough for a linear choice of them."""
    from matplotlib.ticker import MaxNLocator

    return [float(tick) for tick in MaxNLocator(5).tick_values(lowest, highest) if lowest <= tick <= highest]


def decade(value: float, _position: int | None = None) -> str:
    """``0.001`` as ``10⁻³``."""
    return "10" + str(round(math.log10(value))).translate(SUPERSCRIPTS) if value > 0 else ""


def hide_unused(axes: list[Axes], used: int) -> None:
    """Blank the axes after the first `used` ones."""
    for ax in axes[used:]:
        ax.set_axis_off()
