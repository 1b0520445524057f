"""What evaluates a known part on each kind of device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from eqdsl.lowering.fused.kernel import Kernel
from eqdsl.lowering.fused.lanes.kernel import LaneKernel
from eqdsl.lowering.fused.plan import Plan


class Rates(Protocol):
    """The right-hand sides of a plan for one type of number, and their adjoint; see `kernel.Kernel`."""

    plan: Plan

    def forward(self, state: Tensor, uniforms: Tensor, arrays: Sequence[Tensor]) -> Tensor:
        """The rates."""

    def adjoint(
        self, cotangent: Tensor, state: Tensor, uniforms: Tensor, arrays: Sequence[Tensor]
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Cotangents of state, uniforms and arrays."""


@runtime_checkable
class Marching(Protocol):
    """What also takes whole steps of explicit Runge-Kutta methods."""

    def march(
        self, state: Tensor, uniforms: Tensor, arrays: Sequence[Tensor], weights: Tensor, h: float, steps: int
    ) -> Tensor:
        """See `kernel.Kernel.march`."""


BACKENDS: dict[str, Callable[[Plan, torch.dtype, torch.device], Rates]] = {
    "cpu": lambda plan, dtype, device: Kernel(plan, dtype),
    "cuda": LaneKernel,
}
"""By the type of torch's device."""
