"""Kernels of Triton as a function of tensors: forward, and its adjoint."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor

from eqdsl.core.generated import load_module
from eqdsl.core.native import CompilationFailed
from eqdsl.lowering.fused.extents import Unsupported
from eqdsl.lowering.fused.lanes.adjoint import adjoint_kernels, sums_of
from eqdsl.lowering.fused.lanes.forward import forward_kernels
from eqdsl.lowering.fused.lanes.source import Launch, module_text
from eqdsl.lowering.fused.memory import Memory
from eqdsl.lowering.fused.plan import Plan

PRECISIONS = {torch.float32: "float32", torch.float64: "float64"}
"""Triton's names of the types of numbers."""

MOST_NUMBERS = 2**31 - 1
"""Of one trajectory: lanes count in 32 bits."""


class LaneKernel:
    """The right-hand sides of a plan, ``(state, uniforms, arrays) -> rates``, for one type of number.

    Shapes as in `kernel.Kernel`, all on one device. Each kernel is compiled when it is first launched.

    Parameters
    ----------
    plan : Plan
    dtype : torch.dtype
        A key of `PRECISIONS`.
    device : torch.device

    Raises
    ------
    Unsupported
        The plan has no kernel.
    CompilationFailed
        Triton is missing, or refuses the text.
    """

    def __init__(self, plan: Plan, dtype: torch.dtype, device: torch.device) -> None:
        self.plan, self.dtype = plan, dtype
        memory = Memory(plan, line=len(plan.sizes))
        self._ghosts = memory.size
        if max(memory.size, len(plan.totals) * prod(plan.sizes)) > MOST_NUMBERS:
            raise Unsupported("the grid has too many points")
        forward, self._forward = forward_kernels(memory)
        adjoint, self._adjoint = adjoint_kernels(memory)
        self.text = module_text([*forward, *adjoint], plan, PRECISIONS[dtype])
        self._module = load_module(self.text)
        self._try(device)

    def forward(self, state: Tensor, uniforms: Tensor, arrays: Sequence[Tensor]) -> Tensor:
        """The rates."""
        state, uniforms, arrays = state.contiguous(), uniforms.contiguous(), [a.contiguous() for a in arrays]
        rates = torch.empty_like(state)
        given = self._given(state, uniforms, arrays)
        with torch.cuda.device_of(state):
            self._run(self._forward[:-1], given, [], len(state))
            self._run(self._forward[-1:], given, [rates], len(state))
        return rates

    def adjoint(
        self, cotangent: Tensor, state: Tensor, uniforms: Tensor, arrays: Sequence[Tensor]
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Cotangents of state, uniforms and arrays for one of the rates: the transposed derivative, to rounding."""
        batch, plan = len(state), self.plan
        state, uniforms, cotangent = state.contiguous(), uniforms.contiguous(), cotangent.contiguous()
        arrays = [a.contiguous() for a in arrays]
        given = self._given(state, uniforms, arrays)
        back = torch.empty_like(state) if len(plan.channels) == state.shape[1] else torch.zeros_like(state)
        backs = [state.new_empty(batch, *a.shape[1:]) for a in arrays]
        sums = state.new_zeros(batch, sums_of(self._adjoint), len(plan.uniforms), dtype=torch.float64)
        ghost_backs = state.new_empty(batch * self._ghosts)
        with torch.cuda.device_of(state):
            self._run(self._forward[:-1], given, [], batch)
            self._run(self._adjoint, given, [cotangent, back, *backs, ghost_backs, sums], batch)
        numbers = sums.sum(dim=1).to(uniforms.dtype)
        return (
            back,
            numbers if uniforms.shape[0] == batch else numbers.sum(dim=0, keepdim=True),
            [b if a.shape[0] == batch else b.sum(dim=0, keepdim=True) for a, b in zip(arrays, backs, strict=True)],
        )

    def _try(self, device: torch.device) -> None:
        """Launch the forward kernels once, so that what cannot be compiled is known before it is used."""
        plan = self.plan
        state = torch.ones(1, len(plan.totals), *plan.sizes, dtype=self.dtype, device=device)
        arrays = [torch.ones(1, *plan.shape(a), dtype=self.dtype, device=device) for a in plan.arrays]
        self.forward(state, state.new_ones(1, len(plan.uniforms)), arrays)

    def _given(self, state: Tensor, uniforms: Tensor, arrays: Sequence[Tensor]) -> list[Any]:
        """What every kernel is given first: the tensors, and numbers from one trajectory to the next."""
        strides = [a[0].numel() if len(a) > 1 else 0 for a in arrays]
        stride = uniforms.shape[1] if len(uniforms) > 1 else 0
        return [state, *arrays, *strides, uniforms, stride, state.new_empty(len(state) * self._ghosts)]

    def _run(self, launches: Sequence[Launch], given: list[Any], more: list[Tensor], batch: int) -> None:
        for launch in launches:
            try:
                getattr(self._module, launch.name)[(batch * launch.programs,)](*given, *more)
            except torch.OutOfMemoryError:
                raise
            except Exception as failure:
                # Triton's own errors, and those of the compiler and the driver below it, have no common ancestor.
                words = str(failure).strip() or type(failure).__name__
                raise CompilationFailed(f"Triton refused a kernel: {words.splitlines()[0]}") from failure
