"""``a*u + b*dn(u) = g``: exchange through the wall."""

from __future__ import annotations

from eqdsl.boundary.base import BoundaryKind, is_zero
from eqdsl.model.expr import Expr


class Robin(BoundaryKind):
    """Both the value and the slope."""

    name = "Robin"
    usage = "bc dn(u) + h*u = g at x = 1"

    def applies(self, value_coefficient: Expr, normal_coefficient: Expr) -> bool:
        """Neither a nor b is 0."""
        return not is_zero(value_coefficient) and not is_zero(normal_coefficient)
