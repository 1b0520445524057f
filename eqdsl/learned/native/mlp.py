"""The perceptron's kernels as one differentiable operator of torch.

In eager mode an `autograd.Function` costs least; under `torch.compile` the same kernels are the custom operators
``eqdsl::mlp`` and ``eqdsl::mlp_adjoint``, which the compiler takes as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from eqdsl.core.native import CompilationFailed
from eqdsl.learned.activations import ACTIVATIONS
from eqdsl.learned.native.mlp_kernel import MlpKernel, mlp_kernel
from eqdsl.learned.native.use import batched, give_up, transformed, usable

FEWEST_POINTS = 512
"""Below, a call costs more than it saves."""

WIDEST = 512
"""Beyond, layers do not fit the caches, and torch's own products are as fast."""


def mlp(inputs: Tensor, weights: Sequence[Tensor], activation: str) -> Tensor:
    """``z -> W_L a(… a(W_1 z + b_1) …) + b_L`` on ``(..., inputs)``, by a kernel where one serves.

    Differentiable any number of times: first derivatives come from the adjoint kernel, higher ones from torch.

    Parameters
    ----------
    inputs : Tensor
    weights : sequence of Tensor
        Weight and bias of each layer in turn.
    activation : str
    """
    enough = inputs.numel() >= FEWEST_POINTS * inputs.shape[-1] and len(weights) > 2
    if not (enough and max(len(w) for w in weights) <= WIDEST and usable(inputs, weights[0])):
        return reference(inputs, weights, activation)
    if torch.compiler.is_compiling():
        compiled: Tensor = torch.ops.eqdsl.mlp(inputs, list(weights), activation)
        return compiled
    try:
        kernel = _kernel(inputs, weights, activation)
    except CompilationFailed as reason:
        give_up(reason)
        return reference(inputs, weights, activation)
    if not torch.is_grad_enabled():
        return kernel.forward(inputs, weights)
    result: Tensor = _Mlp.apply(kernel, activation, inputs, *weights)  # type: ignore[no-untyped-call]
    return result


def reference(inputs: Tensor, weights: Sequence[Tensor], activation: str) -> Tensor:
    """The same by torch alone."""
    function, values = ACTIVATIONS[activation].function, inputs
    for k in range(0, len(weights) - 2, 2):
        values = function(functional.linear(values, weights[k], weights[k + 1]))
    return functional.linear(values, weights[-2], weights[-1])


def _kernel(inputs: Tensor, weights: Sequence[Tensor], activation: str) -> MlpKernel:
    return mlp_kernel((inputs.shape[-1], *(len(b) for b in weights[1::2])), activation, inputs.dtype)


class _Mlp(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, kernel: MlpKernel, activation: str, inputs: Tensor, *weights: Tensor) -> Tensor:
        ctx.kernel, ctx.activation = kernel, activation
        ctx.save_for_backward(inputs, *weights)
        return kernel.forward(inputs, weights)

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor) -> Any:
        inputs, *weights = ctx.saved_tensors
        if torch.is_grad_enabled() or transformed() or batched(cotangents[0]):
            return None, None, *_adjoint_by_torch(ctx, cotangents[0], [inputs, *weights])
        back, gradients = ctx.kernel.adjoint(cotangents[0], inputs, weights, ctx.needs_input_grad[2])
        return None, None, back, *gradients


def _adjoint_by_torch(ctx: Any, cotangent: Tensor, tensors: list[Tensor]) -> list[Tensor | None]:
    """For ``create_graph=True`` and batches of cotangents."""
    again = torch.is_grad_enabled()
    wanted = [i for i, needed in enumerate(ctx.needs_input_grad[2:]) if needed]
    with torch.enable_grad():
        outputs = reference(tensors[0], tensors[1:], ctx.activation)
    found = torch.autograd.grad(outputs, [tensors[i] for i in wanted], cotangent, create_graph=again)
    by_place = dict(zip(wanted, found, strict=True))
    return [by_place.get(i) for i in range(len(tensors))]


@torch.library.custom_op("eqdsl::mlp", mutates_args=())
def _mlp(inputs: Tensor, weights: Sequence[Tensor], activation: str) -> Tensor:
    return _kernel(inputs, weights, activation).forward(inputs, weights)


@_mlp.register_fake
def _(inputs: Tensor, weights: Sequence[Tensor], activation: str) -> Tensor:
    return inputs.new_empty(*inputs.shape[:-1], weights[-1].shape[0])


@torch.library.custom_op("eqdsl::mlp_adjoint", mutates_args=())
def _mlp_adjoint(cotangent: Tensor, inputs: Tensor, weights: Sequence[Tensor], activation: str) -> list[Tensor]:
    back, gradients = _kernel(inputs, weights, activation).adjoint(cotangent, inputs, weights)
    assert back is not None
    # An operator's outputs may not share memory.
    return [back, *(g.clone() for g in gradients)]


@_mlp_adjoint.register_fake
def _(cotangent: Tensor, inputs: Tensor, weights: Sequence[Tensor], activation: str) -> list[Tensor]:
    return [torch.empty(t.shape, dtype=t.dtype, device=t.device) for t in (inputs, *weights)]


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    values, weights, ctx.activation = inputs
    ctx.save_for_backward(values, *weights)


def _back(ctx: Any, cotangent: Tensor) -> Any:
    inputs, *weights = ctx.saved_tensors
    back, *gradients = torch.ops.eqdsl.mlp_adjoint(cotangent, inputs, weights, ctx.activation)
    return back, gradients, None


_mlp.register_autograd(_back, setup_context=_keep)
