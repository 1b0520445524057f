"""The compiled perceptron as functions of tensors."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import torch
from torch import Tensor

from eqdsl.core.native import AS_WRITTEN, load
from eqdsl.learned.native.functions import PRECISIONS
from eqdsl.learned.native.mlp_source import MlpSource

SMALLEST_CHUNK = 2048
"""Points that share their sums of gradients, at least."""

MOST_CHUNKS = 64
"""And so the most threads that work on one gradient."""

_POINTER, _LONG = ctypes.c_void_p, ctypes.c_long
_FORWARD = [_POINTER] * 3 + [_LONG] * 2
_ADJOINT = [_POINTER] * 6 + [_LONG] * 3


class MlpKernel:
    """``(..., inputs) -> (..., outputs)`` by a kernel of certain widths; the adjoint is compiled when first needed.

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
        self._forward = load(self._source.forward(), AS_WRITTEN).forward
        self._forward.argtypes, self._forward.restype = _FORWARD, None
        self._adjoint: ctypes._NamedFuncPointer | None = None

    def forward(self, inputs: Tensor, weights: Sequence[Tensor]) -> Tensor:
        """The outputs. `weights` are weight and bias of each layer in turn."""
        inputs, weights = inputs.contiguous(), [w.contiguous() for w in weights]
        outputs = inputs.new_empty(*inputs.shape[:-1], self.widths[-1])
        points = inputs.numel() // self.widths[0]
        self._forward(inputs.data_ptr(), _pointers(weights), outputs.data_ptr(), points, torch.get_num_threads())
        return outputs

    def adjoint(
        self, cotangent: Tensor, inputs: Tensor, weights: Sequence[Tensor], wants_inputs: bool = True
    ) -> tuple[Tensor | None, list[Tensor]]:
        """Cotangents of inputs and weights; the same bits for any number of threads."""
        if self._adjoint is None:
            self._adjoint = load(self._source.adjoint(), AS_WRITTEN).adjoint
            self._adjoint.argtypes, self._adjoint.restype = _ADJOINT, None
        inputs, cotangent, weights = inputs.contiguous(), cotangent.contiguous(), [w.contiguous() for w in weights]
        points = inputs.numel() // self.widths[0]
        chunk = max(SMALLEST_CHUNK, -(-points // (MOST_CHUNKS * 256)) * 256)
        flat = inputs.new_empty(self._source.weights)
        parts = inputs.new_empty(-(-points // chunk), self._source.weights)
        back = torch.empty_like(inputs) if wants_inputs else None
        self._adjoint(
            inputs.data_ptr(), _pointers(weights), cotangent.data_ptr(), None if back is None else back.data_ptr(),
            flat.data_ptr(), parts.data_ptr(), points, chunk, torch.get_num_threads(),
        )  # fmt: skip
        return back, [g.view(s) for g, s in zip(flat.split(self._sizes), self._shapes, strict=True)]


@cache
def mlp_kernel(widths: tuple[int, ...], activation: str, dtype: torch.dtype) -> MlpKernel:
    """The kernel of a network, made once.

    Raises
    ------
    CompilationFailed
    """
    return MlpKernel(widths, activation, dtype)


def _pointers(weights: Sequence[Tensor]) -> ctypes.Array[ctypes.c_void_p]:
    return (_POINTER * len(weights))(*[w.data_ptr() for w in weights])
