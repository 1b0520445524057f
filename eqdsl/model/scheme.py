"""Schemes of first derivatives along an axis, and of ``advect``: names, arguments, words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from eqdsl.model.expr import Diff

UPWIND, WENO, TVD = "upwind", "weno", "tvd"
SEMILAGRANGIAN = "semilagrangian"
CENTRAL = "central"

ARGUMENTS: dict[str, tuple[int | str, ...]] = {
    UPWIND: (1, 3, 5),
    WENO: (5, "5, bounded"),
    TVD: ("minmod", "vanleer", "superbee", "mc"),
}
"""What may stand in the parentheses of each scheme of a rate."""

KERNELS = ("bicubic", "bilinear", "gaussian")
"""What a semi-Lagrangian step may interpolate by; the first is the default."""


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
    def order(self) -> int:
        """Of accuracy, where the field is smooth; of semi-Lagrangian steps as long as some spacings."""
        if self.name == SEMILAGRANGIAN:
            return 1 if self.argument == "bilinear" else 3
        return int(self.argument) if self.name == UPWIND else {WENO: 5, TVD: 2}[self.name]

    @property
    def bounded(self) -> bool:
        """Whether states on faces are limited so that the bounds of a scalar law are kept."""
        return self.name == WENO and self.argument == ARGUMENTS[WENO][1]

    @property
    def unlimited(self) -> Scheme:
        """The scheme without its bounds."""
        return Scheme(WENO, ARGUMENTS[WENO][0]) if self.bounded else self

    @property
    def words(self) -> str:
        """What it is, for `show`."""
        if self.name == UPWIND:
            return f"linear, upwind-biased, order {self.argument}"
        if self.name == WENO:
            limited = ", limited to bounds" if self.bounded else ""
            return f"weighted essentially non-oscillatory, order 5 where the field is smooth{limited}"
        if self.name == SEMILAGRANGIAN:
            return f"steps that follow the flow backwards, {self.argument} interpolation, no bound on the step"
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

    def order(self, central: int, *, walled: bool, steps: bool) -> int:
        """The order of the whole beside central differences of some order.

        Ghosts of transport are reflections, of second order at a wall. Semi-Lagrangian `steps` take values of walls
        that change in time at half time, which is of first order; where they are not asked for, the rate is central.
        """
        chosen = [*self.axes.values(), *((self.advect,) if isinstance(self.advect, Scheme) else ())]
        used = [s for s in chosen if steps or s.name != SEMILAGRANGIAN]
        at_wall = [1 if s.name == SEMILAGRANGIAN else 2 for s in used if walled]
        orders: list[int] = [central, *(s.order for s in used), *at_wall]
        return min(orders)

    @property
    def linear(self) -> Schemes:
        """Only those that are linear in the states; the others are central."""
        advect = self.advect
        if isinstance(advect, Scheme) and advect.name != UPWIND:
            advect = CENTRAL
        return Schemes({a: s for a, s in self.axes.items() if s.name == UPWIND}, advect)

    @property
    def kernel(self) -> str | None:
        """What semi-Lagrangian steps interpolate by; None where ``advect`` is a rate."""
        if isinstance(self.advect, Scheme) and self.advect.name == SEMILAGRANGIAN:
            return str(self.advect.argument)
        return None

    def of(self, derivative: Diff) -> Scheme | None:
        """The scheme by which a rate takes a derivative, None for a central one.

        A semi-Lagrangian scheme is a step and no rate: where a rate is asked for, it is the central one.
        """
        if derivative.order != 1:
            return None
        if derivative.carried and self.advect is not None:
            return self.advect if isinstance(self.advect, Scheme) and self.kernel is None else None
        return self.axes.get(derivative.axis)
