"""What a kernel computes, in torch: any derivative of it, and the truth that kernels are tested against."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from eqdsl.lowering.coordinates import coordinate_tensor
from eqdsl.lowering.fused.plan import Plan
from eqdsl.lowering.operations import OPERATIONS, Context


def reference_rates(plan: Plan, state: Tensor, uniforms: Tensor, arrays: Sequence[Tensor]) -> Tensor:
    """The right-hand sides of a plan from its leaves, step by step.

    Parameters
    ----------
    plan : Plan
    state : Tensor, shape (B, C, *S)
    uniforms : Tensor, shape (B | 1, U)
    arrays : sequence of Tensor, each of shape (B | 1, *S)

    Returns
    -------
    Tensor, shape (B, C, *S)
    """
    context = Context(
        time=state.new_zeros(()),
        state=state,
        parameters={},
        coordinates={
            (axis, halo): coordinate_tensor(plan.grid, axis, halo).to(state)
            for number in plan.bulk | plan.walls
            if plan.steps[number].operation == "coordinate"
            for axis, halo in [plan.attributes(number)]
        },
        learned={},
    )
    values: dict[int, Any] = dict(plan.literals)
    values |= {number: uniforms[:, k].reshape(-1, *(1,) * len(plan.sizes)) for k, number in enumerate(plan.uniforms)}
    values |= {number: state[:, channel] for number, channel in plan.channels.items()}
    values |= dict(zip(plan.arrays, arrays, strict=True))
    for number in sorted(plan.bulk | plan.walls):
        step = plan.steps[number]
        values[number] = OPERATIONS[step.operation](context, *(values[i] for i in step.inputs), *step.attributes)
    shape = (state.shape[0], *state.shape[2:])
    return torch.stack([torch.as_tensor(values[t]).to(state).expand(shape) for t in plan.totals], dim=1)
