"""``dn(u) = g``: the slope along the outward normal."""

from __future__ import annotations

from eqdsl.boundary.base import BoundaryKind, is_zero
from eqdsl.model.expr import Expr


class Neumann(BoundaryKind):
    """``b*dn(u) = g``."""

    name = "Neumann"
    usage = "bc dn(u) = 0 at boundary"

    def applies(self, value_coefficient: Expr, normal_coefficient: Expr) -> bool:
        """a is 0, b is not."""
        return is_zero(value_coefficient) and not is_zero(normal_coefficient)
