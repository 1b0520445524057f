"""``biharm(u)``: the Laplacian of the Laplacian, on periodic axes."""

from __future__ import annotations

from collections.abc import Sequence

from eqdsl.core.diagnostics import error
from eqdsl.core.source import Span
from eqdsl.operators.base import Argument, Operator, Rejection, Space, Value
from eqdsl.operators.laplacian import laplacian


class Biharmonic(Operator):
    """``biharm(u) = lap(lap(u))``."""

    name = "biharm"
    usage = "biharm(u)"

    def expand(self, arguments: Sequence[Argument], span: Span, space: Space) -> Value:
        """Fourth derivatives by compact stencils, mixed ones nested."""
        wall = next((a for a in space.axes if not a.periodic), None)
        if wall is not None:
            raise Rejection(
                error(
                    "E0920",
                    f"`biharm` on the walls of axis `{wall.name}` is not built yet",
                    span,
                    "needs two conditions on each side",
                    help="make every axis `periodic`, or write the model with second derivatives",
                )
            )
        value = arguments[0].value
        return Value(tuple(laplacian(laplacian(c, space), space) for c in value.components), value.vector)
