"""Whether functions of position repeat on periodic axes, as a kernel takes them to."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from eqdsl.lowering.coordinates import coordinate_tensor
from eqdsl.lowering.fused.extents import Unsupported
from eqdsl.lowering.fused.plan import Plan
from eqdsl.lowering.operations import OPERATIONS, Context

_TOLERANCE = 1e-9
"""Relative difference between a point and the same point one period on."""


def check_seams(plan: Plan) -> None:
    """Refuse functions of position that ghosts see with a jump: torch goes on beyond the period, as in ``dx(x*u)``.

    Raises
    ------
    Unsupported
    """
    still, read = _still(plan), set(plan.totals)
    for number in plan.extents:
        if number not in still or plan.steps[number].operation == "stencil":
            read.update(plan.steps[number].inputs)
    values: dict[int, Any] = {}
    for number in sorted(still & read):
        extent = plan.extents[number]
        for axis in sorted(extent.axes):
            if not plan.periodic(axis) or extent.extra[axis] <= 0:
                continue
            value = _value(plan, number, values)
            ghosts, n = extent.extra[axis], plan.sizes[axis]
            one, two = (value.narrow(axis + 1, first, ghosts) for first in (0, n))
            if not (one - two).abs().max() <= _TOLERANCE * value.abs().max():
                raise Unsupported(f"a function of `{plan.grid.axes[axis].name}` that is not periodic")


def _still(plan: Plan) -> set[int]:
    """Steps that depend on numbers and positions alone."""
    found: set[int] = set()
    for number in sorted(plan.extents):
        step = plan.steps[number]
        number_or_place = step.operation in ("constant", "coordinate", "time") or (
            step.operation == "parameter" and not plan.extents[number].axes
        )
        combined = step.operation in ("pointwise", "stencil") and found.issuperset(step.inputs)
        if number_or_place or combined:
            found.add(number)
    return found


def _value(plan: Plan, number: int, values: dict[int, Any]) -> Tensor:
    """A step's value with its ghosts, at numbers by which nothing is periodic by chance."""
    step, last = plan.steps[number], len(plan.sizes)
    if number not in values:
        if step.operation in ("time", "parameter"):
            values[number] = torch.tensor(0.7390851332 + 0.0137 * number, dtype=torch.float64)
        else:
            inputs = [_value(plan, i, values) for i in step.inputs]
            values[number] = OPERATIONS[step.operation](_context(plan, step), *inputs, *step.attributes)
    found: Tensor = torch.as_tensor(values[number], dtype=torch.float64)
    return found if found.dim() else found.reshape(1, *(1,) * last)


def _context(plan: Plan, step: Any) -> Context:
    state = torch.zeros(1, 1, *(1,) * len(plan.sizes), dtype=torch.float64)
    places = {step.attributes: coordinate_tensor(plan.grid, *step.attributes)} if step.operation == "coordinate" else {}
    return Context(time=state.new_zeros(()), state=state, parameters={}, coordinates=places, learned={})
