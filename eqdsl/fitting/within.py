"""Values kept within a range during a fit."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class Within(torch.autograd.Function):
    """Clamping whose gradient still passes where a descent step leads back inside: no start stays stuck at an end."""

    @staticmethod
    def forward(context: Any, state: Tensor, lower: Tensor, upper: Tensor) -> Tensor:
        context.save_for_backward(state, lower, upper)
        return state.clamp(lower, upper)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        state, lower, upper = context.saved_tensors
        outwards = ((state <= lower) & (gradient > 0)) | ((state >= upper) & (gradient < 0))
        return gradient.masked_fill(outwards, 0.0), None, None
