"""Memory of large results, used again once nobody holds it.

A result of a megabyte or more is fresh memory from the system each time, and its first touch costs several times
what a kernel takes for it: every page is made and set to zero. So the last one's memory is kept, and given again when
its storage has no other holder: no tensor, no view, no graph, no array of NumPy, no other process. It is asked for in
pages of 2 MB, as NumPy asks for its own: with small ones a kernel on 2048 x 2048 points takes 1.4 times as long.
"""

from __future__ import annotations

import ctypes
import sys
from threading import Lock

import torch
from torch import Tensor

LEAST_BYTES = 1 << 20
"""Smaller results come from the allocator, which keeps their memory itself."""

HUGE_PAGE = 1 << 21

_MADV_HUGEPAGE = 14
_madvise = ctypes.CDLL(None).madvise if sys.platform == "linux" else None
if _madvise is not None:
    _madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]


class Buffer:
    """Memory for one result at a time; further ones are fresh."""

    def __init__(self) -> None:
        self._storage: torch.UntypedStorage | None = None
        self._alone = 0
        self._lock = Lock()

    def like(self, state: Tensor) -> Tensor:
        """A contiguous tensor of the shape and type of another, with anything in it."""
        size = state.numel() * state.element_size()
        if size < LEAST_BYTES:
            return torch.empty_like(state, memory_format=torch.contiguous_format)
        # Two threads must not find the same memory free.
        with self._lock:
            if self._fits(size) and self._holders() > self._alone:
                return _fresh(state)
            if not self._fits(size):
                self._storage = _fresh(state).untyped_storage()
                self._alone = self._holders()
            assert self._storage is not None
            strides = torch.empty(state.shape, device="meta").stride()
            return torch.empty(0, dtype=state.dtype).set_(self._storage, 0, state.shape, strides)

    def _fits(self, size: int) -> bool:
        # Memory that was moved between processes may be held by another one.
        return self._storage is not None and self._storage.nbytes() == size and not self._storage.is_shared()

    def _holders(self) -> int:
        """Those of the storage, and of the object that stands for it in Python."""
        storage = self._storage
        assert storage is not None
        return int(torch._C._storage_Use_Count(storage._cdata)) + sys.getrefcount(storage)


def _fresh(state: Tensor) -> Tensor:
    """Memory in large pages: advice to the system, which may have none to give."""
    made = torch.empty_like(state, memory_format=torch.contiguous_format)
    place, size = made.data_ptr(), made.nbytes
    first, end = -(-place // HUGE_PAGE) * HUGE_PAGE, (place + size) // HUGE_PAGE * HUGE_PAGE
    if _madvise is not None and end > first:
        _madvise(first, end - first, _MADV_HUGEPAGE)
    return made
