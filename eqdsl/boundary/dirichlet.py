"""``u = g``: the value on the wall."""

from __future__ import annotations

from collections.abc import Sequence

from eqdsl.boundary.base import BoundaryKind, present
from eqdsl.model.expr import Expr


class Dirichlet(BoundaryKind):
    """``a*u = g``."""

    name = "Dirichlet"
    usage = "bc u = 0 at x = 0"

    def applies(self, coefficients: Sequence[Expr]) -> bool:
        """a is not 0, the others are."""
        return present(coefficients) == (0,)
