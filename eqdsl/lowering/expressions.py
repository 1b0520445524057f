"""Expressions into steps.

An expression is lowered *with a halo*: so many ghost cells beyond the grid on each axis. A stencil asks its argument
for a wider halo and shrinks it; pointwise arithmetic passes the halo on; at the bottom a channel fills its ghosts by
its own walls. So ``dx(h*u)`` differences the product of two properly continued fields, whatever stands inside, and a
mixed derivative finds its corners filled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from eqdsl.lowering import stencils
from eqdsl.lowering.branches import Branches
from eqdsl.lowering.builder import Builder, Value
from eqdsl.lowering.constrained import ConstrainedTerms
from eqdsl.lowering.halo import Halo, for_neighbourhood, for_stencil, no_halo
from eqdsl.lowering.reductions import reduced, sampled
from eqdsl.lowering.solving import cut, problem_of
from eqdsl.lowering.walls import WallFiller
from eqdsl.model.expr import (
    Apply,
    ChannelRef,
    Const,
    Coordinate,
    DefinitionRef,
    Diff,
    Expr,
    FluxDiff,
    InputRef,
    LearnedCall,
    ParamRef,
    PastRef,
    Reduction,
    TimeRef,
)
from eqdsl.model.learned_terms import GLOBAL
from eqdsl.model.model import Model, SolvedState
from eqdsl.numerics.grid import Grid


class ExpressionLowering:
    """Lowers the expressions of one model on one grid.

    Parameters
    ----------
    model : Model
    grid : Grid
    radii : mapping of str to int
        Cells that each learned term sees in every direction (0 for a pointwise one).
    around : ExpressionLowering, optional
        The one whose steps these join: then they are the residual of the equation for the channel `unknown`.
    unknown : str, optional

    Attributes
    ----------
    zero : Halo
        No ghost cells.
    widest : list of int
        Most ghost cells that any expression so far asked of a channel or a coefficient field.
    branches : Branches
        Makes both branches of a choice safe to evaluate.
    """

    def __init__(
        self,
        model: Model,
        grid: Grid,
        radii: Mapping[str, int],
        around: ExpressionLowering | None = None,
        unknown: str | None = None,
    ) -> None:
        self.model, self.grid, self.radii = model, grid, radii
        self.builder: Builder = Builder() if around is None else around.builder
        self._unknown = unknown
        self.walls = WallFiller(model, grid, self.builder, self.lower)
        self.constrained = ConstrainedTerms(model, grid, self.builder, self.lower, self._network, self._filled)
        self.branches = Branches(model, radii)
        self.zero = no_halo(len(grid.axes))
        self.widest: list[int] = [0] * len(grid.axes) if around is None else around.widest
        self._done: dict[tuple[Expr, Halo], Value] = {}
        self._cases: dict[type, Callable[..., Value]] = {
            Const: lambda e, halo: self.builder.constant(e.value),
            TimeRef: lambda e, halo: self.builder.add("time", axes=frozenset()),
            ChannelRef: self._channel,
            PastRef: self._past,
            ParamRef: self._parameter,
            InputRef: self._input,
            Coordinate: self._coordinate,
            DefinitionRef: self._definition,
            Apply: self._apply,
            Diff: self._diff,
            FluxDiff: self._flux_diff,
            LearnedCall: self._learned,
            Reduction: self._reduction,
        }

    def lower(self, expr: Expr, halo: Halo) -> Value:
        """The value of an expression on the grid widened by `halo`."""
        found = self._done.get((expr, halo))
        if found is None:
            found = self._done[expr, halo] = self._cases[type(expr)](expr, halo)
        return found

    # ------------------------------------------------------------- leaves

    def _channel(self, expr: ChannelRef, halo: Halo) -> Value:
        channel = self.model.channel(expr.channel)
        solved = self.model.solved_state(expr.channel)
        if solved is not None:
            value = self._solved(solved)
            if channel.uniform:
                return value
            return self._filled(value, channel.name, halo)
        number = self.model.channels.index(channel)
        if channel.uniform:
            return self.builder.add("uniform_channel", (), number, axes=frozenset())
        value = self.builder.add("channel", (), number, axes=frozenset(range(len(self.grid.axes))))
        return self._filled(value, channel.name, halo)

    def _past(self, expr: PastRef, halo: Halo) -> Value:
        channel = self.model.channel(expr.channel)
        number = self.model.channels.index(channel)
        axes = frozenset[int]() if channel.uniform else frozenset(range(len(self.grid.axes)))
        value = self.builder.add("past", (), number, expr.back, channel.uniform, axes=axes)
        return value if channel.uniform else self._filled(value, channel.name, halo)

    def _filled(self, value: Value, name: str, halo: Halo) -> Value:
        """A field on the grid with ghosts by the walls of that name."""
        self._note(halo, frozenset(range(len(halo))))
        return self.walls.fill(value, name, halo)

    def _solved(self, state: SolvedState) -> Value:
        """A state that its own equation gives: point by point, or as a whole."""
        form, every = state.form, frozenset(range(len(self.grid.axes)))
        if state.channel.name == self._unknown:
            return self.builder.add("unknown", (), state.channel.name, axes=every)
        if form.algebraic:
            rest, factor = (self.lower(e, self.zero) for e in (form.rest, form.terms[0].coefficient))
            value = self.builder.apply("neg", self.builder.apply("div", rest, factor))
            if state.channel.uniform or value.axes == every:
                return value
            return self.builder.add("spread", (value,), axes=every)
        inner = ExpressionLowering(self.model, self.grid, self.radii, self, state.channel.name)
        unknown = inner._solved(state)
        residual = inner.lower(state.residual, self.zero)
        body = cut(self.builder.steps, unknown.number, residual.number)
        coefficients = [self.lower(t.coefficient, self.zero) for t in form.terms]
        problem, used = problem_of(self.model, self.grid, state, body, coefficients)
        # What the residual reads lies on steps of its own; where they vary does not matter to the solution.
        reads = tuple(Value(number, every) for number in body[1])
        return self.builder.add("solve", (*reads, *used), problem, axes=every)

    def _parameter(self, expr: ParamRef, halo: Halo) -> Value:
        parameter = self.model.parameter(expr.name)
        axes = frozenset(self.grid.axis(name) for name in parameter.axes)
        return self._continued(self.builder.add("parameter", (), parameter.name, axes=axes), halo)

    def _input(self, expr: InputRef, halo: Halo) -> Value:
        axes = frozenset(self.grid.axis(name) for name in expr.axes)
        return self._continued(self.builder.add("input", (), expr.name, expr.rate, axes=axes), halo)

    def _continued(self, value: Value, halo: Halo) -> Value:
        """A coefficient field or a map with ghosts: it has no walls of its own."""
        self._note(halo, value.axes)
        for axis in sorted(value.axes):
            if halo[axis].width:
                width = halo[axis].width
                if self.grid.axes[axis].periodic:
                    value = self.builder.add("wrap", (value,), axis, width, axes=value.axes)
                else:
                    value = self.builder.add("extrapolate", (value,), axis, width, self.model.order, axes=value.axes)
        return value

    def _coordinate(self, expr: Coordinate, halo: Halo) -> Value:
        axis = self.grid.axis(expr.axis)
        return self.builder.add("coordinate", (), axis, halo[axis].width, axes=frozenset({axis}))

    def _definition(self, expr: DefinitionRef, halo: Halo) -> Value:
        return self.lower(self.model.definitions[expr.name].components[expr.component], halo)

    # -------------------------------------------------------- inner nodes

    def _apply(self, expr: Apply, halo: Halo) -> Value:
        if expr.function == "ifelse":
            safe = self.branches.of(expr)
            if safe is not expr:
                return self.lower(safe, halo)
        return self.builder.apply(expr.function, *(self.lower(a, halo) for a in expr.arguments))

    def _diff(self, expr: Diff, halo: Halo) -> Value:
        axis = self.grid.axis(expr.axis)
        weights = self._scaled(stencils.central(expr.order, self.model.order), axis, expr.order)
        wider = for_stencil(halo, axis, len(weights) // 2, expr.order)
        return self._stencil(self.lower(expr.argument, wider), axis, weights)

    def _flux_diff(self, expr: FluxDiff, halo: Halo) -> Value:
        """Fluxes ``k*du/dx`` on the faces, then their difference: what leaves one cell enters the next."""
        axis, order = self.grid.axis(expr.axis), self.model.order
        wider = for_stencil(halo, axis, order - 1, 2)
        across = self._scaled(stencils.staggered(1, order), axis, 1)
        slope = self._stencil(self.lower(expr.argument, wider), axis, across)
        coefficient = self.lower(expr.coefficient, wider)
        if axis in coefficient.axes:
            coefficient = self._stencil(coefficient, axis, stencils.staggered(0, order))
        return self._stencil(self.builder.apply("mul", coefficient, slope), axis, across)

    def _learned(self, expr: LearnedCall, halo: Halo) -> Value:
        return self.constrained.value(expr, halo)

    def _network(self, expr: LearnedCall, output: int, halo: Halo) -> Value:
        """One output of the module of a learned term."""
        if self.model.learned_term(expr.term).family in GLOBAL:
            return self._continued(self._everywhere(expr, output), halo)
        radius = self.radii[expr.term]
        wider = for_neighbourhood(halo, radius)
        inputs = tuple(self.lower(a, wider) for a in expr.arguments)
        every = frozenset(range(len(self.grid.axes)))
        axes = every if radius else frozenset[int]().union(*(v.axes for v in inputs))
        sizes = tuple(a.points + 2 * r.width for a, r in zip(self.grid.axes, wider, strict=True)) if radius else ()
        outputs = self.builder.add("learned", inputs, expr.term, sizes, axes=axes)
        return self.builder.add("output", (outputs,), expr.term, output)

    def _everywhere(self, expr: LearnedCall, output: int) -> Value:
        """One output of a term that sees the whole domain: on the grid, without ghosts."""
        inputs = tuple(self.lower(a, self.zero) for a in expr.arguments)
        sizes = tuple(a.points for a in self.grid.axes)
        every = frozenset(range(len(self.grid.axes)))
        outputs = self.builder.add("learned", inputs, expr.term, sizes, axes=every)
        return self.builder.add("output", (outputs,), expr.term, output)

    def _reduction(self, expr: Reduction, halo: Halo) -> Value:
        if expr.kind == "sample":
            return self._sample(expr)
        return reduced(self.builder, self.grid, self.lower(expr.argument, self.zero), expr.kind)

    def _sample(self, expr: Reduction) -> Value:
        """The argument at one point; ghosts that the walls fill serve points beside them."""
        halo = self.zero
        for axis in range(len(self.grid.axes)):
            halo = for_stencil(halo, axis, self.model.order // 2, 0)
        value = self.lower(expr.argument, halo)
        return sampled(self.builder, self.grid, value, expr.at, self.model.order)

    def _stencil(self, value: Value, axis: int, weights: tuple[float, ...]) -> Value:
        if axis not in value.axes:
            total = sum(weights)
            return self.builder.apply("mul", value, self.builder.constant(total if abs(total) > 1e-12 else 0.0))
        return self.builder.add("stencil", (value,), axis, weights)

    def _scaled(self, weights: tuple[float, ...], axis: int, derivative: int) -> tuple[float, ...]:
        h = self.grid.axes[axis].spacing
        return tuple(w / h**derivative for w in weights)

    def _note(self, halo: Halo, axes: frozenset[int]) -> None:
        for axis in axes:
            self.widest[axis] = max(self.widest[axis], halo[axis].width)
