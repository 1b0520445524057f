"""The compiled perceptron as functions of tensors."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import cache, cached_property
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from eqdsl.core.native import AS_WRITTEN, load_function
from eqdsl.learned.native.functions import PRECISIONS
from eqdsl.learned.native.mlp_source import MlpSource

SMALLEST_CHUNK = 2048
"""Points that share their sums of gradients, at least."""

MOST_CHUNKS = 64
"""And so the most threads that work on one gradient."""

_POINTER, _LONG = ctypes.c_void_p, ctypes.c_long
_FORWARD: list[Any] = [_POINTER, _LONG] + [_POINTER] * 3 + [_LONG] * 3
_ADJOINT: list[Any] = [_POINTER, _LONG] + [_POINTER] * 3 + [_LONG] + [_POINTER] * 3 + [_LONG] * 3


class MlpKernel:
    """A perceptron of certain widths by a kernel; the adjoint is compiled when first needed.

    Inputs and outputs come side by side, ``(..., inputs) -> (..., outputs)``, or as components: tensors of one shape,
    with which go scales, ``output_scale*f((x - center)/scale)``.

    Parameters
    ----------
    widths : tuple of int
        Inputs, hidden layers, outputs.
    activation : str
    dtype : torch.dtype

    Raises
    ------
    CompilationFailed
    """

    def __init__(self, widths: tuple[int, ...], activation: str, dtype: torch.dtype) -> None:
        self.widths = widths
        self._source = MlpSource(widths, activation, PRECISIONS[dtype])
        self._shapes = [shape for a, b in pairwise(widths) for shape in ((b, a), (b,))]
        self._sizes = [torch.Size(s).numel() for s in self._shapes]
        self._forward = load_function(self._source.forward(), "forward", _FORWARD, AS_WRITTEN)

    @cached_property
    def _adjoint(self) -> Callable[..., None]:
        return load_function(self._source.adjoint(), "adjoint", _ADJOINT, AS_WRITTEN)

    def forward(self, inputs: Tensor, weights: Sequence[Tensor]) -> Tensor:
        """The outputs. `weights` are weight and bias of each layer in turn."""
        inputs = inputs.contiguous()
        outputs = inputs.new_empty(*inputs.shape[:-1], self.widths[-1])
        self._call_forward(inputs.unbind(-1), weights, None, outputs.unbind(-1))
        return outputs

    def forward_components(self, inputs: Sequence[Tensor], weights: Sequence[Tensor], scales: Tensor) -> list[Tensor]:
        """The outputs; `scales` are the inputs' centres, their scales, and the outputs' scales."""
        inputs = [x.contiguous() for x in inputs]
        outputs = [torch.empty_like(inputs[0]) for _ in range(self.widths[-1])]
        self._call_forward(inputs, weights, scales, outputs)
        return outputs

    def adjoint(
        self, cotangent: Tensor, inputs: Tensor, weights: Sequence[Tensor], wants_inputs: bool = True
    ) -> tuple[Tensor | None, list[Tensor]]:
        """Cotangents of inputs and weights; the same bits for any number of threads."""
        inputs, cotangent = inputs.contiguous(), cotangent.contiguous()
        back = torch.empty_like(inputs) if wants_inputs else None
        gradients = self._call_adjoint(
            cotangent.unbind(-1), inputs.unbind(-1), weights, None, None if back is None else back.unbind(-1)
        )
        return back, gradients

    def adjoint_components(
        self, cotangents: Sequence[Tensor], inputs: Sequence[Tensor], weights: Sequence[Tensor], scales: Tensor,
        wants_inputs: bool = True,
    ) -> tuple[list[Tensor] | None, list[Tensor]]:  # fmt: skip
        """The same for components."""
        inputs, cotangents = [x.contiguous() for x in inputs], [g.contiguous() for g in cotangents]
        backs = [torch.empty_like(x) for x in inputs] if wants_inputs else None
        return backs, self._call_adjoint(cotangents, inputs, weights, scales, backs)

    def _call_forward(
        self, inputs: Sequence[Tensor], weights: Sequence[Tensor], scales: Tensor | None, outputs: Sequence[Tensor]
    ) -> None:
        weights, (x_step, y_step) = [w.contiguous() for w in weights], self._steps(scales)
        self._forward(
            _pointers(inputs), x_step, _pointers(weights), _pointer(scales), _pointers(outputs), y_step,
            inputs[0].numel(), torch.get_num_threads(),
        )  # fmt: skip

    def _call_adjoint(
        self, cotangents: Sequence[Tensor], inputs: Sequence[Tensor], weights: Sequence[Tensor], scales: Tensor | None,
        backs: Sequence[Tensor] | None,
    ) -> list[Tensor]:  # fmt: skip
        x_step, g_step = self._steps(scales)
        weights, points = [w.contiguous() for w in weights], inputs[0].numel()
        chunk = max(SMALLEST_CHUNK, -(-points // (MOST_CHUNKS * 256)) * 256)
        flat = inputs[0].new_empty(self._source.weights)
        parts = inputs[0].new_empty(-(-points // chunk), self._source.weights)
        self._adjoint(
            _pointers(inputs), x_step, _pointers(weights), _pointer(scales), _pointers(cotangents), g_step,
            None if backs is None else _pointers(backs), flat.data_ptr(), parts.data_ptr(), points, chunk,
            torch.get_num_threads(),
        )  # fmt: skip
        return [g.view(s) for g, s in zip(flat.split(self._sizes), self._shapes, strict=True)]

    def _steps(self, scales: Tensor | None) -> tuple[int, int]:
        """How far the numbers of an input and of an output are apart: what comes without scales lies side by side."""
        return (self.widths[0], self.widths[-1]) if scales is None else (1, 1)


@cache
def mlp_kernel(widths: tuple[int, ...], activation: str, dtype: torch.dtype) -> MlpKernel:
    """The kernel of a network, made once.

    Raises
    ------
    CompilationFailed
    """
    return MlpKernel(widths, activation, dtype)


def _pointers(tensors: Sequence[Tensor]) -> ctypes.Array[ctypes.c_void_p]:
    return (_POINTER * len(tensors))(*[t.data_ptr() for t in tensors])


def _pointer(tensor: Tensor | None) -> int | None:
    return None if tensor is None else tensor.data_ptr()
