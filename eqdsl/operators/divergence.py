"""``div(w)``: the sum of each component's derivative along its own axis."""

from __future__ import annotations

from collections.abc import Sequence

from eqdsl.core.source import Span
from eqdsl.model.arithmetic import add
from eqdsl.operators.base import Argument, Operator, Space, Value, require_vector


class Divergence(Operator):
    """``div(w) = sum_i dw_i/dx_i``; ``div(k*grad(u))`` comes out in flux form."""

    name = "div"
    usage = "div(w)"

    def expand(self, arguments: Sequence[Argument], span: Span, space: Space) -> Value:
        """A scalar."""
        w = require_vector(
            arguments[0], "div", help="write `dx(f)` for a flux along one axis, `div(k*grad(u))` for diffusion"
        )
        return Value((add([space.derivative(c, axis) for c, axis in zip(w, space.names, strict=True)]),))
