"""Initial states for checks that need one: the model's own, or a smooth one that walls at rest accept."""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from eqdsl.model.expr import Const
from eqdsl.model.model import InitialValue, Model
from eqdsl.verification.exact import ExactSolution


def with_start(model: Model, seed: int) -> Model:
    """The model with formulas for all initial values; a field without one starts flat at its walls, at rest."""
    given = {i.channel: i for i in model.initial if i.kind == "expression"}
    exact = ExactSolution(model, 1.0, seed, offset=0.0)
    initial = tuple(given.get(c.name) or _smooth(c.name, model, exact) for c in model.channels)
    return replace(model, initial=initial, penalties=())


def _smooth(name: str, model: Model, exact: ExactSolution) -> InitialValue:
    channel = model.channel(name)
    if channel.velocity:
        return InitialValue(name, "expression", Const(0.0))
    field = next(f for f in model.fields if f.name == channel.field)
    value, middle = exact.value(name).xreplace({exact.symbols.time: sp.Float(0.0)}), exact.middle(name)
    for axis in model.axes:
        if axis.name in field.axes and not axis.periodic:
            x = exact.symbols.axes[axis.name]
            inside = sp.sin(sp.Float(float(sp.pi) / (axis.upper - axis.lower)) * (x - sp.Float(axis.lower)))
            value = middle + (value - middle) * inside**2
    return InitialValue(name, "expression", exact.written(value))
