"""When a vector field is evaluated by its kernel, and what the kernel is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor

from eqdsl.core.errors import UsageError
from eqdsl.core.native import CompilationFailed
from eqdsl.learned.native.functions import PRECISIONS
from eqdsl.learned.native.use import give_up, switched_off, transformed
from eqdsl.lowering.fused.backends import BACKENDS, Marching, Rates
from eqdsl.lowering.fused.extents import Unsupported
from eqdsl.lowering.fused.operator import rates, register
from eqdsl.lowering.fused.plan import Plan
from eqdsl.lowering.fused.sorting import plan
from eqdsl.lowering.program import Program
from eqdsl.model.model import Model
from eqdsl.numerics.grid import Grid

FEWEST_POINTS = 1024
"""On smaller grids a kernel is not made unless it is asked for: compiling takes about a second."""

Evaluate = Callable[[list[int]], list[Any]]
"""Values of steps by torch."""


class FusedRates:
    """The kernels of one program, made at first use, one per type of number.

    Parameters
    ----------
    program, model, grid
        What the vector field was compiled from.
    wanted : bool, optional
        Whether kernels are used where they can be; None: on grids of `FEWEST_POINTS` or more.
    """

    def __init__(self, program: Program, model: Model, grid: Grid, wanted: bool | None) -> None:
        if wanted is None:
            wanted = prod(grid.shape) >= FEWEST_POINTS and not switched_off()
        self.refused = "" if wanted else "not wanted"
        self._plan: Plan | None = None
        self._kernels: dict[tuple[str, torch.dtype], tuple[Rates, int]] = {}
        self._program, self._model, self._grid = program, model, grid
        self._shape = (len(model.channels), *grid.shape)

    def __getstate__(self) -> dict[str, Any]:
        # Libraries are this process's own; another one loads them again.
        return {**self.__dict__, "_kernels": {}}

    def __deepcopy__(self, memo: dict[int, Any]) -> FusedRates:
        # Kernels hold no weights: copies of a field share them.
        return self

    def ready(self, state: Tensor) -> bool:
        """Whether the rates at a state come from a kernel; makes the kernel if need be."""
        key = _key(state)
        if self.refused or key[0] not in BACKENDS or state.dtype not in PRECISIONS or transformed():
            return False
        if state.shape[1:] != self._shape:
            return False
        if key in self._kernels:
            return True
        # Nothing is compiled while torch.compile traces.
        return not torch.compiler.is_compiling() and self._make(state)

    @property
    def uniforms(self) -> list[int]:
        """Steps that hold the kernel's uniform leaves."""
        return self._plan.uniforms if self._plan else []

    @property
    def arrays(self) -> list[int]:
        """Steps that hold its array leaves, the state aside."""
        return self._plan.arrays if self._plan else []

    @property
    def reads(self) -> list[int]:
        """All steps whose values the kernel is given."""
        return [*self.uniforms, *self.arrays]

    def __call__(self, state: Tensor, evaluate: Evaluate) -> Tensor:
        """The rates ``(B, C, *S)`` at a state for which it is `ready`."""
        values = evaluate(self.reads)
        count = len(self.uniforms)
        return self.from_leaves(state, self.stacked(values[:count], state), values[count:])

    def stacked(self, values: Sequence[Any], state: Tensor) -> Tensor:
        """Uniform leaves side by side, ``(B | 1, U)``."""
        numbers = [_as_row(v, state) for v in values]
        rows = next((len(v) for v in numbers if len(v) != 1), 1)
        return torch.stack([v.expand(rows) for v in numbers], dim=1) if numbers else state.new_empty(1, 0)

    def from_leaves(self, state: Tensor, uniforms: Tensor, arrays: Sequence[Tensor]) -> Tensor:
        """The rates from what the kernel reads.

        Raises
        ------
        UsageError
            There are more or fewer times than trajectories.
        """
        kernel, number = self._kernels[_key(state)]
        arrays = self._on_grid(arrays, state)
        for leaf in (uniforms, *arrays):
            if leaf.shape[0] not in (1, state.shape[0]):
                raise UsageError(
                    f"{leaf.shape[0]} times do not fit {state.shape[0]} trajectories",
                    help="give one time for all, or one for each",
                )
        return rates(kernel, number, state, uniforms, arrays)

    def march(
        self, state: Tensor, uniforms: Tensor, arrays: Sequence[Tensor], weights: Tensor, h: float, steps: int
    ) -> Tensor:
        """See `Kernel.march`."""
        kernel = self._kernels[_key(state)][0]
        assert isinstance(kernel, Marching)
        return kernel.march(state, uniforms, self._on_grid(arrays, state), weights, h, steps)

    def marches(self, state: Tensor) -> bool:
        """Whether the kernel of a state takes whole steps."""
        return isinstance(self._kernels[_key(state)][0], Marching)

    def _on_grid(self, arrays: Sequence[Tensor], state: Tensor) -> list[Tensor]:
        assert self._plan is not None
        # Comparisons come as truth values.
        return [
            _as_array(self._plan, number, a.to(state.dtype))
            for number, a in zip(self._plan.arrays, arrays, strict=True)
        ]

    def _make(self, state: Tensor) -> bool:
        try:
            if self._plan is None:
                self._plan = plan(self._program, self._model, self._grid)
            kernel = BACKENDS[state.device.type](self._plan, state.dtype, state.device)
        except Unsupported as reason:
            self.refused = str(reason)
            return False
        except CompilationFailed as reason:
            self.refused = str(reason)
            give_up(reason)
            return False
        self._kernels[_key(state)] = kernel, register(kernel)
        return True


def _key(state: Tensor) -> tuple[str, torch.dtype]:
    """What a kernel is made for."""
    return state.device.type, state.dtype


def _as_array(found: Plan, number: int, value: Tensor) -> Tensor:
    """An array leaf as the kernel takes it."""
    for axis, (cut, n) in enumerate(zip(found.cuts[number], found.shape(number), strict=True)):
        if cut:
            value = value.narrow(axis + 1, cut, n)
    return value.expand(value.shape[0], *found.shape(number))


def _as_row(value: Any, state: Tensor) -> Tensor:
    """A number, or one for each trajectory."""
    if isinstance(value, Tensor):
        return value.to(state.dtype).reshape(-1)
    return state.new_full((1,), float(value))
