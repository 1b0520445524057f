"""Functions that are zero exactly on some faces and positive elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from eqdsl.learned.constraints import Face

SOFTENING = 1e-2
"""Width of the rounded corner of a distance, in input scales. A function that never changes sign and is smooth across
a face must be flat there; linear from this width on, it still follows ``k*u*v`` inside ``u, v > 0`` to 1 %."""

Squared = Callable[[Face], Tensor]
"""Squared distance from a face, dimensionless."""


def gate(zero: Sequence[Face], one: Sequence[Face], squared: Squared) -> Tensor | None:
    """``D`` or ``D/(D + E)``: 0 on the faces `zero`, 1 on the faces `one`; None without faces `zero`.

    D is the product of rounded distances ``sqrt(r^2 + eps^2) - eps`` from `zero`, E that of ``r^2`` from `one`.
    """
    if not zero:
        return None
    distance = _product([_rounded(squared(face)) for face in zero])
    if not one:
        return distance
    return distance / (distance + _product([squared(face) for face in one]))


def _rounded(squared: Tensor) -> Tensor:
    """``sqrt(r^2 + eps^2) - eps`` without cancellation."""
    return squared / (torch.sqrt(squared + SOFTENING**2) + SOFTENING)


def _product(values: Sequence[Tensor]) -> Tensor:
    result = values[0]
    for value in values[1:]:
        result = result * value
    return result
