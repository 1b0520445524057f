"""Perceptrons on components: inputs and outputs are tensors of their own, and scales go with the kernel.

What a model has are channels, one after the other. Put side by side, scaled and taken apart again they would go through
memory a dozen times around each call.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from eqdsl.core.native import CompilationFailed
from eqdsl.learned.native.mlp_kernel import MlpKernel, mlp_kernel
from eqdsl.learned.native.operator import reference, serves
from eqdsl.learned.native.use import batched, give_up, transformed, usable


def network_of_components(
    inputs: Sequence[Tensor], weights: Sequence[Tensor], activation: str, scales: Tensor
) -> tuple[Tensor, ...] | None:
    """``s*f((x - center)/scale)`` with f as in `network`; None where no kernel serves.

    Parameters
    ----------
    inputs : sequence of Tensor
        One for each input, of one shape.
    weights : sequence of Tensor
        Weight and bias of each layer in turn.
    activation : str
    scales : Tensor
        Centres and scales of the inputs, scales of the outputs; not differentiated.

    Returns
    -------
    tuple of Tensor or None
        One for each output. Differentiable any number of times, as `network`.
    """
    first = inputs[0]
    if torch.compiler.is_compiling() or scales.requires_grad or not serves(first.numel(), weights):
        return None
    if any(x.dtype != first.dtype for x in (*inputs, scales)) or not usable(first, weights[0]):
        return None
    try:
        kernel = mlp_kernel((len(inputs), *(b.shape[0] for b in weights[1::2])), activation, first.dtype)
    except CompilationFailed as reason:
        give_up(reason)
        return None
    if not torch.is_grad_enabled():
        return tuple(kernel.forward_components(inputs, weights, scales))
    found: tuple[Tensor, ...] = _Components.apply(kernel, activation, scales, *inputs, *weights)  # type: ignore[no-untyped-call]
    return found


class _Components(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, kernel: MlpKernel, activation: str, scales: Tensor, *tensors: Tensor) -> tuple[Tensor, ...]:
        ctx.kernel, ctx.activation, ctx.scales = kernel, activation, scales
        ctx.save_for_backward(*tensors)
        n = kernel.widths[0]
        return tuple(kernel.forward_components(tensors[:n], tensors[n:], scales))

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor) -> Any:
        tensors, n = ctx.saved_tensors, ctx.kernel.widths[0]
        if torch.is_grad_enabled() or transformed() or any(map(batched, cotangents)):
            return None, None, None, *_by_torch(ctx, cotangents, tensors)
        wants_inputs = any(ctx.needs_input_grad[3 : 3 + n])
        try:
            backs, gradients = ctx.kernel.adjoint_components(
                cotangents, tensors[:n], tensors[n:], ctx.scales, wants_inputs
            )
        except CompilationFailed as reason:
            give_up(reason)
            return None, None, None, *_by_torch(ctx, cotangents, tensors)
        return None, None, None, *(backs or [None] * n), *gradients


def _by_torch(ctx: Any, cotangents: Sequence[Tensor], tensors: Sequence[Tensor]) -> list[Tensor | None]:
    """For ``create_graph=True`` and batches of cotangents."""
    again, (n, *_, outputs) = torch.is_grad_enabled(), ctx.kernel.widths
    wanted = [i for i, needed in enumerate(ctx.needs_input_grad[3:]) if needed]
    with torch.enable_grad():
        # Inputs may depend on the weights: names of their own keep the derivatives in them apart.
        tensors = [x.view_as(x) for x in tensors]
        center, scale, output_scale = ctx.scales.split([n, n, outputs])
        values = (torch.stack(tensors[:n], -1) - center) / scale
        made = (reference(values, tensors[n:], ctx.activation) * output_scale).unbind(-1)
    found = torch.autograd.grad(made, [tensors[i] for i in wanted], cotangents, create_graph=again)
    by_place = dict(zip(wanted, found, strict=True))
    return [by_place.get(i) for i in range(len(tensors))]
