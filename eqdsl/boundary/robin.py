"""``a*u + b*dn(u) = g``: exchange through the wall."""

from __future__ import annotations

from collections.abc import Sequence

from eqdsl.boundary.base import BoundaryKind, present
from eqdsl.model.expr import Expr


class Robin(BoundaryKind):
    """Both the value and the slope."""

    name = "Robin"
    usage = "bc dn(u) + h*u = g at x = 1"

    def applies(self, coefficients: Sequence[Expr]) -> bool:
        """Neither a nor b is 0, the others are."""
        return present(coefficients) == (0, 1)
