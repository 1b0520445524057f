"""First derivatives that transport, by the schemes the model asks for.

In an addend ``a*dx(F)`` of ``dt(c)`` the flux F is taken on the faces from the states on both sides, L and R, and
differenced.

* *Flux form*, where a does not vary along the axis. All such addends of one equation along one axis make up
  ``dt(c) = dx(G)``, and Rusanov's flux is ``(G(L) + G(R))/2 + alpha/2*(c_R - c_L)``: what leaves one cell enters the
  next. alpha is the larger of ``|dG/dc|`` on both sides; where fluxes couple channels, a bound of the eigenvalues of
  the Jacobian of all that depend on each other.
* *Advective form*, where a varies along the axis: the same flux with ``alpha = |dF/dc|``, its sign chosen in each
  cell by that of a. For ``a*dx(c)`` this is the difference of the left states where ``-a > 0``, of the right ones
  elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from eqdsl.lowering.builder import Value
from eqdsl.lowering.expressions import ExpressionLowering
from eqdsl.lowering.faces import SIDES, Faces
from eqdsl.lowering.slices import slice_between
from eqdsl.model.expr import Apply, ChannelRef, DefinitionRef, Diff, Expr
from eqdsl.model.facts import facts_of
from eqdsl.model.model import Equation
from eqdsl.model.scheme import Scheme
from eqdsl.model.transport import TransportFinder, declared_bounds
from eqdsl.numerics.reconstruction.base import LEFT, RIGHT

Line = tuple[str, Scheme]
"""An axis and the scheme along it."""


@dataclass(frozen=True, slots=True)
class Flux:
    """An addend in flux form: its term in the equation, the expression under the derivative and what multiplies it."""

    term: int
    flux: Expr
    factor: Value


class TransportLowering:
    """Lowers the terms of all equations of a model.

    Parameters
    ----------
    expressions : ExpressionLowering
        What does not transport is lowered by it.
    """

    def __init__(self, expressions: ExpressionLowering) -> None:
        self._expressions, self._model = expressions, expressions.model
        self._facts = facts_of(self._model)
        self._finder = TransportFinder(self._model.schemes, self._facts)
        self._faces: dict[Line, Faces] = {}
        self._fluxes: dict[Line, dict[str, list[Flux]]] = {}
        self._bounds = {
            e.channel: declared_bounds(self._model.channel(e.channel), self._model.fields)
            for e in self._model.equations
            if self._finder.alone([t.expr for t in e.terms], e.channel)
        }
        self._terms = {e.channel: self._without_dissipation(e) for e in self._model.equations}

    def terms(self, equation: Equation) -> list[Value]:
        """The values of the equation's terms."""
        values, build, channel = list(self._terms[equation.channel]), self._expressions.builder, equation.channel
        for line, fluxes in self._fluxes.items():
            speed = self._speed(line, channel) if channel in fluxes else None
            if speed is None:
                continue
            faces = self._at(line)
            half = build.apply("mul", speed, build.constant(0.5))
            spread = faces.difference(build.apply("mul", half, faces.jump(channel)))
            # It belongs to the sum of the fluxes; the first that carries the channel itself shows it.
            own = [f for f in fluxes[channel] if channel in self._finder.carried(f.flux)] or fluxes[channel]
            values[own[0].term] = build.apply("add", values[own[0].term], spread)
        return values

    def _without_dissipation(self, equation: Equation) -> list[Value]:
        one = self._expressions.builder.constant(1.0)
        return [self._value(t.expr, equation.channel, i, one) for i, t in enumerate(equation.terms)]

    # ------------------------------------------------------------------------------------------- addends

    def _value(self, expr: Expr, channel: str, term: int, factor: Value) -> Value:
        """The value of an expression that stands multiplied by `factor` in a term."""
        build = self._expressions.builder
        if not self._finder.holds(expr, channel):
            return self._plain(expr)
        match expr:
            case Diff():
                return self._derivative(expr, channel, term, factor)
            case DefinitionRef():
                return self._value(self._finder.body(expr), channel, term, factor)
            case Apply("mul", arguments):
                number = self._finder.moving_factor(arguments, channel)
                parts = {i: self._plain(a) for i, a in enumerate(arguments) if i != number}
                multiplied = build.apply("mul", factor, *parts.values())
                return build.apply(
                    "mul",
                    *(
                        parts[i] if i in parts else self._value(a, channel, term, multiplied)
                        for i, a in enumerate(arguments)
                    ),
                )
            case Apply("div", (top, bottom)):
                below = self._plain(bottom)
                return build.apply("div", self._value(top, channel, term, build.apply("div", factor, below)), below)
            case Apply("sub", (left, right)):
                return build.apply(
                    "sub",
                    self._value(left, channel, term, factor),
                    self._value(right, channel, term, build.apply("neg", factor)),
                )
            case Apply("neg", (inner,)):
                return build.apply("neg", self._value(inner, channel, term, build.apply("neg", factor)))
            case Apply("add", arguments):
                return build.apply("add", *(self._value(a, channel, term, factor) for a in arguments))
        raise TypeError(f"{type(expr).__name__} holds no transport")

    def _plain(self, expr: Expr) -> Value:
        return self._expressions.lower(expr, self._expressions.zero)

    def _derivative(self, expr: Diff, channel: str, term: int, factor: Value) -> Value:
        scheme = self._model.schemes.of(expr)
        assert scheme is not None  # `holds` said so
        line = (expr.axis, scheme)
        faces = self._at(line)
        if faces.axis in factor.axes:
            return self._advective(faces, expr.argument, channel, factor)
        self._fluxes.setdefault(line, {}).setdefault(channel, []).append(Flux(term, expr.argument, factor))
        return faces.difference(faces.mean(expr.argument))

    def _advective(self, faces: Faces, flux: Expr, channel: str, factor: Value) -> Value:
        build = self._expressions.builder
        forward = build.apply("lt", factor, build.constant(0.0))
        if isinstance(flux, ChannelRef) and flux.channel == channel:
            ahead, behind = (faces.difference(faces.state(channel, side)) for side in (RIGHT, LEFT))
            return build.apply("ifelse", forward, behind, ahead)
        mean = faces.mean(flux)
        if channel not in self._finder.carried(flux):
            return faces.difference(mean)
        speed = self._fastest(faces, [channel], {channel: [(flux, build.constant(1.0))]})
        spread = build.apply("mul", build.apply("mul", speed, build.constant(0.5)), faces.jump(channel))
        return build.apply(
            "ifelse",
            forward,
            faces.difference(build.apply("sub", mean, spread)),
            faces.difference(build.apply("add", mean, spread)),
        )

    # ------------------------------------------------------------------------------------------- speeds

    def _speed(self, line: Line, channel: str) -> Value | None:
        """alpha on the faces for a channel's own flux; None where the fluxes do not move it."""
        fluxes = self._fluxes[line]
        coupled = self._coupled(line, channel)
        if not any(channel in self._finder.carried(f.flux) for c in coupled for f in fluxes[c]):
            return None
        return self._fastest(self._at(line), coupled, {c: [(f.flux, f.factor) for f in fluxes[c]] for c in coupled})

    def _fastest(self, faces: Faces, channels: list[str], fluxes: dict[str, list[tuple[Expr, Value]]]) -> Value:
        """The larger of the speeds on both sides of each face."""
        build = self._expressions.builder
        speeds = []
        for side in SIDES:
            moving = [faces.state(c, side) for c in channels]
            totals = []
            for c in channels:
                parts = [build.apply("mul", factor, faces.lower(flux, side)) for flux, factor in fluxes[c]]
                totals.append(parts[0] if len(parts) == 1 else build.apply("add", *parts))
            piece, arguments = slice_between(build.steps, moving, totals)
            axes = frozenset[int]().union(*(m.axes for m in moving), *(t.axes for t in totals))
            inputs = tuple(Value(number, axes) for number in arguments)
            speeds.append(build.add("speed", inputs, piece, len(channels), axes=axes))
        return build.apply("max", *speeds)

    def _coupled(self, line: Line, channel: str) -> list[str]:
        """The channels whose fluxes depend on this one and on whose values its own depends, itself included."""
        fluxes = self._fluxes[line]
        reads = {c: {d for f in fs for d in self._finder.carried(f.flux) if d in fluxes} for c, fs in fluxes.items()}
        reached = {c: _reached(c, reads) for c in fluxes}
        return [c for c in fluxes if c == channel or (c in reached[channel] and channel in reached[c])]

    def _at(self, line: Line) -> Faces:
        if line not in self._faces:
            self._faces[line] = Faces(self._expressions, self._facts, *line, self._bounds)
        return self._faces[line]


def _reached(start: str, reads: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        new = reads[waiting.pop()] - found
        found |= new
        waiting.extend(new)
    return found
