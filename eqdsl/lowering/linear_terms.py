"""The terms of a model that are linear with constant coefficients, taken from its equations; no tensors here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from eqdsl.model.arithmetic import ZERO, add, divide, is_number, multiply, negate
from eqdsl.model.expr import (
    Apply,
    ChannelRef,
    Const,
    DefinitionRef,
    Diff,
    Expr,
    FluxDiff,
)
from eqdsl.model.facts import facts_of
from eqdsl.model.model import Model
from eqdsl.model.walls import WallCondition


@dataclass(frozen=True, slots=True)
class _Scope:
    """Axes along which only even derivatives count, and the channels that count."""

    even: frozenset[str]
    channels: frozenset[str]


class LinearTerms:
    """Reads ``L u`` off the equations.

    A term counts if it is a sum of channels and derivatives of channels with factors made of numbers and scalar
    parameters. Of a sum with other parts only these are taken; what a product or a function makes of channels is left.
    Derivatives stay as they were written, so that L u is the same scheme.

    Parameters
    ----------
    model : Model
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._facts = facts_of(model)
        self._own = frozenset(p.name for p in model.parameters if p.per is not None)
        # A state that is solved for is a function of the others, and no part of L u. A plain variable beside fields
        # is one number, which no transform over space takes; without space all are.
        self._fields = frozenset(c.name for c in model.channels if not (c.uniform and model.axes))
        self._known: dict[tuple[Expr, _Scope], Expr] = {}

    def of_model(self, even: frozenset[str] = frozenset(), *, coupled: bool = True) -> dict[str, Expr]:
        """L u by channel, those left out where it is zero.

        Parameters
        ----------
        even : frozenset of str
            Axes along which derivatives of odd order are left out.
        coupled : bool
            Whether the rate of a channel may hold others.
        """
        found: dict[str, Expr] = {}
        for name in (c.name for c in self._model.channels if c.name in self._fields):
            part = self._rate(name, _Scope(even, self._fields if coupled else frozenset({name})))
            if not is_number(part, 0.0):
                found[name] = part
        return found

    def channels_of(self, expr: Expr) -> frozenset[str]:
        """Channels that an expression contains."""
        return self._facts.of(expr).channels

    def varying_wall(self, channels: frozenset[str]) -> WallCondition | None:
        """A wall of one of these channels whose left side is not the same everywhere and always."""
        for wall in self._model.walls:
            if wall.channel in channels and not all(self._constant(e) for e in wall.coefficients):
                return wall
        return None

    def _constant(self, expr: Expr) -> bool:
        """Whether an expression is one number for all: not one of each environment or trajectory."""
        return self._facts.constant(expr) and not self._facts.of(expr).parameters & self._own

    def _rate(self, channel: str, scope: _Scope) -> Expr:
        equation = next((e for e in self._model.equations if e.channel == channel), None)
        if equation is None:
            return self._part(ChannelRef(f"dt({channel})"), scope)
        return add([self._part(term.expr, scope) for term in equation.terms])

    def _part(self, expr: Expr, scope: _Scope) -> Expr:
        """The part of an expression that is linear with constant coefficients; zero where there is none."""
        found = self._known.get((expr, scope))
        if found is None:
            found = self._known[expr, scope] = self._read(expr, scope)
        return found

    def _read(self, expr: Expr, scope: _Scope) -> Expr:
        def part(inner: Expr) -> Expr:
            return self._part(inner, scope)

        match expr:
            case _ if not self._facts.of(expr).channels:
                return ZERO
            case ChannelRef(name):
                return expr if name in scope.channels else ZERO
            case DefinitionRef():
                return part(self._facts.body(expr))
            case Apply("add", arguments):
                return add([part(a) for a in arguments])
            case Apply("sub", (left, right)):
                return add([part(left), negate(part(right))])
            case Apply("neg", (inner,)):
                return negate(part(inner))
            case Apply("mul", arguments):
                inside = [a for a in arguments if self._facts.of(a).channels]
                outside = [a for a in arguments if a not in inside]
                if len(inside) == 1 and all(self._constant(a) for a in outside):
                    return _product(outside, part(inside[0]))
            case Apply("div", (top, bottom)) if self._constant(bottom):
                return divide(part(top), bottom)
            case Diff(argument, axis, order, carried) if not (order % 2 and axis in scope.even):
                return _unless_zero(part(argument), lambda inner: Diff(inner, axis, order, carried))
            case FluxDiff(coefficient, argument, axis) if self._constant(coefficient):
                return _unless_zero(part(argument), lambda inner: FluxDiff(coefficient, inner, axis))
        return ZERO


def _product(factors: list[Expr], inner: Expr) -> Expr:
    """``factors*inner`` with the sign in front, as one writes it."""
    if isinstance(inner, Apply) and inner.function == "neg":
        return negate(multiply([*factors, inner.arguments[0]]))
    return multiply([*factors, inner])


def _unless_zero(expr: Expr, wrap: Callable[[Expr], Expr]) -> Expr:
    return ZERO if is_number(expr, 0.0) else wrap(expr)


def with_homogeneous_walls(model: Model) -> Model:
    """The model with zero on the right of every wall: what is left of the walls in a linear operator."""
    zero = Const(0.0)
    walls = tuple(replace(w, value=zero, value_rate=None if w.value_rate is None else zero) for w in model.walls)
    return replace(model, walls=walls)
