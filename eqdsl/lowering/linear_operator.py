"""L u as straight-line steps, by the same stencils and closures as the vector field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from eqdsl.lowering.expressions import ExpressionLowering
from eqdsl.lowering.operations import OPERATIONS, Context
from eqdsl.lowering.program import Step
from eqdsl.lowering.transport import TransportLowering
from eqdsl.lowering.transport_operations import TRANSPORT_OPERATIONS
from eqdsl.model.expr import Expr
from eqdsl.model.model import Equation, Model, Term
from eqdsl.numerics.grid import Grid

_CALLS = {**OPERATIONS, **TRANSPORT_OPERATIONS}


@dataclass(frozen=True)
class LinearOperator:
    """A linear operator on states.

    Parameters
    ----------
    steps : tuple of Step
    totals : mapping of int to int
        Channel to the step that holds its rate; zero for the others.
    """

    steps: tuple[Step, ...]
    totals: Mapping[int, int]

    def __call__(self, state: Tensor, parameters: Mapping[str, Tensor]) -> Tensor:
        """L u for states (B, C, *S)."""
        context = Context(torch.zeros((), dtype=state.dtype, device=state.device), state, parameters, {}, {})
        values: list[Any] = []
        for step in self.steps:
            inputs = [values[i] for i in step.inputs]
            values.append(_CALLS[step.operation](context, *inputs, *step.attributes))
        zero = torch.zeros_like(state[:, 0])
        rates = [values[self.totals[c]] if c in self.totals else zero for c in range(state.shape[1])]
        return torch.stack([rate.expand(zero.shape) for rate in rates], dim=1)


def _linear_model(model: Model, rates: Mapping[str, Expr]) -> Model:
    """The model with these right-hand sides and no others."""
    span = model.equations[0].span
    equations = tuple(Equation(name, (Term(name, rate, (), span),), name, span) for name, rate in rates.items())
    return replace(model, equations=equations, schemes=model.schemes.linear)


def lower_linear(model: Model, grid: Grid, rates: Mapping[str, Expr]) -> LinearOperator:
    """The operator with these rates by channel; the model's walls have zero on their right.

    Schemes that are linear in the states are those of the vector field; the others are replaced by central differences.
    """
    lowering = ExpressionLowering(_linear_model(model, rates), grid, {})
    transport = TransportLowering(lowering) if lowering.model.schemes else None
    totals = {}
    for equation in lowering.model.equations:
        if transport is None:
            value = lowering.lower(equation.terms[0].expr, lowering.zero)
        else:
            (value,) = transport.terms(equation)
        value = lowering.walls.rate(value, equation.channel)
        totals[model.channel_names.index(equation.channel)] = value.number
    return LinearOperator(tuple(lowering.builder.steps), totals)
