"""As much of Triton as generated kernels use, on torch: all programs of a launch at once, each a row of lanes.

Stricter than a device: an access outside a tensor, or two lanes that store to the same place, is an error. Triton
itself needs a gigabyte; where it is installed the same models run through its interpreter too.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any
from unittest.mock import patch

import pytest
import torch
from torch import Tensor

from eqdsl.core.generated import load_module
from eqdsl.lowering.fused.lanes import kernel

_ROOM = 1 << 40
"""Largest tensor, in numbers; a pointer is the tensor's number times this, plus the place in it."""


class Machine:
    """What the kernels of a process see."""

    def __init__(self) -> None:
        self.programs, self.memory = torch.zeros(1, 1, dtype=torch.int64), list[Tensor]()

    def run(self, function: Callable[..., None], grid: tuple[int, ...], arguments: tuple[Any, ...]) -> None:
        self.programs = torch.arange(grid[0]).reshape(-1, 1)
        self.memory = [a for a in arguments if isinstance(a, Tensor)]
        assert all(t.is_contiguous() for t in self.memory)
        numbers = iter(range(len(self.memory)))
        # In the middle of its room: places before the first are told from the end of the tensor before.
        function(*(torch.tensor((next(numbers) * 2 + 1) * _ROOM) if isinstance(a, Tensor) else a for a in arguments))

    def places(self, pointer: Tensor, mask: Any) -> tuple[Tensor, list[tuple[Tensor, Tensor, Tensor]]]:
        """The lanes that are on, and for each tensor they point into: it, which lanes, and their places."""
        on = torch.as_tensor(mask).expand(torch.broadcast_shapes(pointer.shape, torch.as_tensor(mask).shape))
        pointer = pointer.expand(on.shape)
        found = []
        for number in ((pointer[on] + _ROOM // 2) // _ROOM).unique().tolist():
            memory = self.memory[(number - 1) // 2].view(-1)
            mine = on & ((pointer + _ROOM // 2) // _ROOM == number)
            place = pointer[mine] - number * _ROOM
            assert number % 2 and place.numel() and place.min() >= 0 and place.max() < len(memory), "outside a tensor"
            found.append((memory, mine, place))
        return on, found

    def load(self, pointer: Tensor, mask: Any = True, other: float = 0.0) -> Tensor:
        on, found = self.places(pointer, mask)
        result = torch.full(on.shape, other, dtype=self.memory[0].dtype)
        for memory, mine, place in found:
            result[mine] = memory[place]
        return result

    def store(self, pointer: Tensor, value: Any, mask: Any = True) -> None:
        for memory, mine, place in self.places(pointer, mask)[1]:
            assert len(place.unique()) == len(place), "two lanes store to the same place"
            memory[place] = torch.as_tensor(value, dtype=memory.dtype).expand(mine.shape)[mine]


class Jit:
    """A function that a grid of programs runs."""

    def __init__(self, function: Callable[..., None]) -> None:
        self.function = function

    def __getitem__(self, grid: tuple[int, ...]) -> Callable[..., None]:
        return lambda *arguments: MACHINE.run(self.function, grid, arguments)


MACHINE = Machine()


def _modules() -> dict[str, ModuleType]:
    names = ("triton", "triton.language", "triton.language.extra", "triton.language.extra.libdevice")
    triton, language, extra, libdevice = (ModuleType(name) for name in names)
    vars(triton).update(jit=Jit, language=language)
    vars(extra).update(libdevice=libdevice)
    vars(language).update(
        extra=extra,
        program_id=lambda axis: MACHINE.programs,
        load=MACHINE.load,
        store=MACHINE.store,
        arange=lambda first, end: torch.arange(first, end).reshape(1, -1),
        full=lambda shape, value, dtype: torch.full((1, 1), value, dtype=dtype),
        zeros=lambda shape, dtype: torch.zeros(1, *shape, dtype=dtype),
        sum=lambda values, axis: values.sum(dim=-1, keepdim=True),
        minimum=lambda a, b: torch.clamp(torch.as_tensor(a), max=b),
        maximum=lambda a, b: torch.clamp(torch.as_tensor(a), min=b),
        where=torch.where,
        debug_barrier=lambda: None,
    )
    for name in ("int64", "float32", "float64"):
        setattr(language, name, getattr(torch, name))
    for name in ("abs", "cos", "erf", "exp", "floor", "log", "sin", "sqrt"):
        setattr(language, name, getattr(torch, name))
    for name in ("acos", "asin", "atan", "atan2", "cosh", "log10", "log1p", "pow", "sinh", "tan", "tanh"):
        setattr(libdevice, name, getattr(torch, name))
    return dict(zip(names, (triton, language, extra, libdevice), strict=True))


MODULES = _modules()
LANGUAGE = MODULES["triton.language"]


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have kernels loaded with the stand-in where Triton would be imported from; torch itself keeps what it finds."""

    def load(text: str) -> ModuleType:
        with patch.dict(sys.modules, MODULES):
            return load_module(text)

    load_module.cache_clear()
    monkeypatch.setattr(kernel, "load_module", load)
