"""``grad(u)``: the vector of first derivatives."""

from __future__ import annotations

from collections.abc import Sequence

from eqdsl.core.source import Span
from eqdsl.operators.base import Argument, Operator, Space, Value, require_scalar


class Gradient(Operator):
    """``grad(u)_i = du/dx_i`` of a scalar."""

    name = "grad"
    usage = "grad(u)"

    def expand(self, arguments: Sequence[Argument], span: Span, space: Space) -> Value:
        """One derivative per axis."""
        u = require_scalar(arguments[0], "grad", "grad(w.x)")
        return Value(tuple(space.derivative(u, axis) for axis in space.names), vector=True)
