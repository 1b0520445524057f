"""Bounds that all methods which choose their steps obey."""

from __future__ import annotations

import torch
from torch import Tensor

from eqdsl.core.errors import UsageError

SMALLEST_STEP = 1e-12
"""Share of an output interval below which a step means that the solution jumps or explodes."""

RETRY = 0.1
"""Factor on a step that met a value that is not finite."""

GROWTH = 1e5
"""Growth of the largest value, since it was first not zero, from which a vanishing step is called a blow-up."""


def ceiling(initial: Tensor) -> Tensor:
    """Size of each trajectory, (B,), beyond which steps would only creep towards the largest number.

    The root of that number, unless the start is near it.
    """
    return (GROWTH * largest(initial)).clamp(min=torch.finfo(initial.dtype).max ** 0.5)


def largest(state: Tensor) -> Tensor:
    """Largest magnitude of each trajectory, (B,)."""
    return state.detach().abs().flatten(1).amax(1)


def check_tolerances(rtol: float, atol: float, dtype: torch.dtype) -> None:
    """Refuse tolerances that cannot be met.

    Raises
    ------
    UsageError
        A tolerance is not positive or too small for the dtype.
    """
    if not (rtol >= 0 and atol >= 0 and rtol + atol > 0):
        raise UsageError(f"tolerances rtol = {rtol:g}, atol = {atol:g} cannot be used", help="take positive numbers")
    resolution = torch.finfo(dtype).eps
    if 0 < rtol < 2 * resolution or (rtol == 0 and atol < resolution):
        raise UsageError(
            f"rtol = {rtol:g}, atol = {atol:g} ask for more digits than {str(dtype).removeprefix('torch.')} has",
            help=f"take rtol = {max(1e-6, 10 * resolution):.1g}, or float64",
        )
