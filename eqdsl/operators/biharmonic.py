"""``biharm(u)``: the Laplacian of the Laplacian."""

from __future__ import annotations

from collections.abc import Sequence

from eqdsl.core.source import Span
from eqdsl.operators.base import Argument, Operator, Space, Value
from eqdsl.operators.laplacian import laplacian


class Biharmonic(Operator):
    """``biharm(u) = lap(lap(u))``."""

    name = "biharm"
    usage = "biharm(u)"

    def expand(self, arguments: Sequence[Argument], span: Span, space: Space) -> Value:
        """Fourth derivatives by compact stencils, mixed ones nested."""
        value = arguments[0].value
        return Value(tuple(laplacian(laplacian(c, space), space) for c in value.components), value.vector)
