"""L u as straight-line steps, by the same stencils and closures as the vector field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from eqdsl.lowering.expressions import ExpressionLowering
from eqdsl.lowering.operations import OPERATIONS, Context
from eqdsl.lowering.program import Step
from eqdsl.model.expr import Expr
from eqdsl.model.model import Model
from eqdsl.numerics.grid import Grid


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
            values.append(OPERATIONS[step.operation](context, *inputs, *step.attributes))
        zero = torch.zeros_like(state[:, 0])
        rates = [values[self.totals[c]] if c in self.totals else zero for c in range(state.shape[1])]
        return torch.stack([rate.expand(zero.shape) for rate in rates], dim=1)


def lower_linear(model: Model, grid: Grid, rates: Mapping[str, Expr]) -> LinearOperator:
    """The operator with these rates by channel; the model's walls have zero on their right."""
    lowering = ExpressionLowering(model, grid, {})
    totals = {}
    for name, rate in rates.items():
        value = lowering.walls.rate(lowering.lower(rate, lowering.zero), name)
        totals[model.channel_names.index(name)] = value.number
    return LinearOperator(tuple(lowering.builder.steps), totals)
