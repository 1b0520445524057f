"""``u = g``: the value on the wall."""

from __future__ import annotations

from eqdsl.boundary.base import BoundaryKind, is_zero
from eqdsl.model.expr import Expr


class Dirichlet(BoundaryKind):
    """``a*u = g``."""

    name = "Dirichlet"
    usage = "bc u = 0 at x = 0"

    def applies(self, value_coefficient: Expr, normal_coefficient: Expr) -> bool:
        """a is not 0, b is."""
        return not is_zero(value_coefficient) and is_zero(normal_coefficient)
