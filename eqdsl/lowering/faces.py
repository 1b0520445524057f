"""Fluxes on the faces across one axis: pointwise expressions of states reconstructed from one side."""

from __future__ import annotations

from collections.abc import Mapping

from eqdsl.lowering import stencils
from eqdsl.lowering.builder import Value
from eqdsl.lowering.expressions import ExpressionLowering
from eqdsl.lowering.halo import Halo, Reach
from eqdsl.model.expr import Apply, ChannelRef, Coordinate, DefinitionRef, Expr, InputRef, LearnedCall, ParamRef
from eqdsl.model.facts import FactTable
from eqdsl.model.scheme import Scheme
from eqdsl.numerics.reconstruction.base import LEFT, RIGHT, Bounds
from eqdsl.numerics.reconstruction.table import RECONSTRUCTIONS

SIDES = (LEFT, RIGHT)


class Faces:
    """Lowers what varies along an axis for that axis's faces; the rest is the same as in the cells.

    Parameters
    ----------
    expressions : ExpressionLowering
    facts : FactTable
    axis : str
    scheme : Scheme
    bounds : mapping of str to Bounds or None
        Of the channels that a scheme with bounds limits; None for those of the present field.
    """

    def __init__(
        self,
        expressions: ExpressionLowering,
        facts: FactTable,
        axis: str,
        scheme: Scheme,
        bounds: Mapping[str, Bounds | None],
    ) -> None:
        self._expressions, self._facts = expressions, facts
        self._name, self._scheme, self._bounds = axis, scheme, bounds
        self.axis = expressions.grid.axis(axis)
        self._ghosts = RECONSTRUCTIONS[scheme.unlimited.text].ghosts
        self._done: dict[tuple[Expr, int], Value] = {}
        self._states: dict[tuple[str, int], Value] = {}

    def state(self, channel: str, side: int) -> Value:
        """A channel's states on the faces, from one side."""
        found = self._states.get((channel, side))
        if found is None:
            limited = self._scheme.bounded and channel in self._bounds
            scheme = self._scheme if limited else self._scheme.unlimited
            extra = (self._bounds[channel],) if limited else ()
            cells = self._expressions.lower(ChannelRef(channel), self._halo(RECONSTRUCTIONS[scheme.text].ghosts))
            found = self._expressions.builder.add("face_state", (cells,), self.axis, scheme.text, side, *extra)
            self._states[channel, side] = found
        return found

    def lower(self, expr: Expr, side: int) -> Value:
        """The value of a pointwise expression on the faces, from one side."""
        found = self._done.get((expr, side))
        if found is None:
            found = self._done[expr, side] = self._lower(expr, side)
        return found

    def mean(self, expr: Expr) -> Value:
        """The mean of both sides."""
        build = self._expressions.builder
        both = build.apply("add", *(self.lower(expr, side) for side in SIDES))
        return build.apply("mul", both, build.constant(0.5))

    def jump(self, channel: str) -> Value:
        """A channel's right state less the left one."""
        return self._expressions.builder.apply("sub", self.state(channel, RIGHT), self.state(channel, LEFT))

    def difference(self, faces: Value) -> Value:
        """What enters each cell over what it is wide: the difference of its two faces."""
        h = self._expressions.grid.axes[self.axis].spacing
        return self._expressions.builder.add("stencil", (faces,), self.axis, (-1.0 / h, 1.0 / h))

    def _halo(self, width: int) -> Halo:
        """Ghosts along the axis alone; beyond a wall they are its reflection."""
        zero = self._expressions.zero
        return tuple(Reach(width) if i == self.axis else r for i, r in enumerate(zero))

    def _lower(self, expr: Expr, side: int) -> Value:
        plain, build = self._expressions, self._expressions.builder
        if not self._facts.varies_along(expr, self._name):
            return plain.lower(expr, plain.zero)
        match expr:
            case ChannelRef(channel):
                return self.state(channel, side)
            case Coordinate():
                return self._between(expr, 1)
            case ParamRef() | InputRef():
                return self._between(expr, self._ghosts)
            case DefinitionRef():
                return self.lower(self._facts.body(expr), side)
            case Apply("ifelse") if (safe := plain.branches.of(expr)) is not expr:
                return self.lower(safe, side)
            case Apply(function, arguments):
                return build.apply(function, *(self.lower(a, side) for a in arguments))
            case LearnedCall(term, arguments, output):
                outputs = build.add("learned", tuple(self.lower(a, side) for a in arguments), term, ())
                return build.add("output", (outputs,), term, output)
        raise TypeError(f"{type(expr).__name__} is not pointwise")

    def _between(self, expr: Expr, ghosts: int) -> Value:
        """A coordinate or a coefficient field half way between cells, by the polynomial through `2*ghosts` of them."""
        weights = stencils.staggered(0, 2 * ghosts)
        cells = self._expressions.lower(expr, self._halo(ghosts))
        return self._expressions.builder.add("stencil", (cells,), self.axis, weights)
