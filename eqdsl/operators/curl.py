"""``curl(w)``: a scalar in two dimensions, a vector in three."""

from __future__ import annotations

from collections.abc import Sequence

from eqdsl.core.diagnostics import error
from eqdsl.core.source import Span
from eqdsl.model.arithmetic import add, negate
from eqdsl.operators.base import Argument, Operator, Rejection, Space, Value, require_vector


class Curl(Operator):
    """``dw_y/dx - dw_x/dy`` on two axes, the usual vector on three."""

    name = "curl"
    usage = "curl(w)"

    def expand(self, arguments: Sequence[Argument], span: Span, space: Space) -> Value:
        """Scalar or vector, by the number of axes."""
        w = require_vector(arguments[0], "curl", help="write `curl((a, b))`, one component per axis")
        names = space.names
        if len(names) == 1:
            raise Rejection(
                error(
                    "E0405",
                    "`curl` has no meaning on one axis",
                    span,
                    "one axis",
                    help="declare 2 or 3 axes in `space`",
                )
            )

        def turn(i: int, j: int) -> Value:
            return Value((add([space.derivative(w[j], names[i]), negate(space.derivative(w[i], names[j]))]),))

        if len(names) == 2:
            return turn(0, 1)
        return Value((turn(1, 2).scalar, turn(2, 0).scalar, turn(0, 1).scalar), vector=True)
