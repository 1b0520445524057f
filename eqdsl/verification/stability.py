"""Stability numbers of a model on a grid: largest steps, and what they mean for diffusion, transport and waves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy as sp
import torch

from eqdsl.core.errors import EqdslError
from eqdsl.lowering.vector_field import VectorField
from eqdsl.model.model import Model
from eqdsl.model.symbolic import SymbolTable, equations_sympy
from eqdsl.numerics.integrators.stability import MARGIN, stable_step
from eqdsl.numerics.integrators.table import method_of
from eqdsl.verification.grids import size_text
from eqdsl.verification.report import PASSED, UNKNOWN, Check, number

METHODS = ("euler", "rk4")
TITLE = "Stability"


def check_stability(field: VectorField) -> Check:
    """The largest stable step of each method near the field's initial state, and the numbers of the linear terms."""
    state = field.initial_state().detach()
    now = torch.zeros((), dtype=field.dtype)
    steps = {name: stable_step(field, method_of(name), now, state) for name in METHODS}
    if any(step is None for step in steps.values()):
        if bool(torch.isfinite(field(0.0, state)).all()):
            return Check("stability", TITLE, PASSED, notes=("Nothing in the model limits the step.",))
        return Check("stability", TITLE, UNKNOWN, notes=("The vector field is not finite at the initial state.",))
    limits = {name: step / MARGIN for name, step in steps.items() if step is not None}
    rows = [(f"largest step, {name}", number(limit, 3), "") for name, limit in limits.items()]
    data: list[dict[str, Any]] = [{"quantity": "step", "method": n, "value": v} for n, v in limits.items()]
    for name, text, value in numbers_of(field, limits["rk4"]):
        rows.append((name, number(value, 3), text))
        data.append({"quantity": name, "value": value, "formula": text})
    where = f"On {size_text(field.grid)} points, near" if field.grid.axes else "Near"
    notes = (
        f"{where} a smooth state, by power iteration (about 10 %): take {MARGIN:g} of it. dt is that of rk4.",
        "Euler's is that of decay; transport and waves without it grow at any step of Euler's.",
    )
    return Check("stability", TITLE, PASSED, ("quantity", "value", "formula"), tuple(rows), notes, data)


def numbers_of(field: VectorField, step: float) -> Iterator[tuple[str, str, float]]:
    """Name, formula and value for each constant coefficient of a first or second derivative of a state."""
    model = field.model
    for state, kind, axis, coefficient in coefficients(model):
        h = field.grid.axes[field.grid.axis(axis)].spacing
        match kind:
            case "diffusion" if coefficient > 0:
                yield (
                    f"diffusion of {state} along {axis}",
                    f"{abs(coefficient):.3g}*dt/h^2",
                    abs(coefficient) * step / h**2,
                )
            case "advection":
                yield f"advection of {state} along {axis}", f"{abs(coefficient):.3g}*dt/h", abs(coefficient) * step / h
            case "wave" if coefficient > 0:
                speed = coefficient**0.5
                yield f"waves of {state} along {axis}", f"{speed:.3g}*dt/h", speed * step / h


def coefficients(model: Model) -> list[tuple[str, str, str, float]]:
    """State, kind of term, axis and number of every linear term with a constant coefficient; [] without algebra."""
    table = SymbolTable(model)
    try:
        equations = [e.rhs.doit() for e in equations_sympy(model, table)]
    except EqdslError:
        return []
    values = {table.parameters[p.name]: sp.Float(p.value) for p in model.parameters if not p.axes}
    found = []
    for equation, right in zip(model.equations, equations, strict=True):
        velocity = model.channel(equation.channel).velocity
        state = equation.channel.removeprefix("dt(").removesuffix(")") if velocity else equation.channel
        for axis in model.axes:
            for order, kind in ((1, "advection"), (2, "wave" if velocity else "diffusion")):
                if velocity and order == 1:
                    continue
                derivative = sp.Derivative(table.channels[state], (table.axes[axis.name], order))
                number_ = _constant(right, derivative, values)
                if number_:
                    found.append((state, kind, axis.name, number_))
    return found


def _constant(expression: Any, derivative: Any, values: dict[Any, Any]) -> float:
    """The factor of a derivative in an expression, where it is a number; else 0."""
    if derivative not in expression.atoms(sp.Derivative):
        return 0.0
    mark = sp.Dummy("derivative", real=True)
    factor = sp.diff(expression.xreplace({derivative: mark}), mark).xreplace(values)
    factor = factor.doit()
    return float(factor) if factor.is_number and factor.is_real else 0.0
