"""Models whose learned terms are known: a fixed smooth function, or zero."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from eqdsl.model.arithmetic import divide
from eqdsl.model.expr import Apply, ChannelRef, Const, Coordinate, Expr, InputRef, LearnedCall, PastRef, TimeRef
from eqdsl.model.facts import FactTable, facts_of
from eqdsl.model.learned_terms import LearnedTerm, Range
from eqdsl.model.model import Model
from eqdsl.model.rate import time_derivative
from eqdsl.model.walls import WallCondition
from eqdsl.verification.rewriting import Rewriting, rewritten

SLOPE, BEND = 0.1, 0.05
"""Of a stand-in: mostly straight and rising, so that a diffusivity or a flux stays well posed, and not affine."""


def with_stand_ins(model: Model) -> Model:
    """Every learned output f(a, b, …) as ``0.1*s + 0.05*sin(s)``, s a weighted sum of its inputs.

    An output with declared bounds swings inside them instead.
    """
    return _known(model, _stand_in)


def without_learned(model: Model) -> Model:
    """Every learned output zero."""
    return _known(model, lambda term, call: Const(0.0))


def without_inputs(model: Model) -> Model:
    """Every input as a smooth function of time and position; a wall that follows the data has such a value."""
    facts = facts_of(model)

    def change(expr: Expr) -> Expr:
        return _smooth(expr, model) if isinstance(expr, InputRef) else expr

    of, changed = Rewriting(change).of, rewritten(model, change)
    walls = tuple(_undriven(wall, of, facts) for wall in model.walls)
    initial = tuple(i if i.expr is None else replace(i, expr=of(i.expr)) for i in model.initial)
    learned = tuple(replace(term, inputs=tuple(of(i) for i in term.inputs)) for term in model.learned)
    return replace(changed, walls=walls, initial=initial, learned=learned, inputs=())


def without_past(model: Model) -> Model:
    """Every past frame as the present one, as if the state had stood still."""

    def change(expr: Expr) -> Expr:
        return ChannelRef(expr.channel) if isinstance(expr, PastRef) else expr

    of, changed = Rewriting(change).of, rewritten(model, change)
    learned = tuple(replace(term, inputs=tuple(of(i) for i in term.inputs)) for term in model.learned)
    initial = tuple(i if i.expr is None else replace(i, expr=of(i.expr)) for i in model.initial)
    return replace(changed, learned=learned, initial=initial, penalties=())


def _undriven(wall: WallCondition, of: Callable[[Expr], Expr], facts: FactTable) -> WallCondition:
    a, b, value = of(wall.value_coefficient), of(wall.normal_coefficient), of(wall.value)
    given = isinstance(b, Const) and b.value == 0.0
    rate = None if wall.value_rate is None else time_derivative(divide(value, a) if given else value, facts)
    return replace(wall, value_coefficient=a, normal_coefficient=b, value=value, value_rate=rate, from_data=False)


def _smooth(ref: InputRef, model: Model) -> Expr:
    """``1 + 0.1*sin(s)``, s a sum of the time and of the phases of the positions; of a rate, its derivative."""
    parts: list[Expr] = [Const(0.7)]
    parts += [TimeRef()] if ref.time else []
    for axis in (model.axis(name) for name in ref.axes):
        parts.append(_times(2 * math.pi / (axis.upper - axis.lower), Coordinate(axis.name)))
    total: Expr = Apply("add", tuple(parts)) if len(parts) > 1 else parts[0]
    if ref.rate:
        return _times(SLOPE, Apply("cos", (total,))) if ref.time else Const(0.0)
    return Apply("add", (Const(1.0), _times(SLOPE, Apply("sin", (total,)))))


def _known(model: Model, function: Callable[[LearnedTerm, LearnedCall], Expr]) -> Model:
    terms = {term.name: term for term in model.learned}

    def change(expr: Expr) -> Expr:
        return function(terms[expr.term], expr) if isinstance(expr, LearnedCall) else expr

    return replace(rewritten(model, change), learned=())


def _stand_in(term: LearnedTerm, call: LearnedCall) -> Expr:
    addends = [_times(1.0 / (1 + i), a) for i, a in enumerate(call.arguments)]
    total: Expr = Apply("add", (Const(0.3 * call.output), *addends)) if addends else Const(0.3)
    bounds = next((c for c in term.constraints if isinstance(c, Range) and c.output == call.output), None)
    if bounds is None:
        return Apply("add", (_times(SLOPE, total), _times(BEND, Apply("sin", (total,)))))
    low, high = bounds.lower, bounds.upper
    if math.isfinite(low) and math.isfinite(high):
        middle, swing = (low + high) / 2, 0.2 * (high - low)
    else:
        middle, swing = (low + SLOPE, BEND) if math.isfinite(low) else (high - SLOPE, BEND)
    return Apply("add", (Const(middle), _times(swing, Apply("sin", (total,)))))


def _times(factor: float, expr: Expr) -> Expr:
    return Apply("mul", (Const(factor), expr))
