"""``sample(u, 0.3)``: the value at a fixed point, by interpolation of the scheme's order."""

from __future__ import annotations

from collections.abc import Sequence

from eqdsl.core.diagnostics import error
from eqdsl.core.source import Span
from eqdsl.model.expr import Const, Expr, Reduction
from eqdsl.model.text import number_text
from eqdsl.operators.base import Argument, Operator, Rejection, Space, Value, require_scalar


class Sample(Operator):
    """A number: the field at one point of the domain; of a vector by components."""

    name = "sample"
    usage = "sample(u, 0.3)"
    arity = (2, None)

    def expand(self, arguments: Sequence[Argument], span: Span, space: Space) -> Value:
        """A value that does not vary in space."""
        value, places = arguments[0].value, arguments[1:]
        if len(places) != len(space.axes):
            shown = ", ".join(f"{a.name}0" for a in space.axes)
            count = f"{len(space.axes)} {'axis' if len(space.axes) == 1 else 'axes'}"
            raise Rejection(
                error(
                    "E0403",
                    f"this point has {len(places)} coordinates, the space has {count}",
                    span,
                    f"{len(places)} coordinates",
                    help=f"write one number for each axis: `sample(u, {shown})`",
                )
            )
        at = tuple(self._place(place, axis.lower, axis.upper) for place, axis in zip(places, space.axes, strict=True))
        return Value(tuple(Reduction(self.name, c, at) for c in value.components), value.vector)

    def _place(self, argument: Argument, lower: float, upper: float) -> float:
        place: Expr = require_scalar(argument, self.name, self.usage)
        if not isinstance(place, Const):
            raise Rejection(
                error(
                    "E0913",
                    "`sample` at points that move or are fitted is not built yet",
                    argument.span,
                    "not a number",
                    help="write the point as numbers",
                )
            )
        if not lower <= place.value <= upper:
            where = f"[{number_text(lower)}, {number_text(upper)}]"
            raise Rejection(
                error(
                    "E0413",
                    f"the point {number_text(place.value)} lies outside the axis, {where}",
                    argument.span,
                    "outside",
                    help=f"take a number in {where}",
                )
            )
        return place.value
