"""A compiled kernel as a function of tensors: forward, and its adjoint."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import cached_property
from math import prod
from typing import Any

import torch
from torch import Tensor

from eqdsl.core.native import load, load_function
from eqdsl.learned.native.functions import PRECISIONS
from eqdsl.lowering.fused.adjoint import adjoint_source
from eqdsl.lowering.fused.buffers import Buffer
from eqdsl.lowering.fused.forward import forward_source
from eqdsl.lowering.fused.memory import Memory
from eqdsl.lowering.fused.plan import Plan
from eqdsl.lowering.fused.source import CHUNK

_POINTER, _LONG = ctypes.c_void_p, ctypes.c_long
_FORWARD: list[Any] = [_POINTER] * 4 + [_LONG] + [_POINTER] * 2 + [_LONG] * 2
_MARCH: list[Any] = [_POINTER] * 5 + [_LONG] * 2 + [_POINTER] * 2 + [_LONG, ctypes.c_double] + [_LONG] * 3
_ADJOINT: list[Any] = [_POINTER] * 4 + [_LONG] + [_POINTER] * 6 + [_LONG] * 2


class Kernel:
    """The right-hand sides of a plan, ``(state, uniforms, arrays) -> rates``, for one type of number.

    Shapes: state and rates ``(B, C, *S)``, uniforms ``(B | 1, U)``, arrays ``(B | 1, *S)`` each; all on the CPU. The
    adjoint is compiled when it is first needed.

    Parameters
    ----------
    plan : Plan
    dtype : torch.dtype
        A key of `PRECISIONS`.

    Raises
    ------
    Unsupported
        The plan has no kernel.
    CompilationFailed
        The compiler is missing, or refuses the text.
    """

    def __init__(self, plan: Plan, dtype: torch.dtype) -> None:
        self.plan, self.dtype = plan, dtype
        precision = PRECISIONS[dtype]
        self._ghosts = Memory(plan).size
        rows = prod(plan.sizes[:-1])
        self._chunks = -(-rows // max(1, CHUNK // plan.sizes[-1]))
        # Both texts are made now, so that what cannot be differentiated is known before it is used.
        self._adjoint_text = adjoint_source(plan, precision)
        library = load(forward_source(plan, precision))
        self._forward, self._march = library.forward, library.march
        self._forward.argtypes, self._forward.restype = _FORWARD, None
        self._march.argtypes, self._march.restype = _MARCH, None
        self._rates, self._back = Buffer(), Buffer()

    @cached_property
    def _adjoint(self) -> Callable[..., None]:
        return load_function(self._adjoint_text, "adjoint", _ADJOINT)

    def forward(self, state: Tensor, uniforms: Tensor, arrays: Sequence[Tensor]) -> Tensor:
        """The rates."""
        batch = state.shape[0]
        state, uniforms, arrays = state.contiguous(), uniforms.contiguous(), [a.contiguous() for a in arrays]
        rates = self._rates.like(state)
        ghosts = state.new_empty(batch * self._ghosts) if self._ghosts else None
        pointers, strides = self._pointers(arrays), self._strides(arrays)
        self._forward(
            state.data_ptr(), pointers, strides, uniforms.data_ptr(), _stride(uniforms), rates.data_ptr(),
            ghosts.data_ptr() if ghosts is not None else None, batch, torch.get_num_threads(),
        )  # fmt: skip
        return rates

    def adjoint(
        self, cotangent: Tensor, state: Tensor, uniforms: Tensor, arrays: Sequence[Tensor]
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Cotangents of state, uniforms and arrays for one of the rates: the transposed derivative, to rounding."""
        batch, plan = state.shape[0], self.plan
        state, uniforms, cotangent = state.contiguous(), uniforms.contiguous(), cotangent.contiguous()
        arrays = [a.contiguous() for a in arrays]
        read = len(plan.channels) == state.shape[1]
        back = self._back.like(state)
        if not read:
            back.zero_()
        backs = [state.new_empty(batch, *a.shape[1:]) for a in arrays]
        sums = torch.zeros(batch, self._chunks + 1, len(plan.uniforms), dtype=torch.float64, device=state.device)
        ghosts = state.new_empty(2, batch * self._ghosts) if self._ghosts else None
        self._adjoint(
            state.data_ptr(), self._pointers(arrays), self._strides(arrays), uniforms.data_ptr(), _stride(uniforms),
            cotangent.data_ptr(), back.data_ptr(), self._pointers(backs), sums.data_ptr(),
            ghosts[0].data_ptr() if ghosts is not None else None,
            ghosts[1].data_ptr() if ghosts is not None else None, batch, torch.get_num_threads(),
        )  # fmt: skip
        numbers = sums.sum(dim=1).to(uniforms.dtype)
        return (
            back,
            numbers if uniforms.shape[0] == batch else numbers.sum(dim=0, keepdim=True),
            [b if a.shape[0] == batch else b.sum(dim=0, keepdim=True) for a, b in zip(arrays, backs, strict=True)],
        )

    def march(
        self, state: Tensor, uniforms: Tensor, arrays: Sequence[Tensor], weights: Tensor, h: float, steps: int
    ) -> Tensor:
        """The state after some equal steps of an explicit Runge-Kutta method.

        Parameters
        ----------
        state : Tensor, shape (B, C, *S)
        uniforms : Tensor, shape (1 | steps*stages, B | 1, U)
            The same for all stages, or those of each.
        arrays : sequence of Tensor
        weights : Tensor, shape (stages + 1, stages), float64
            Row i makes stage i, the last row makes the step; at most `MOST_STAGES`.
        h : float
        steps : int
        """
        batch, stages = state.shape[0], weights.shape[1]
        state, uniforms, arrays = (
            state.clone(memory_format=torch.contiguous_format),
            uniforms.contiguous(),
            [a.contiguous() for a in arrays],
        )
        work = state.new_empty(stages + 2, state.numel())
        ghosts = state.new_empty(batch * self._ghosts) if self._ghosts else None
        self._march(
            state.data_ptr(), work.data_ptr(), self._pointers(arrays), self._strides(arrays), uniforms.data_ptr(),
            _stride(uniforms[0]), uniforms[0].numel() if len(uniforms) > 1 else 0,
            ghosts.data_ptr() if ghosts is not None else None, weights.contiguous().data_ptr(), stages, h, steps,
            batch, torch.get_num_threads(),
        )  # fmt: skip
        return state

    def _pointers(self, arrays: Sequence[Tensor]) -> ctypes.Array[ctypes.c_void_p]:
        return (_POINTER * (len(arrays) or 1))(*(a.data_ptr() for a in arrays))

    def _strides(self, arrays: Sequence[Tensor]) -> ctypes.Array[ctypes.c_long]:
        return (_LONG * (len(arrays) or 1))(*(a[0].numel() if a.shape[0] > 1 else 0 for a in arrays))


def _stride(uniforms: Tensor) -> int:
    """Numbers from one trajectory's uniform leaves to the next one's."""
    return uniforms.shape[1] if uniforms.shape[0] > 1 else 0
