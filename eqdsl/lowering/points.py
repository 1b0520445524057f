"""A model at scattered points: no grid, and exact derivatives of states that are functions of time and position.

The same checked expressions as in `expressions`, parameters and learned terms shared with the vector field. A state is
a function of points; a derivative in the model is the derivative of a subexpression along a coordinate, by forward
mode, so that ``dx(k*dx(u))`` or ``-dx(f(u))`` needs no rule of its own.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from eqdsl.core.errors import UsageError
from eqdsl.lowering.branches import Branches
from eqdsl.lowering.operations import ARITHMETIC, FUNCTIONS
from eqdsl.lowering.vector_field import VectorField
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
    children,
)
from eqdsl.model.model import Model, WallCondition

INSTEAD = "take an objective on the grid, such as `--objective derivative,rollout`"


class Fields:
    """States that are not velocities as functions of points, ``(…, 1 + D)`` (time, then the axes) to ``(…, P)``.

    Parameters
    ----------
    function : callable
        Works point by point.
    """

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        self.function = function

    def __call__(self, at: Tensor) -> Tensor:
        return self.function(at)

    def derivative(self, at: Tensor, along: tuple[int, ...]) -> Tensor:
        """All of them differentiated along coordinates, one after the other."""
        return derivative(self, at, along)


class PointField:
    """The equations and walls of a vector field's model, at points.

    Parameters
    ----------
    field : VectorField

    Attributes
    ----------
    positions : tuple of str
        Channels that are functions of their own; the velocity of one is its derivative in time.

    Raises
    ------
    UsageError
        Something in the equations has no value at a point; it is named.
    """

    def __init__(self, field: VectorField) -> None:
        self.field, self.model = field, field.model
        self.axes = [axis.name for axis in self.model.axes]
        self.positions = tuple(c.name for c in self.model.channels if not c.velocity)
        self.branches = Branches(self.model, dict.fromkeys((t.name for t in self.model.learned), 0))
        _refuse_what_needs_a_grid(self.model)

    def residual(self, fields: Fields, at: Tensor) -> Tensor:
        """``d(state)/dt - f`` of every channel, (…, C); 0 for a state whose rate is its velocity."""
        values = Values(self, fields, at)
        parts = []
        for channel in self.model.channels:
            equation = next((e for e in self.model.equations if e.channel == channel.name), None)
            if equation is None:
                parts.append(at.new_zeros(at.shape[:-1]))
                continue
            right = sum((values.of(term.expr) for term in equation.terms), 0.0)
            parts.append(values.channel(channel.name, (0,)) - right)
        return torch.stack([values.spread(part) for part in parts], dim=-1)

    def wall_residual(self, wall: WallCondition, fields: Fields, at: Tensor) -> Tensor:
        """``(a*u + b*du/dn + … - g)/sqrt(a^2 + (b/L)^2 + …)`` at points of a wall, (…): in units of the state."""
        values, axis = Values(self, fields, at), 1 + self.axes.index(wall.axis)
        length = next(a.upper - a.lower for a in self.model.axes if a.name == wall.axis)
        outwards = 1.0 if wall.side else -1.0
        total, size = -values.spread(values.of(wall.value)), at.new_zeros(at.shape[:-1])
        for order, expr in enumerate(wall.coefficients):
            if isinstance(expr, Const) and expr.value == 0.0:
                continue
            coefficient = values.spread(values.of(expr))
            total = total + coefficient * outwards**order * values.channel(wall.channel, (axis,) * order)
            size = size + (coefficient.detach() / length**order) ** 2
        return total / size.sqrt()


class Values:
    """Values of expressions at some points; what was found is kept."""

    def __init__(self, points: PointField, fields: Fields, at: Tensor) -> None:
        self.points, self.fields, self.at = points, fields, at
        self._done: dict[Expr, Tensor | float] = {}
        self._slopes: dict[tuple[int, ...], Tensor] = {}
        self._parameters = points.field.physical.values()

    def of(self, expr: Expr) -> Tensor | float:
        """The value of an expression."""
        found = self._done.get(expr)
        if found is None:
            found = self._done[expr] = self._value(expr)
        return found

    def spread(self, value: Tensor | float) -> Tensor:
        """A value at every point."""
        if not isinstance(value, Tensor):
            value = self.at.new_tensor(value)
        return value.to(self.at).expand(self.at.shape[:-1])

    def channel(self, name: str, along: tuple[int, ...] = ()) -> Tensor:
        """A channel, or its derivative along these coordinates (0 is time)."""
        channel = self.points.model.channel(name)
        if channel.velocity:
            along = (*along, 0)
            names = self.points.model.channels
            position = next(
                c for c in names if (c.field, c.component, c.velocity) == (channel.field, channel.component, False)
            )
            name = position.name
        key = tuple(sorted(along))
        found = self._slopes.get(key)
        if found is None:
            found = self._slopes[key] = self.fields.derivative(self.at, key)
        return found[..., self.points.positions.index(name)]

    def _value(self, expr: Expr) -> Tensor | float:
        model = self.points.model
        match expr:
            case Const():
                return expr.value
            case TimeRef():
                return self.at[..., 0]
            case Coordinate():
                return self.at[..., 1 + self.points.axes.index(expr.axis)]
            case ParamRef():
                return self._parameters[expr.name]
            case DefinitionRef():
                return self.of(model.definitions[expr.name].components[expr.component])
            case ChannelRef():
                return self.channel(expr.channel)
            case Diff():
                return self._diff(expr)
            case FluxDiff():
                inner = Diff(expr.argument, expr.axis, 1)
                return self._along(Apply("mul", (expr.coefficient, inner)), expr.axis, 1)
            case LearnedCall():
                return self._learned(expr)
            case Apply():
                return self._apply(expr)
        raise AssertionError(type(expr))

    def _diff(self, expr: Diff) -> Tensor:
        """Derivatives of a channel share one walk for all channels."""
        along: list[int] = []
        part: Expr = expr
        while isinstance(part, Diff):
            along += [1 + self.points.axes.index(part.axis)] * part.order
            part = part.argument
        if isinstance(part, ChannelRef):
            return self.channel(part.channel, tuple(along))
        return self._along(expr.argument, expr.axis, expr.order)

    def _along(self, expr: Expr, axis: str, order: int) -> Tensor:
        def value(at: Tensor) -> Tensor:
            inner = Values(self.points, self.fields, at)
            return inner.spread(inner.of(expr))

        return derivative(value, self.at, (1 + self.points.axes.index(axis),) * order)

    def _learned(self, expr: LearnedCall) -> Tensor:
        module = self.points.field.terms_by_name[expr.term]
        inputs = torch.stack([self.spread(self.of(a)) for a in expr.arguments], dim=-1)
        found: Tensor = module(inputs)
        return found[..., expr.output]

    def _apply(self, expr: Apply) -> Tensor | float:
        if expr.function == "ifelse":
            safe = self.points.branches.of(expr)
            if safe is not expr:
                return self.of(safe)
        values = [self.of(a) for a in expr.arguments]
        if expr.function in ARITHMETIC and any(isinstance(v, Tensor) for v in values):
            found: Tensor = ARITHMETIC[expr.function](*values)
            return found
        call = ARITHMETIC.get(expr.function) or FUNCTIONS[expr.function]
        return call(*(v if isinstance(v, Tensor) else self.at.new_tensor(v) for v in values))


def derivative(function: Callable[[Tensor], Tensor], at: Tensor, along: tuple[int, ...]) -> Tensor:
    """A function of points, point by point, differentiated along coordinates, one after the other."""
    if not along:
        return function(at)
    direction = torch.zeros_like(at)
    direction[..., along[-1]] = 1.0

    def inner(points: Tensor) -> Tensor:
        return derivative(function, points, along[:-1])

    slope: Tensor = torch.func.jvp(inner, (at,), (direction,))[1]
    return slope


def _refuse_what_needs_a_grid(model: Model) -> None:
    """Raise `UsageError` for what has no value at a point."""

    def refuse(what: str) -> None:
        raise UsageError(f"objective `collocation`: {what}", help=INSTEAD)

    if model.solved:
        refuse(f"`{model.solved[0].channel.name}` is solved for on the whole grid")
    if model.scopes:
        owners = [n for scope in sorted(model.scopes) for n in model.of_scope(scope)]
        refuse(f"`{owners[0]}` is another one in each environment or trajectory")
    for term in model.learned:
        if not term.pointwise:
            refuse(f"the learned term `{term.name}` sees the whole grid or neighbours on it")
    waiting: list[Expr] = [term.expr for equation in model.equations for term in equation.terms]
    waiting += [expr for wall in model.walls for expr in (*wall.coefficients, wall.value)]
    while waiting:
        part = waiting.pop()
        if isinstance(part, InputRef):
            refuse(f"`{part.name}` is known at the times of its series only")
        if isinstance(part, PastRef):
            refuse(f"past frames of `{part.channel}` are known on the grid only")
        if isinstance(part, Reduction):
            refuse(f"`{part.kind}(…)` is taken over the whole domain")
        if isinstance(part, ParamRef) and model.parameter(part.name).axes:
            refuse(f"the coefficient field `{part.name}` has values on the grid only")
        if isinstance(part, DefinitionRef):
            waiting.append(model.definitions[part.name].components[part.component])
        waiting += children(part)
