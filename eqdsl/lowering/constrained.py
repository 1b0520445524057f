r"""Constraints that no single point can keep: ``mean(f) = 0`` and ``div(w) = 0``.

* *Mean*: ``f - mean(f)``, by the quadrature of ``mean``.
* *Divergence in two dimensions*: ``w = (d psi/dy, -d psi/dx) + U``. The network gives psi on the grid; times
  ``sin(pi*(x - a)/(b - a))`` for each walled axis it is zero on the walls, and its ghosts are those of a state that is
  zero there. The stencils of ``d/dx`` and ``d/dy`` commute, so the divergence that the model's ``div`` takes is zero to
  rounding, on walls too, in any order. A psi that is periodic along x makes flows without a mean along x; U, the mean
  of another output of the network, is that mean.
* *In three dimensions*: the network's vector, its component across a wall times the same sine, less the gradient that
  carries its divergence (`numerics/projection.py`), with the same first derivative. Across a wall it is continued as
  an odd function, along it as an even one, so that nothing flows through. Mirrors have kinks: between walls the result
  depends on the grid at order 2 whatever the order of the scheme; its divergence is zero all the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from eqdsl.lowering import stencils
from eqdsl.lowering.builder import Builder, Value
from eqdsl.lowering.halo import Halo, Reach, for_stencil, no_halo
from eqdsl.lowering.reductions import reduced
from eqdsl.model.expr import Apply, Const, Coordinate, Expr, LearnedCall
from eqdsl.model.learned_terms import DivergenceFree, ZeroMean
from eqdsl.model.model import Model
from eqdsl.numerics.grid import Grid, GridAxis
from eqdsl.numerics.projection import ProjectionAxis

Network = Callable[[LearnedCall, int, Halo], Value]
"""One output of the module of a learned term at the arguments of a call."""

Fill = Callable[[Value, str, Halo], Value]
"""Values on the grid with ghosts by the walls of that name."""


class ConstrainedTerms:
    """Calls of learned terms as their constraints over space make them.

    Parameters
    ----------
    model, grid, builder
    lower : callable
        Lowers an expression.
    network, fill : callable
    """

    def __init__(
        self,
        model: Model,
        grid: Grid,
        builder: Builder,
        lower: Callable[[Expr, Halo], Value],
        network: Network,
        fill: Fill,
    ) -> None:
        self._model, self._grid, self._builder = model, grid, builder
        self._lower, self._network, self._fill = lower, network, fill
        self._zero = no_halo(len(grid.axes))

    def value(self, call: LearnedCall, halo: Halo) -> Value:
        """A call on the grid widened by `halo`."""
        term = self._model.learned_term(call.term)
        flow = term.divergence_free
        if flow is not None:
            return self._stream(call, flow, halo) if flow.stream else self._projected(call, halo)
        value = self._network(call, call.output, halo)
        if not any(isinstance(c, ZeroMean) and c.output == call.output for c in term.constraints):
            return value
        mean = self._mean(self._network(call, call.output, self._zero))
        return self._builder.apply("sub", value, mean)

    def _stream(self, call: LearnedCall, flow: DivergenceFree, halo: Halo) -> Value:
        psi = self._network(call, 0, self._zero)
        for axis in self._grid.axes:
            psi = self._zero_on_walls(psi, axis)
        along = 1 - call.output
        weights = self._first_derivative(along)
        wider = for_stencil(halo, along, len(weights) // 2, 1)
        value = self._builder.add("stencil", (self._fill(psi, call.term, wider),), along, weights)
        if call.output:
            value = self._builder.apply("neg", value)
        if call.output in flow.uniform:
            drift = self._mean(self._network(call, 1 + flow.uniform.index(call.output), self._zero))
            value = self._builder.apply("add", value, drift)
        return value

    def _projected(self, call: LearnedCall, halo: Halo) -> Value:
        # Zero across walls already, so that the mirrored field has no jump there, which would cost the order.
        free = tuple(self._zero_on_walls(self._network(call, i, self._zero), a) for i, a in enumerate(self._grid.axes))
        axes = tuple(
            ProjectionAxis(a.points, a.periodic, a.position == "nodes", self._first_derivative(i))
            for i, a in enumerate(self._grid.axes)
        )
        every = frozenset(range(len(axes)))
        projected = self._builder.add("project", free, axes, axes=every)
        component = self._builder.add("component", (projected,), call.output)
        # Mirrors alone keep the divergence at zero beside a wall: no ghost is a polynomial's.
        return self._fill(component, call.name, tuple(Reach(r.width) for r in halo))

    def _zero_on_walls(self, value: Value, axis: GridAxis) -> Value:
        """Times ``sin(pi*(x - a)/(b - a))`` along a walled axis."""
        if axis.periodic:
            return value
        across = Apply("sub", (Coordinate(axis.name), Const(axis.lower)))
        angle = Apply("mul", (Const(math.pi / (axis.upper - axis.lower)), across))
        return self._builder.apply("mul", value, self._lower(Apply("sin", (angle,)), self._zero))

    def _mean(self, value: Value) -> Value:
        return reduced(self._builder, self._grid, value, "mean")

    def _first_derivative(self, axis: int) -> tuple[float, ...]:
        spacing = self._grid.axes[axis].spacing
        return tuple(w / spacing for w in stencils.central(1, self._model.order))
