"""The kernel's numbers that follow from parameters alone, as one node of the graph, evaluated once for their values.

Transforms of parameters, and what equations make of them, are dozens of operations of torch on single numbers: 0.2 ms
around a kernel that may take less. Till a parameter changes, their values and their derivatives serve every call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from eqdsl.learned.native.use import batched, transformed
from eqdsl.lowering.operations import OPERATIONS, Context
from eqdsl.lowering.parameters import ParameterSet
from eqdsl.lowering.program import Program

_OF_PARAMETERS = ("parameter", "constant", "pointwise")


@dataclass
class _Found:
    """What is known at some values: the numbers (1, U), and the raw parameters they were made of, with their graph."""

    key: tuple[Any, ...]
    graph: Tensor
    leaves: list[Tensor]
    _jacobian: Tensor | None = None

    def jacobian(self) -> Tensor:
        """Derivatives of the numbers with respect to the raw parameters, (U, R)."""
        if self._jacobian is None:
            rows = [
                torch.autograd.grad(number, self.leaves, retain_graph=True, allow_unused=True, materialize_grads=True)
                for number in self.graph[0].unbind()
            ]
            self._jacobian = torch.stack([torch.stack(row) for row in rows])
        return self._jacobian

    @property
    def follows(self) -> bool:
        """Whether any number follows from the raw parameters: all of these may serve something else."""
        return self.graph.requires_grad


class Numbers:
    """Numbers of one program.

    Parameters
    ----------
    program : Program
    wanted : sequence of int
        Steps that hold the numbers.
    """

    def __init__(self, program: Program, wanted: Sequence[int]) -> None:
        needed, waiting = set(wanted), list(wanted)
        while waiting:
            new = [i for i in program.steps[waiting.pop()].inputs if i not in needed]
            needed.update(new)
            waiting.extend(new)
        self._steps = [(n, program.steps[n]) for n in sorted(needed)]
        self._wanted = tuple(wanted)
        self._served = bool(wanted) and all(s.operation in _OF_PARAMETERS for _, s in self._steps)
        self._last: _Found | None = None

    def __getstate__(self) -> dict[str, Any]:
        # A graph is this process's own.
        return {**self.__dict__, "_last": None}

    def __call__(self, physical: ParameterSet, state: Tensor) -> Tensor | None:
        """The numbers, (1, U), differentiable any number of times.

        None where they follow from more than parameters, or from parameters that are more than one number; and where
        fixed ones are differentiated.
        """
        # Another set may take its numbers from elsewhere.
        if not self._served or type(physical) is not ParameterSet or torch.compiler.is_compiling():
            return None
        raw, fixed = list(physical.raw.values()), list(physical.buffers())
        if any(_many(x) for x in (*raw, *fixed)) or any(x.requires_grad for x in fixed):
            return None
        # By values, which tell every change, also one behind the back of autograd.
        key = (state.dtype, *physical._buffers, *(x.item() for x in raw), *(x.item() for x in fixed))
        found = self._last
        if found is None or found.key != key:
            found = self._last = self._find(key, physical, raw, state)
        if not torch.is_grad_enabled() or not found.follows or not any(x.requires_grad for x in raw):
            return found.graph.detach()
        made: Tensor = _Stacked.apply(self, found, physical, *raw)  # type: ignore[no-untyped-call]
        return made

    def stacked(self, physical: ParameterSet, raw: Sequence[Tensor], like: Tensor) -> Tensor:
        """The numbers from raw parameters, by torch."""
        context = Context(like, like, physical.values(dict(zip(physical.raw, raw, strict=True))), {}, {})
        values: dict[int, Any] = {}
        for number, step in self._steps:
            inputs = [values[i] for i in step.inputs]
            values[number] = OPERATIONS[step.operation](context, *inputs, *step.attributes)
        return torch.stack([torch.as_tensor(values[n]).to(like.dtype).reshape(1) for n in self._wanted], dim=1)

    def _find(self, key: tuple[Any, ...], physical: ParameterSet, raw: Sequence[Tensor], state: Tensor) -> _Found:
        # Also for calls with gradients when this one is in `torch.inference_mode`.
        with torch.inference_mode(False), torch.enable_grad():
            # Leaves of their own: the graph belongs to these values, whoever's parameters have them.
            leaves = [x.detach().clone().requires_grad_() for x in raw]
            return _Found(key, self.stacked(physical, leaves, state.detach()), leaves)


def _many(number: Tensor) -> bool:
    return number.dim() > 0 or number.device.type != "cpu"


class _Stacked(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, numbers: Numbers, found: _Found, physical: ParameterSet, *raw: Tensor) -> Tensor:
        ctx.numbers, ctx.found, ctx.physical = numbers, found, physical
        ctx.save_for_backward(*raw)
        return found.graph.detach().clone()

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor) -> Any:
        raw, (cotangent,) = ctx.saved_tensors, cotangents
        if torch.is_grad_enabled() or transformed() or batched(cotangent):
            return None, None, None, *_by_torch(ctx, cotangent, raw)
        with torch.enable_grad():
            jacobian = ctx.found.jacobian()
        return None, None, None, *(cotangent @ jacobian)[0].unbind()


def _by_torch(ctx: Any, cotangent: Tensor, raw: Sequence[Tensor]) -> tuple[Tensor | None, ...]:
    """For ``create_graph=True`` and batches of cotangents."""
    again = torch.is_grad_enabled()
    with torch.enable_grad():
        raw = [x.view_as(x) if x.requires_grad else x.detach().requires_grad_() for x in raw]
        made = ctx.numbers.stacked(ctx.physical, raw, cotangent)
    return torch.autograd.grad(made, raw, cotangent, create_graph=again, allow_unused=True)
