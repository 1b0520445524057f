"""``lap(u)``: the sum of second derivatives, of a scalar or by components."""

from __future__ import annotations

from collections.abc import Sequence

from eqdsl.core.source import Span
from eqdsl.model.arithmetic import add
from eqdsl.model.expr import Expr
from eqdsl.operators.base import Argument, Operator, Space, Value


def laplacian(u: Expr, space: Space) -> Expr:
    """``sum_i d²u/dx_i²`` by compact stencils."""
    return add([space.derivative(u, axis, 2) for axis in space.names])


class Laplacian(Operator):
    """``lap(u)``; of a vector, the vector of the components' Laplacians (the axes are Cartesian)."""

    name = "lap"
    usage = "lap(u)"

    def expand(self, arguments: Sequence[Argument], span: Span, space: Space) -> Value:
        """The Laplacian of each component."""
        value = arguments[0].value
        return Value(tuple(laplacian(c, space) for c in value.components), value.vector)
