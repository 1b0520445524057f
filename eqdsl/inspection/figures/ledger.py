"""The ledger as bars: rms of every term, one panel per equation, learned terms in another colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eqdsl.inspection.figures.style import BLUE, GREY, RED, legend_above, new_figure
from eqdsl.inspection.ledger import Ledger

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LONGEST_NAME = 34


def draw_ledger(ledger: Ledger, units: dict[str, str | None]) -> Figure:
    """Horizontal bars of the terms' rms, with each share beside its bar.

    Parameters
    ----------
    units : dict
        Unit of each channel's rate, for the axis labels.
    """
    rows = [len(equation.terms) for equation in ledger.equations]
    heights = [0.5 + count for count in rows]
    figure, axes = new_figure(len(rows), 1, height=0.75 * len(rows) + 0.3 * sum(heights), row_heights=heights)
    for ax, equation in zip(axes, ledger.equations, strict=True):
        names = [shortened(term.name) for term in equation.terms]
        widths = [term.rms for term in equation.terms]
        colours = [RED if term.learned else BLUE for term in equation.terms]
        places = range(len(names))
        ax.barh(places, widths, color=colours, height=0.62)
        ax.set_yticks(places, names)
        widest = max(widths, default=1.0) or 1.0
        for place, term in zip(places, equation.terms, strict=True):
            ax.text(term.rms + 0.012 * widest, place, f"{100 * term.share:.1f} %", va="center", fontsize=9, color=GREY)
        ax.set_xlim(0, 1.13 * widest)
        ax.grid(axis="y", visible=False)
        unit = units.get(equation.channel)
        ax.set_title(f"d {equation.channel}/dt: rms of each term" + (f" [{unit}]" if unit else ""), loc="left")
        ax.set_ylim(len(names) - 0.4, -0.6)
    legend_above(axes[0], handles=_legend_handles(ledger))
    return figure


def _legend_handles(ledger: Ledger) -> list[object]:
    from matplotlib.patches import Patch

    kinds = {term.learned for equation in ledger.equations for term in equation.terms}
    pairs = ((False, BLUE, "known"), (True, RED, "learned"))
    return [Patch(color=colour, label=label) for learned, colour, label in pairs if learned in kinds]


def shortened(name: str) -> str:
    """A term's text, cut where it would not fit beside a bar."""
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
