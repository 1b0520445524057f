"""``advect(w, u)``: transport of u by the velocity w, with the scheme that the model chooses for it."""

from __future__ import annotations

from collections.abc import Sequence

from eqdsl.core.source import Span
from eqdsl.model.arithmetic import add, multiply
from eqdsl.model.expr import Apply, Diff, Expr
from eqdsl.operators.base import Argument, Operator, Space, Value, require_vector
from eqdsl.operators.differentiate import SUMS


class Advection(Operator):
    """``advect(w, u) = dot(w, grad(u))``; of a vector u, by components. On one axis w may be a plain number."""

    name = "advect"
    usage = "advect(w, u)"
    arity = (2, 2)

    def expand(self, arguments: Sequence[Argument], span: Span, space: Space) -> Value:
        """A value of the rank of u."""
        velocity, carried = arguments
        if len(space.axes) == 1:
            w: tuple[Expr, ...] = velocity.value.components
        else:
            w = require_vector(velocity, "advect", help="the velocity comes first: `advect(w, u)`")

        def transport(u: Expr) -> Expr:
            slopes = [_carried(space.derivative(u, axis)) for axis in space.names]
            return add([multiply([c, slope]) for c, slope in zip(w, slopes, strict=True)])

        return Value(tuple(transport(u) for u in carried.value.components), carried.value.vector)


def _carried(slope: Expr) -> Expr:
    """The same derivative, or sum of derivatives, marked as what ``advect`` wrote."""
    if isinstance(slope, Diff):
        return Diff(slope.argument, slope.axis, slope.order, carried=True)
    if isinstance(slope, Apply) and slope.function in SUMS:
        return Apply(slope.function, tuple(_carried(a) for a in slope.arguments))
    return slope
