"""Errors on grids of halved spacing, and the order they show."""

from __future__ import annotations

import math
from dataclasses import dataclass

from eqdsl.verification.report import FAILED, PASSED

ROUNDING = 2e-13
"""Share of a quantity's size below which an error is that of the arithmetic."""

TOLERANCE = 0.25
"""How far an observed order may fall short of the nominal one."""


@dataclass(frozen=True)
class Errors:
    """Of one state, one quantity, on each grid.

    Parameters
    ----------
    state, kind : str
    values : tuple of float
    floor : float
        Below it an error is that of the arithmetic.
    nominal, least : float
        The order of the scheme, and the one that is asked for.
    """

    state: str
    kind: str
    values: tuple[float, ...]
    floor: float
    nominal: float
    least: float

    @property
    def order(self) -> float | None:
        """Slope over the last halving that is above rounding; None where the arithmetic is all there is."""
        usable = [v for v in self.values if not v <= self.floor]
        if len(usable) < 2:
            return None
        coarse, fine = usable[-2:]
        return math.log2(coarse / fine) if math.isfinite(coarse) and math.isfinite(fine) else -math.inf

    @property
    def verdict(self) -> str:
        """Whether the order is at least the one asked for."""
        if not all(math.isfinite(v) for v in self.values):
            return FAILED
        return PASSED if self.order is None or self.order >= self.least - TOLERANCE else FAILED

    @property
    def order_text(self) -> str:
        """The order as it is printed."""
        return "exact" if self.order is None else f"{self.order:.2f}"
