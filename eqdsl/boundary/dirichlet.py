"""``u = g``: the value on the wall."""

from __future__ import annotations

from eqdsl.boundary.base import BoundaryKind, is_zero, scaled
from eqdsl.model.expr import Expr
from eqdsl.model.text import expr_text


class Dirichlet(BoundaryKind):
    """``a*u = g``."""

    name = "Dirichlet"

    def applies(self, value_coefficient: Expr, normal_coefficient: Expr) -> bool:
        """a is not 0, b is."""
        return not is_zero(value_coefficient) and is_zero(normal_coefficient)

    def text(self, channel: str, value_coefficient: Expr, normal_coefficient: Expr, value: Expr, time: str) -> str:
        """``u = 0``."""
        return f"{scaled(value_coefficient, channel, time)} = {expr_text(value, time=time)}"
