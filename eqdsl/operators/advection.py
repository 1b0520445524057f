"""``advect(w, u)``: transport of u by the velocity w, central."""

from __future__ import annotations

from collections.abc import Sequence

from eqdsl.core.source import Span
from eqdsl.model.arithmetic import add, multiply
from eqdsl.model.expr import Expr
from eqdsl.operators.base import Argument, Operator, Space, Value, require_vector


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
            return add([multiply([c, space.derivative(u, axis)]) for c, axis in zip(w, space.names, strict=True)])

        return Value(tuple(transport(u) for u in carried.value.components), carried.value.vector)
