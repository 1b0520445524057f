"""Networks as one differentiable operator of torch: by a kernel where one serves, else by torch.

In eager mode an `autograd.Function` costs least; under `torch.compile` the same kernels are the custom operators
``eqdsl::network`` and ``eqdsl::network_adjoint``, which the compiler takes as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from eqdsl.core.native import CompilationFailed
from eqdsl.learned.activations import ACTIVATIONS
from eqdsl.learned.native.conv_kernel import ConvKernel, conv_kernel
from eqdsl.learned.native.mlp_kernel import MlpKernel, mlp_kernel
from eqdsl.learned.native.use import batched, give_up, transformed, usable

LAYERS: dict[int, Callable[..., Tensor]] = {
    2: functional.linear, 3: functional.conv1d, 4: functional.conv2d, 5: functional.conv3d,
}  # fmt: skip
"""A layer by the number of axes of its weight."""

FEWEST_POINTS = 512
"""With fewer a call costs more than it saves."""

WIDEST = {2: 512, 3: 128, 4: 128, 5: 128}
"""Wider layers do not fit the caches, and torch's own products are as fast; by the number of axes of a weight."""


def network(inputs: Tensor, weights: Sequence[Tensor], activation: str) -> Tensor:
    """``z -> W_L a(… a(W_1 z + b_1) …) + b_L`` with full or convolutional layers.

    Differentiable any number of times: first derivatives come from the adjoint kernel, higher ones from torch.

    Parameters
    ----------
    inputs : Tensor
        ``(..., inputs)``, or ``(B, inputs, *S)`` for (valid) convolutions.
    weights : sequence of Tensor
        Weight and bias of each layer in turn.
    activation : str
    """
    if not (_serves(inputs, weights) and usable(inputs, weights[0])):
        return reference(inputs, weights, activation)
    if torch.compiler.is_compiling():
        compiled: Tensor = torch.ops.eqdsl.network(inputs, list(weights), activation)
        return compiled
    try:
        kernel = kernel_of(inputs, weights, activation)
    except CompilationFailed as reason:
        give_up(reason)
        return reference(inputs, weights, activation)
    if not torch.is_grad_enabled():
        return kernel.forward(inputs, weights)
    result: Tensor = _Network.apply(kernel, activation, inputs, *weights)  # type: ignore[no-untyped-call]
    return result


def reference(inputs: Tensor, weights: Sequence[Tensor], activation: str) -> Tensor:
    """The same by torch alone."""
    layer, function, values = LAYERS[weights[0].ndim], ACTIVATIONS[activation].function, inputs
    for k in range(0, len(weights) - 2, 2):
        values = function(layer(values, weights[k], weights[k + 1]))
    return layer(values, weights[-2], weights[-1])


def kernel_of(inputs: Tensor, weights: Sequence[Tensor], activation: str) -> MlpKernel | ConvKernel:
    """The kernel of a network.

    Raises
    ------
    CompilationFailed
    """
    first = weights[0]
    widths = (first.shape[1], *(b.shape[0] for b in weights[1::2]))
    if first.ndim == 2:
        return mlp_kernel(widths, activation, inputs.dtype)
    return conv_kernel(widths, first.shape[-1], first.ndim - 2, activation, inputs.dtype)


def _serves(inputs: Tensor, weights: Sequence[Tensor]) -> bool:
    """Whether a kernel is worth it; a matter of shapes alone."""
    if weights[0].ndim == 2:
        return serves(inputs.numel() // inputs.shape[-1], weights)
    lost = _lost(weights)
    sizes = [n - lost for n in inputs.shape[2:]]
    return min(sizes) > 0 and inputs.ndim == weights[0].ndim and serves(inputs.shape[0] * prod(sizes), weights)


def serves(points: int, weights: Sequence[Tensor]) -> bool:
    """Whether a kernel is worth it for so many points."""
    return len(weights) > 2 and max(map(len, weights)) <= WIDEST[weights[0].ndim] and points >= FEWEST_POINTS


def _lost(weights: Sequence[Tensor]) -> int:
    """Points along an axis that valid convolutions take away."""
    return len(weights) // 2 * (weights[0].shape[-1] - 1)


class _Network(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, kernel: MlpKernel | ConvKernel, activation: str, inputs: Tensor, *weights: Tensor) -> Tensor:
        ctx.kernel, ctx.activation = kernel, activation
        ctx.save_for_backward(inputs, *weights)
        return kernel.forward(inputs, weights)

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor) -> Any:
        inputs, *weights = ctx.saved_tensors
        if torch.is_grad_enabled() or transformed() or batched(cotangents[0]):
            return None, None, *_adjoint_by_torch(ctx, cotangents[0], [inputs, *weights])
        try:
            back, gradients = ctx.kernel.adjoint(cotangents[0], inputs, weights, ctx.needs_input_grad[2])
        except CompilationFailed as reason:
            # The forward kernel came from the disk, and what compiled it is gone.
            give_up(reason)
            return None, None, *_adjoint_by_torch(ctx, cotangents[0], [inputs, *weights])
        return None, None, back, *gradients


def _adjoint_by_torch(ctx: Any, cotangent: Tensor, tensors: list[Tensor]) -> list[Tensor | None]:
    """For ``create_graph=True`` and batches of cotangents."""
    again = torch.is_grad_enabled()
    wanted = [i for i, needed in enumerate(ctx.needs_input_grad[2:]) if needed]
    with torch.enable_grad():
        # Inputs may depend on the weights: names of their own keep the derivatives in them apart.
        tensors = [x.view_as(x) for x in tensors]
        outputs = reference(tensors[0], tensors[1:], ctx.activation)
    found = torch.autograd.grad(outputs, [tensors[i] for i in wanted], cotangent, create_graph=again)
    by_place = dict(zip(wanted, found, strict=True))
    return [by_place.get(i) for i in range(len(tensors))]


@torch.library.custom_op("eqdsl::network", mutates_args=())
def _network(inputs: Tensor, weights: Sequence[Tensor], activation: str) -> Tensor:
    return kernel_of(inputs, weights, activation).forward(inputs, weights)


@_network.register_fake
def _(inputs: Tensor, weights: Sequence[Tensor], activation: str) -> Tensor:
    outputs = weights[-1].shape[0]
    if weights[0].ndim == 2:
        return inputs.new_empty(*inputs.shape[:-1], outputs)
    return inputs.new_empty(inputs.shape[0], outputs, *(n - _lost(weights) for n in inputs.shape[2:]))


@torch.library.custom_op("eqdsl::network_adjoint", mutates_args=())
def _network_adjoint(cotangent: Tensor, inputs: Tensor, weights: Sequence[Tensor], activation: str) -> list[Tensor]:
    back, gradients = kernel_of(inputs, weights, activation).adjoint(cotangent, inputs, weights)
    assert back is not None
    # An operator's outputs may not share memory.
    return [back, *(g.clone() for g in gradients)]


@_network_adjoint.register_fake
def _(cotangent: Tensor, inputs: Tensor, weights: Sequence[Tensor], activation: str) -> list[Tensor]:
    return [torch.empty(t.shape, dtype=t.dtype, device=t.device) for t in (inputs, *weights)]


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    values, weights, ctx.activation = inputs
    ctx.save_for_backward(values, *weights)


def _back(ctx: Any, cotangent: Tensor) -> Any:
    inputs, *weights = ctx.saved_tensors
    back, *gradients = torch.ops.eqdsl.network_adjoint(cotangent, inputs, weights, ctx.activation)
    return back, gradients, None


_network.register_autograd(_back, setup_context=_keep)
