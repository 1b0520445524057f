"""Memory of large results, used again once nobody holds it.

A result of a megabyte or more is fresh memory from the system each time, and its first touch costs several times
what a kernel takes for it: every page is made and set to zero. So the memory of the last ones is kept, and given again
when its storage has no other holder: no tensor, no view, no graph, no array of NumPy, no other process. It is asked for
in pages of 2 MB, as NumPy asks for its own: with small ones a kernel on 2048 x 2048 points takes 1.4 times as long.
"""

from __future__ import annotations

import ctypes
import sys
from threading import Lock

import torch
from torch import Tensor

LEAST_BYTES = 1 << 20
"""Smaller results come from the allocator, which keeps their memory itself."""

MOST = 2
"""Results whose memory is kept: a loop that holds one while it asks for the next needs two."""

HUGE_PAGE = 1 << 21

_MADV_HUGEPAGE = 14
_madvise = ctypes.CDLL(None).madvise if sys.platform == "linux" else None
if _madvise is not None:
    _madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]


class Buffer:
    """Memory for `MOST` results at a time; further ones are fresh."""

    def __init__(self) -> None:
        self._kept: list[_Kept] = []
        self._lock = Lock()

    def like(self, state: Tensor) -> Tensor:
        """A contiguous tensor of the shape and type of another, with anything in it."""
        size = state.numel() * state.element_size()
        if size < LEAST_BYTES:
            return torch.empty_like(state, memory_format=torch.contiguous_format)
        # Two threads must not find the same memory free.
        with self._lock:
            self._kept = [kept for kept in self._kept if kept.fits(size)]
            free = next((kept for kept in self._kept if kept.free), None)
            if free is None:
                if len(self._kept) == MOST:
                    return _fresh(state)
                free = _Kept(state)
                self._kept.append(free)
            strides = torch.empty(state.shape, device="meta").stride()
            return torch.empty(0, dtype=state.dtype).set_(free.storage, 0, state.shape, strides)


class _Kept:
    """A storage, and how many hold it when nobody else does."""

    def __init__(self, state: Tensor) -> None:
        self.storage = _fresh(state).untyped_storage()
        self._alone = self._holders()

    def fits(self, size: int) -> bool:
        # Memory that was moved between processes may be held by another one.
        return self.storage.nbytes() == size and not self.storage.is_shared()

    @property
    def free(self) -> bool:
        return self._holders() == self._alone

    def _holders(self) -> int:
        """Those of the storage, and of the object that stands for it in Python."""
        return int(torch._C._storage_Use_Count(self.storage._cdata)) + sys.getrefcount(self.storage)


def _fresh(state: Tensor) -> Tensor:
    """Memory in large pages: advice to the system, which may have none to give."""
    made = torch.empty_like(state, memory_format=torch.contiguous_format)
    place, size = made.data_ptr(), made.nbytes
    first, end = -(-place // HUGE_PAGE) * HUGE_PAGE, (place + size) // HUGE_PAGE * HUGE_PAGE
    if _madvise is not None and end > first:
        _madvise(first, end - first, _MADV_HUGEPAGE)
    return made
