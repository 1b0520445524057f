"""The walls of the walk: coefficients a and b of ``a*u + b*dn(u) = g`` on each side of each axis.

g is what the exact solution has there: it changes in time, and in two and three dimensions along the wall.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy as sp

from benchmarks.walk.spaces import TIME

Coefficients = Callable[[Any], tuple[Any, Any]]
"""From the sum of the coordinates along the wall to a and b."""

KINDS: dict[str, Coefficients] = {
    "dirichlet": lambda along: (sp.Integer(1), sp.Integer(0)),
    "neumann": lambda along: (sp.Integer(0), sp.Integer(1)),
    "robin": lambda along: (sp.Rational(7, 10), sp.Rational(3, 2)),
    "dirichlet, a(t, y)": lambda along: (2 + TIME + along / 2, sp.Integer(0)),
    "neumann, b(t, y)": lambda along: (sp.Integer(0), 2 - TIME + along / 3),
    "robin, a(t, y), b(t, y)": lambda along: (1 + TIME + along**2 / 3, 2 + sp.sin(TIME + along)),
}


@dataclass(frozen=True, eq=False)
class Walls:
    """The kinds of both sides of each axis; None where it is periodic."""

    name: str
    sides: tuple[tuple[str, str] | None, ...]
    dimensions: tuple[int, ...] = (1, 2, 3)

    @property
    def walled(self) -> bool:
        """Whether some axis has walls."""
        return any(side is not None for side in self.sides)

    def held(self, dimension: int) -> bool:
        """Whether some side gives the value itself."""
        return any(k.startswith("dirichlet") for side in self.sides[:dimension] if side is not None for k in side)

    def periodic(self, dimension: int) -> tuple[bool, ...]:
        """Which axes are periodic."""
        return tuple(side is None for side in self.sides[:dimension])


def _everywhere(kind: str) -> Walls:
    return Walls(kind, ((kind, kind),) * 3)


WALLS = (
    Walls("periodic", (None, None, None)),
    *(_everywhere(kind) for kind in KINDS),
    Walls("mixed", (("dirichlet", "robin"), ("neumann", "dirichlet, a(t, y)"), ("robin, a(t, y), b(t, y)", "neumann"))),
    Walls("x periodic", (None, ("dirichlet", "neumann"), ("robin", "dirichlet")), (2, 3)),
)
