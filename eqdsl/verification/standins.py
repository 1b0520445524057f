"""Models whose learned terms are known: a fixed smooth function, or zero."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from eqdsl.model.expr import Apply, Const, Expr, LearnedCall
from eqdsl.model.model import LearnedTerm, Model, Range
from eqdsl.verification.rewriting import rewritten

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
