"""Exact solutions to manufacture problems from: smooth, within the states' ranges, fitting the axes' topology."""

from __future__ import annotations

import math
import random
from typing import Any

import sympy as sp

from eqdsl.model.expr import Expr
from eqdsl.model.model import Axis, Channel, Model
from eqdsl.model.symbolic import SymbolTable, from_sympy

WAVE = 2.0
"""Phase from wall to wall: no period, so nothing fits the walls by chance."""

SIDE_WAVE = 0.4
"""Share of the sum of sines beside the product of sines."""

OFFSETS = (0.2, 2.0)
"""Mean of a state without a range; the second one where the first leaves the domain of a function."""


class ExactSolution:
    """A known function of time and place for every channel.

    Along a periodic axis of length L the sines have the period L, along a walled one they have none. A state in
    (0, inf) stays between 0.8 and 2.2 above its bound, one in an interval stays within its middle half.

    Parameters
    ----------
    model : Model
    period : float
        Time in which the phases move by 1.
    seed : int
        Of the phases.
    offset : float
        Mean of a state without a range.
    """

    def __init__(self, model: Model, period: float, seed: int = 0, offset: float = OFFSETS[0]) -> None:
        self.model, self.symbols = model, SymbolTable(model)
        self._offset = offset
        self._frequency = sp.Float(1.0 / period)
        phases = random.Random(seed)
        self._values: dict[str, Any] = {}
        self._middles: dict[str, Any] = {}
        for channel in model.channels:
            if not channel.velocity:
                self._values[channel.name] = self._value(channel, phases)
        for channel in model.channels:
            if channel.velocity:
                state = channel.name.removeprefix("dt(").removesuffix(")")
                self._values[channel.name] = sp.diff(self._values[state], self.symbols.time)
        self._written: dict[Any, Expr] = {}

    def value(self, channel: str) -> Any:
        """The solution of a channel as a SymPy expression of time and coordinates."""
        return self._values[channel]

    def middle(self, channel: str) -> Any:
        """The number that the solution of a state swings about."""
        return self._middles[channel]

    def atoms(self, expression: Any) -> dict[Any, Any]:
        """Every channel and every derivative of one in a SymPy expression, with its exact value."""
        functions = {self.symbols.channels[c.name]: c.name for c in self.model.channels if not c.velocity}
        found = {}
        for derivative in expression.atoms(sp.Derivative):
            if derivative.expr in functions:
                value = self._values[functions[derivative.expr]]
                found[derivative] = sp.diff(value, *derivative.variable_count)
        return found | {f: self._values[name] for f, name in functions.items() if expression.has(f)}

    def written(self, expression: Any) -> Expr:
        """An expression of time, coordinates and parameters as a checked one, once for each."""
        if expression not in self._written:
            self._written[expression] = from_sympy(expression, self.symbols)
        return self._written[expression]

    def _value(self, channel: Channel, phases: random.Random) -> Any:
        field = next(f for f in self.model.fields if f.name == channel.field)
        middle, swing = self._size(-math.inf if field.vector else field.lower, field.upper)
        self._middles[channel.name] = middle
        turning = self._frequency * self.symbols.time
        axes = [a for a in self.model.axes if a.name in field.axes]
        if not axes:
            return middle + swing * sp.sin(turning + _phase(phases))
        waves = [self._along(axis) + _phase(phases) for axis in axes]
        product = sp.Mul(*(sp.sin(w - turning if i == 0 else w) for i, w in enumerate(waves)))
        beside = sp.Add(*(sp.sin(self._along(axis) + _phase(phases)) for axis in axes)) / len(axes)
        return middle + swing * (product + SIDE_WAVE * beside)

    def _along(self, axis: Axis) -> Any:
        length = axis.upper - axis.lower
        number = sp.Float((2 * math.pi if axis.periodic else WAVE) / length)
        return number * (self.symbols.axes[axis.name] - sp.Float(axis.lower))

    def _size(self, lower: float, upper: float) -> tuple[Any, Any]:
        if math.isfinite(lower) and math.isfinite(upper):
            return sp.Float((lower + upper) / 2), sp.Float((upper - lower) / 4 / (1 + SIDE_WAVE))
        if math.isfinite(lower):
            return sp.Float(lower + 1.5), sp.Float(0.5)
        return sp.Float(upper - 1.5 if math.isfinite(upper) else self._offset), sp.Float(0.5)


def _phase(phases: random.Random) -> Any:
    return sp.Float(round(phases.uniform(0.2, 2.8), 3))
