"""The compiled steps of an ODE as functions of tensors."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from eqdsl.core.native import AS_WRITTEN, load
from eqdsl.learned.native.functions import PRECISIONS
from eqdsl.lowering.ode.plan import Plan
from eqdsl.lowering.ode.source import ROWS, ode_source

MOST_KEPT = 1 << 22
"""Bytes of layers that a step keeps for its adjoint; those of larger batches are computed again."""

MOST_CHUNKS = 64
"""Sums of gradients, and so the most threads that work on one gradient."""

_POINTER, _LONG = ctypes.c_void_p, ctypes.c_long


class Tableau(NamedTuple):
    """An explicit Runge-Kutta method: rows of weights of the points, the last one the result; see `source`.

    `first` is 1 where the rate at the start is given, else 0.
    """

    rows: tuple[tuple[float, ...], ...]
    nodes: tuple[float, ...]
    error: tuple[float, ...]
    first: int


class Constants(NamedTuple):
    """What is the same for all steps of a rollout: packed weights, scales of the learned terms."""

    packed: Tensor
    scales: Tensor


class Made(NamedTuple):
    """A step: the state after it (B, C), its error (B, C), all rates (stages, B, C), and layers for the adjoint."""

    state: Tensor
    error: Tensor
    rates: Tensor
    kept: Tensor | None


class OdeKernel:
    """Runge-Kutta steps of a plan for one type of number; all tensors on the CPU and contiguous.

    Raises
    ------
    CompilationFailed
    """

    def __init__(self, plan: Plan, dtype: torch.dtype) -> None:
        library = load(ode_source(plan, PRECISIONS[dtype]), AS_WRITTEN)
        self._pack, self._step, self._adjoint = library.pack_weights, library.step, library.adjoint
        self._pack.argtypes = [_POINTER] * 2
        self._step.argtypes = [_POINTER] * 12 + [_LONG] * 2
        self._adjoint.argtypes = [_POINTER] * 17 + [_LONG] * 3
        for function in (self._pack, self._step, self._adjoint):
            function.restype = None
        for size in (library.packed_size, library.kept_size):
            size.restype = _LONG
        self._packed, self._kept = int(library.packed_size()), int(library.kept_size())

    def pack(self, flat: Tensor) -> Tensor:
        """The weights as `step` and `adjoint` read them."""
        packed = flat.new_empty(self._packed)
        self._pack(flat.data_ptr(), packed.data_ptr())
        return packed

    def step(
        self, tableau: Tableau, t: Tensor, h: Tensor, state: Tensor, given: Tensor | None, uniforms: Tensor,
        constants: Constants, keep: bool,
    ) -> Made:  # fmt: skip
        """A step of each trajectory; t and h are float64, (B,)."""
        batch, stages = len(state), len(tableau.nodes)
        tiles = -(-batch // ROWS)
        size = tiles * stages * self._kept
        keep = keep and size * state.element_size() <= MOST_KEPT
        made = Made(
            torch.empty_like(state), torch.empty_like(state), state.new_empty(stages, *state.shape),
            state.new_empty(size) if keep else None,
        )  # fmt: skip
        self._step(
            ctypes.addressof(_c_tableau(tableau)[0]), state.data_ptr(), _pointer(given), t.data_ptr(), h.data_ptr(),
            constants.packed.data_ptr(), constants.scales.data_ptr(), uniforms.data_ptr(), made.state.data_ptr(),
            made.error.data_ptr(), made.rates.data_ptr(), _pointer(made.kept), batch,
            min(tiles, torch.get_num_threads()),
        )  # fmt: skip
        return made

    def adjoint(
        self, tableau: Tableau, t: Tensor, h: Tensor, state: Tensor, uniforms: Tensor, flat: Tensor,
        constants: Constants, rates: Tensor, kept: Tensor | None, cotangents: Sequence[Tensor | None],
    ) -> tuple[Tensor, Tensor | None, Tensor, Tensor]:  # fmt: skip
        """Cotangents of state, given rate, uniforms and weights, from those of the new state and of the last rate."""
        batch = len(state)
        tiles = -(-batch // ROWS)
        chunk = max(2, -(-tiles // MOST_CHUNKS))
        chunks = -(-tiles // chunk)
        backs = torch.empty_like(state), torch.empty_like(state) if tableau.first else None
        sums = torch.empty_like(uniforms), torch.empty_like(flat)
        parts = flat.new_empty(chunks if chunks > 1 else 0, len(flat)), flat.new_empty(chunks, max(1, len(uniforms)))
        self._adjoint(
            ctypes.addressof(_c_tableau(tableau)[0]), state.data_ptr(), rates.data_ptr(), t.data_ptr(), h.data_ptr(),
            constants.packed.data_ptr(), constants.scales.data_ptr(), uniforms.data_ptr(), _pointer(kept),
            _pointer(cotangents[0]), _pointer(cotangents[1]), backs[0].data_ptr(), _pointer(backs[1]),
            sums[1].data_ptr(), sums[0].data_ptr(), parts[0].data_ptr(), parts[1].data_ptr(), batch, chunk,
            min(chunks, torch.get_num_threads()),
        )  # fmt: skip
        return backs[0], backs[1], sums[0], sums[1]


class _Tableau(ctypes.Structure):
    _fields_ = [(n, _LONG) for n in ("points", "stages", "first")] + [(n, _POINTER) for n in ("a", "c", "error")]


@cache
def _c_tableau(tableau: Tableau) -> tuple[_Tableau, list[ctypes.Array[ctypes.c_double]]]:
    """The numbers where C reads them, and what keeps them there."""
    points, stages = len(tableau.rows), len(tableau.nodes)
    rows = [w for row in tableau.rows for w in (*row, *(0.0,) * (stages - len(row)))]
    arrays = [(ctypes.c_double * max(1, len(v)))(*v) for v in (rows, tableau.nodes, tableau.error or (0.0,) * stages)]
    return _Tableau(points, stages, tableau.first, *map(ctypes.addressof, arrays)), arrays


def _pointer(tensor: Tensor | None) -> int | None:
    return None if tensor is None else tensor.data_ptr()
