"""``a*u + b*dn(u) = g``: exchange through the wall."""

from __future__ import annotations

from eqdsl.boundary.base import BoundaryKind, is_zero, scaled
from eqdsl.model.expr import Expr
from eqdsl.model.text import expr_text


class Robin(BoundaryKind):
    """Both the value and the slope."""

    name = "Robin"

    def applies(self, value_coefficient: Expr, normal_coefficient: Expr) -> bool:
        """Neither a nor b is 0."""
        return not is_zero(value_coefficient) and not is_zero(normal_coefficient)

    def text(self, channel: str, value_coefficient: Expr, normal_coefficient: Expr, value: Expr, time: str) -> str:
        """``dn(u) + h*u = h*T0``."""
        slope = scaled(normal_coefficient, f"dn({channel})", time)
        return f"{slope} + {scaled(value_coefficient, channel, time)} = {expr_text(value, time=time)}"
