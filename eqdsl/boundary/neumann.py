"""``dn(u) = g``: the slope along the outward normal."""

from __future__ import annotations

from eqdsl.boundary.base import BoundaryKind, is_zero, scaled
from eqdsl.model.expr import Expr
from eqdsl.model.text import expr_text


class Neumann(BoundaryKind):
    """``b*dn(u) = g``."""

    name = "Neumann"

    def applies(self, value_coefficient: Expr, normal_coefficient: Expr) -> bool:
        """a is 0, b is not."""
        return is_zero(value_coefficient) and not is_zero(normal_coefficient)

    def text(self, channel: str, value_coefficient: Expr, normal_coefficient: Expr, value: Expr, time: str) -> str:
        """``dn(u) = 0``."""
        return f"{scaled(normal_coefficient, f'dn({channel})', time)} = {expr_text(value, time=time)}"
