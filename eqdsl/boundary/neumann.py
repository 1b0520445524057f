"""``dn(u) = g``: the slope along the outward normal."""

from __future__ import annotations

from collections.abc import Sequence

from eqdsl.boundary.base import BoundaryKind, present
from eqdsl.model.expr import Expr


class Neumann(BoundaryKind):
    """``b*dn(u) = g``."""

    name = "Neumann"
    usage = "bc dn(u) = 0 at boundary"

    def applies(self, coefficients: Sequence[Expr]) -> bool:
        """b is not 0, the others are."""
        return present(coefficients) == (1,)
