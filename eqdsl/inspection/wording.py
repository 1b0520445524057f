"""Numbers and tables as text, the same ones on a terminal and on the page."""

from __future__ import annotations

import math
from collections.abc import Sequence

from eqdsl.inspection.parameters import RISES, ParameterReport

PARTS = {
    "test": "test trajectories",
    "validation": "validation trajectories (they chose the best weights)",
    "train": "training trajectories",
}
"""What the trajectories of a stored sample are called, in the order in which errors on them are worth reading."""


def finite(value: float | None) -> float | None:
    """The number, or None where it is not finite."""
    return value if value is not None and math.isfinite(value) else None


def short(value: float | None) -> str:
    """A number to four digits, a dash where there is none."""
    return "–" if value is None or not math.isfinite(value) else f"{value:.4g}"


def edge(value: float | None, parameter: ParameterReport) -> str:
    """An end of a parameter's interval, with digits enough to tell it from the value."""
    if value is None or not math.isfinite(value):
        return "–"
    distance = abs(value - parameter.value)
    digits = 4 if distance == 0 or value == 0 else 2 + math.ceil(math.log10(max(abs(value) / distance, 1.0)))
    return f"{value:.{min(max(digits, 4), 12)}g}"


def ranges(parameter: ParameterReport) -> tuple[str, ...]:
    """The range of a parameter at each of `RISES`; of a coefficient field its extremes."""
    found = parameter.ranges
    if not found and parameter.low is not None and parameter.high is not None:
        found = ((parameter.low, parameter.high),) * len(RISES)
    return tuple(f"{edge(low, parameter)} … {edge(high, parameter)}" for low, high in found) or ("–",) * len(RISES)


def percent(share: float) -> str:
    """A share in per cent."""
    return f"{100 * share:.3g} %"


def log10_text(value: float) -> str:
    """Decimal logarithm of an error."""
    return f"{math.log10(value):.2f}" if value > 0 else "−∞"


def block(title: str, lines: Sequence[str]) -> str:
    """A title and indented lines; nothing where there are none."""
    return "\n".join([title, *(f"  {line}" for line in lines)]) if lines else ""


def table(title: str, head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Aligned columns under a title; nothing where there are no rows."""
    if not rows:
        return ""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in (head, *rows)
    ]
    return block(title, lines)
