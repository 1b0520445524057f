"""Schemes of first derivatives along an axis: names, arguments, words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from eqdsl.model.expr import Diff

UPWIND, WENO, TVD = "upwind", "weno", "tvd"
CENTRAL = "central"

ARGUMENTS: dict[str, tuple[int | str, ...]] = {
    UPWIND: (1, 3, 5),
    WENO: (5,),
    TVD: ("minmod", "vanleer", "superbee", "mc"),
}
"""What may stand in the parentheses of each scheme."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """``upwind(3)``, ``weno(5)``, ``tvd(minmod)``."""

    name: str
    argument: int | str

    @property
    def text(self) -> str:
        """As a file writes it."""
        return f"{self.name}({self.argument})"

    @property
    def words(self) -> str:
        """What it is, for `show`."""
        if self.name == UPWIND:
            return f"linear, upwind-biased, order {self.argument}"
        if self.name == WENO:
            return f"weighted essentially non-oscillatory, order {self.argument} where the field is smooth"
        return f"straight lines in cells limited by {self.argument}, order 2 away from extrema"


@dataclass(frozen=True, slots=True)
class Schemes:
    """Schemes by axis, and that of ``advect``; what is missing is central.

    `advect` is None where nothing is said of it (then the axes' schemes count), ``central`` where that is said.
    """

    axes: Mapping[str, Scheme] = field(default_factory=dict)
    advect: Scheme | str | None = None

    def __bool__(self) -> bool:
        """Whether anything is not central."""
        return bool(self.axes) or isinstance(self.advect, Scheme)

    def of(self, derivative: Diff) -> Scheme | None:
        """The scheme of a derivative, None for a central one."""
        if derivative.order != 1:
            return None
        if derivative.carried and self.advect is not None:
            return self.advect if isinstance(self.advect, Scheme) else None
        return self.axes.get(derivative.axis)
