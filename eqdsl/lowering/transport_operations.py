"""The steps that transport schemes add: states on faces, and the speed of what crosses them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from eqdsl.lowering.operations import OPERATIONS, Context
from eqdsl.lowering.slices import Slice
from eqdsl.numerics.reconstruction.base import Bounds
from eqdsl.numerics.reconstruction.table import RECONSTRUCTIONS
from eqdsl.numerics.spectral_bound import spectral_bound

PRODUCTS = ("mul", "div")
"""Pointwise functions that are given tensors only."""


def _face_state(
    context: Context, value: Tensor, axis: int, scheme: str, side: int, bounds: Bounds | None = None
) -> Tensor:
    return RECONSTRUCTIONS[scheme].state(value, axis + 1, side, bounds)


def _speed(context: Context, *arguments: Any) -> Tensor:
    """The largest speed of a flux of some states, by automatic differentiation through all that it is made of.

    For one state ``|df/du|``, for several a bound of the eigenvalues of their Jacobian.
    """
    *values, piece, moving = arguments
    states, others = tuple(values[:moving]), values[moving:]

    def fluxes(*now: Tensor) -> tuple[Tensor, ...]:
        found = _run(context, piece, [*now, *others])
        like = torch.broadcast_tensors(*found, now[0])[:-1]
        return tuple(like)

    columns = []
    for direction in range(moving):
        tangents = tuple(torch.ones_like(s) if i == direction else torch.zeros_like(s) for i, s in enumerate(states))
        columns.append(torch.func.jvp(fluxes, states, tangents)[1])
    if moving == 1:
        size: Tensor = columns[0][0].abs()
        return size
    return spectral_bound(torch.stack([torch.stack(column, dim=-1) for column in columns], dim=-1))


def _run(context: Context, piece: Slice, arguments: list[Any]) -> list[Any]:
    """The outputs of a part of a program."""
    values = list(arguments)
    for step in piece.steps:
        inputs = [values[i] for i in step.inputs]
        if step.attributes[-1] in PRODUCTS:
            # Forward mode is five times slower at a product of a tensor and a plain number.
            inputs = [v if isinstance(v, Tensor) else context.state.new_full((), v) for v in inputs]
        values.append(OPERATIONS[step.operation](context, *inputs, *step.attributes))
    return [values[number] for number in piece.outputs]


TRANSPORT_OPERATIONS: dict[str, Callable[..., Tensor]] = {"face_state": _face_state, "speed": _speed}
