"""Kernels as differentiable operators of torch.

In eager mode an `autograd.Function` costs least; under `torch.compile` the same kernels are the custom operators
``eqdsl::rates`` and ``eqdsl::rates_adjoint``, which the compiler takes as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any
from weakref import WeakValueDictionary

import torch
from torch import Tensor

from eqdsl.core.native import CompilationFailed
from eqdsl.learned.native.use import batched, transformed
from eqdsl.lowering.fused.backends import Rates
from eqdsl.lowering.fused.reference import reference_rates

_KERNELS: WeakValueDictionary[int, Rates] = WeakValueDictionary()
_NUMBERS = count()


def register(kernel: Rates) -> int:
    """The number by which the custom operators know a kernel, as long as it lives."""
    number = next(_NUMBERS)
    _KERNELS[number] = kernel
    return number


def rates(kernel: Rates, number: int, state: Tensor, uniforms: Tensor, arrays: Sequence[Tensor]) -> Tensor:
    """The right-hand sides by a kernel, differentiable in all three any number of times.

    First derivatives come from the adjoint kernel, higher ones from the reference.
    """
    if torch.compiler.is_compiling():
        compiled: Tensor = torch.ops.eqdsl.rates(state, uniforms, list(arrays), number)
        return compiled
    if not torch.is_grad_enabled():
        return kernel.forward(state, uniforms, arrays)
    result: Tensor = _Rates.apply(kernel, state, uniforms, *arrays)  # type: ignore[no-untyped-call]
    return result


class _Rates(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, kernel: Rates, state: Tensor, uniforms: Tensor, *arrays: Tensor) -> Tensor:
        ctx.kernel = kernel
        ctx.save_for_backward(state, uniforms, *arrays)
        return kernel.forward(state, uniforms, arrays)

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor) -> Any:
        state, uniforms, *arrays = ctx.saved_tensors
        if torch.is_grad_enabled() or transformed() or batched(cotangents[0]):
            found = _adjoint_by_torch(ctx, cotangents[0], [state, uniforms, *arrays])
            return None, *found
        try:
            back, numbers, backs = ctx.kernel.adjoint(cotangents[0], state, uniforms, arrays)
        except CompilationFailed:
            # The forward kernel came from the disk, and what compiled it is gone.
            return None, *_adjoint_by_torch(ctx, cotangents[0], [state, uniforms, *arrays])
        return None, back, numbers, *backs


def _adjoint_by_torch(ctx: Any, cotangent: Tensor, inputs: list[Tensor]) -> list[Tensor | None]:
    """The adjoint by torch, for ``create_graph=True`` and for batches of cotangents."""
    wanted = [i for i, needed in enumerate(ctx.needs_input_grad[1:]) if needed]
    graph = torch.is_grad_enabled()
    with torch.enable_grad():
        # Views: uniforms and arrays may themselves depend on the state, and what comes back by that way is not ours.
        state, uniforms, *arrays = inputs = [i.view_as(i) for i in inputs]
        outputs = reference_rates(ctx.kernel.plan, state, uniforms, arrays)
    found = torch.autograd.grad(outputs, [inputs[i] for i in wanted], cotangent, create_graph=graph, allow_unused=True)
    by_place = dict(zip(wanted, found, strict=True))
    return [by_place.get(i) for i in range(len(inputs))]


@torch.library.custom_op("eqdsl::rates", mutates_args=())
def _rates(state: Tensor, uniforms: Tensor, arrays: Sequence[Tensor], kernel: int) -> Tensor:
    return _KERNELS[kernel].forward(state, uniforms, arrays)


@_rates.register_fake
def _(state: Tensor, uniforms: Tensor, arrays: Sequence[Tensor], kernel: int) -> Tensor:
    return torch.empty_like(state, memory_format=torch.contiguous_format)


@torch.library.custom_op("eqdsl::rates_adjoint", mutates_args=())
def _rates_adjoint(
    cotangent: Tensor, state: Tensor, uniforms: Tensor, arrays: Sequence[Tensor], kernel: int
) -> list[Tensor]:
    back, numbers, backs = _KERNELS[kernel].adjoint(cotangent, state, uniforms, arrays)
    return [back, numbers, *backs]


@_rates_adjoint.register_fake
def _(cotangent: Tensor, state: Tensor, uniforms: Tensor, arrays: Sequence[Tensor], kernel: int) -> list[Tensor]:
    return [torch.empty(t.shape, dtype=t.dtype, device=t.device) for t in (state, uniforms, *arrays)]


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    state, uniforms, arrays, ctx.kernel = inputs
    ctx.save_for_backward(state, uniforms, *arrays)


def _back(ctx: Any, cotangent: Tensor) -> Any:
    state, uniforms, *arrays = ctx.saved_tensors
    back, numbers, *backs = torch.ops.eqdsl.rates_adjoint(cotangent, state, uniforms, arrays, ctx.kernel)
    return back, numbers, backs, None


_rates.register_autograd(_back, setup_context=_keep)
