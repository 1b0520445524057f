"""The compiled convolutions as functions of tensors."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import cache, cached_property
from itertools import pairwise, product
from math import prod

import torch
from torch import Tensor

from eqdsl.core.native import AS_WRITTEN, load_function
from eqdsl.learned.native.conv_source import ConvSource
from eqdsl.learned.native.functions import PRECISIONS

BAND_BYTES = 1 << 19
"""Room for the widest layer of a band: about half of a second-level cache."""

MOST_CHUNKS = 64
"""Sums of gradients, and so the most threads that work on one gradient."""

_POINTER, _LONG = ctypes.c_void_p, ctypes.c_long
_FORWARD = [_POINTER] * 5 + [_LONG]
_ADJOINT = [_POINTER] * 9 + [_LONG] * 2


class _Grid(ctypes.Structure):
    _fields_ = [(name, _LONG) for name in ("batch", "row", "rows", "lines", "line", "length", "reach", "band", "pitch")]


class ConvKernel:
    """``(B, inputs, *S + 2*radius) -> (B, outputs, *S)`` by a kernel; the adjoint is compiled when first needed.

    Parameters
    ----------
    channels : tuple of int
        Inputs, hidden layers, outputs.
    kernel, dimension : int
    activation : str
    dtype : torch.dtype

    Raises
    ------
    CompilationFailed
    """

    def __init__(
        self, channels: tuple[int, ...], kernel: int, dimension: int, activation: str, dtype: torch.dtype
    ) -> None:
        self.channels, self.kernel, self.dimension = channels, kernel, dimension
        self._source = ConvSource(channels, kernel, dimension, activation, PRECISIONS[dtype])
        self._shapes = [s for a, b in pairwise(channels) for s in ((b, a, *(kernel,) * dimension), (b,))]
        self._sizes = [prod(s) for s in self._shapes]
        self._lost = (len(channels) - 1) * (kernel - 1)
        self._forward = load_function(self._source.forward(), "forward", _FORWARD, AS_WRITTEN)
        self._grids: dict[torch.Size, tuple[_Grid, ctypes.Array[ctypes.c_long], ctypes.Array[ctypes.c_long], int]] = {}

    @cached_property
    def _adjoint(self) -> Callable[..., None]:
        return load_function(self._source.adjoint(), "adjoint", _ADJOINT, AS_WRITTEN)

    def forward(self, inputs: Tensor, weights: Sequence[Tensor]) -> Tensor:
        """The outputs. `weights` are weight and bias of each layer in turn."""
        inputs, weights = inputs.contiguous(), [w.contiguous() for w in weights]
        grid, offsets, _, _ = self._grid(inputs)
        outputs = inputs.new_empty(inputs.shape[0], self.channels[-1], *(n - self._lost for n in inputs.shape[2:]))
        self._forward(
            ctypes.addressof(grid), offsets, inputs.data_ptr(), _pointers(weights), outputs.data_ptr(),
            torch.get_num_threads(),
        )  # fmt: skip
        return outputs

    def adjoint(
        self, cotangent: Tensor, inputs: Tensor, weights: Sequence[Tensor], wants_inputs: bool = True
    ) -> tuple[Tensor | None, list[Tensor]]:
        """Cotangents of inputs and weights; the same bits for any number of threads."""
        inputs, cotangent, weights = inputs.contiguous(), cotangent.contiguous(), [w.contiguous() for w in weights]
        grid, offsets, negative, chunks = self._grid(inputs)
        flat = inputs.new_empty(self._source.weights)
        parts = inputs.new_zeros(chunks, self._source.weights)
        back = torch.zeros_like(inputs) if wants_inputs else None
        self._adjoint(
            ctypes.addressof(grid), offsets, negative, inputs.data_ptr(), _pointers(weights), cotangent.data_ptr(),
            None if back is None else back.data_ptr(), flat.data_ptr(), parts.data_ptr(), chunks,
            torch.get_num_threads(),
        )  # fmt: skip
        return back, [g.view(s) for g, s in zip(flat.split(self._sizes), self._shapes, strict=True)]

    def _grid(self, inputs: Tensor) -> tuple[_Grid, ctypes.Array[ctypes.c_long], ctypes.Array[ctypes.c_long], int]:
        """Sizes, offsets of the taps, the same negative, and the number of chunks."""
        if inputs.shape not in self._grids:
            self._grids[inputs.shape] = self._new_grid(inputs)
        return self._grids[inputs.shape]

    def _new_grid(self, inputs: Tensor) -> tuple[_Grid, ctypes.Array[ctypes.c_long], ctypes.Array[ctypes.c_long], int]:
        batch, _, *sizes = inputs.shape
        strides = [prod(sizes[a + 1 :]) for a in range(len(sizes))]
        offsets = [
            sum(i * s for i, s in zip(tap, strides, strict=True))
            for tap in product(range(self.kernel), repeat=self.dimension)
        ]
        row, out = strides[0], sizes[0] - self._lost
        line, length = (sizes[-1], sizes[-1] - self._lost) if self.dimension > 1 else (1, 1)
        lines = sizes[1] - self._lost if self.dimension == 3 else 1
        room = BAND_BYTES // (max(self.channels) * inputs.element_size() * row)
        # Bands two apart must not share rows of the input.
        band = min(out, max(room - self._lost, 2 * self._lost))
        vector = 64 // inputs.element_size()
        front = -(-offsets[-1] // vector) * vector
        # An odd number of cache lines: channels then do not compete for the same places.
        pitch = (-(-((band + self._lost) * row + front + offsets[-1]) // vector) + 2 | 1) * vector
        count = batch * (-(-out // band) + 1) // 2
        as_longs = _LONG * len(offsets)
        return (
            _Grid(batch, row, sizes[0], lines, line, length, offsets[-1], band, pitch),
            as_longs(*offsets), as_longs(*(-o for o in offsets)), max(1, min(MOST_CHUNKS, count)),
        )  # fmt: skip


@cache
def conv_kernel(
    channels: tuple[int, ...], kernel: int, dimension: int, activation: str, dtype: torch.dtype
) -> ConvKernel:
    """The kernel of a network, made once.

    Raises
    ------
    CompilationFailed
    """
    return ConvKernel(channels, kernel, dimension, activation, dtype)


def _pointers(weights: Sequence[Tensor]) -> ctypes.Array[ctypes.c_void_p]:
    return (_POINTER * len(weights))(*[w.data_ptr() for w in weights])
