"""When the steps of an ODE are taken by its kernel, and what the kernel is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from eqdsl.core.native import CompilationFailed
from eqdsl.learned.native.functions import PRECISIONS
from eqdsl.learned.native.use import give_up, switched_off, usable
from eqdsl.learned.term import LearnedTermModule
from eqdsl.lowering.fused.extents import Unsupported
from eqdsl.lowering.ode.kernel import Constants, OdeKernel, Tableau
from eqdsl.lowering.ode.operator import Call, kernel_step
from eqdsl.lowering.ode.plan import Plan, plan
from eqdsl.lowering.ode.reference import Reference

if TYPE_CHECKING:
    from eqdsl.lowering.vector_field import VectorField

Step = Callable[[Tensor, Tensor, Tensor, Tensor | None], tuple[Tensor, Tensor, Tensor]]
"""``step(t, h, state, rate)``: the state after it, its error, the last rate; t and h float64, (B,)."""


class OdeSteps:
    """The kernels of one program, made at first use, one per type of number.

    Parameters
    ----------
    field : VectorField
        Only its program and the shapes of its learned terms are read.
    wanted : bool, optional
        None: for models with learned terms, where compiling pays at once.
    """

    def __init__(self, field: VectorField, wanted: bool | None) -> None:
        self.plan: Plan | None = None
        self._kernels: dict[torch.dtype, OdeKernel] = {}
        if wanted is None:
            wanted = len(field.learned) > 0 and not switched_off()
        if wanted:
            try:
                self.plan = plan(field.program, field.model.dimension, field.terms_by_name)
            except Unsupported:
                return

    def __getstate__(self) -> dict[str, Any]:
        # Libraries are this process's own; another one loads them again.
        return {**self.__dict__, "_kernels": {}}

    def __deepcopy__(self, memo: dict[int, Any]) -> OdeSteps:
        # Kernels hold no weights: copies of a field share them.
        return self

    def for_rollout(self, field: VectorField, given: dict[int, Any], tableau: Tableau, state: Tensor) -> Step | None:
        """What takes the steps of one rollout; None where torch has to.

        Parameters
        ----------
        given : dict
            Numbers of the uniform steps, see `VectorField.static_values`.
        state : Tensor
            Where the rollout starts.
        """
        found = self.plan
        if found is None or torch.compiler.is_compiling() or state.dim() != 2 or state.dtype != field.dtype:
            return None
        terms = [field.terms_by_name[name] for name in found.networks]
        # A formula, or a module of the user's, may have taken a network's place.
        if any(type(term) is not LearnedTermModule for term in terms):
            return None
        numbers = [torch.as_tensor(given[n], dtype=state.dtype, device=state.device) for n in found.uniforms]
        if not usable(state, state) or any(n.numel() != 1 for n in numbers) or any(map(_heard, terms)):
            return None
        kernel = self._kernel(state.dtype)
        if kernel is None:
            return None
        uniforms = torch.stack([n.reshape(()) for n in numbers]) if numbers else state.new_empty(0)
        tensors = [w.reshape(-1) for term in terms for w in term.family.parameters()]
        weights = torch.cat(tensors) if tensors else state.new_empty(0)
        scales = [s for term in terms for s in (term.input_center, term.input_scale, term.output_scale)]
        with torch.no_grad():
            constants = Constants(kernel.pack(weights), torch.cat(scales) if scales else state.new_empty(0))
        by_torch = Reference(field, found, tableau)

        def step(t: Tensor, h: Tensor, state: Tensor, rate: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
            def reference(*tensors: Any) -> tuple[Tensor, Tensor]:
                return by_torch(t, h, *tensors)

            call = Call(kernel, tableau, t.contiguous(), h.contiguous(), constants, reference)
            return kernel_step(call, state.contiguous(), None if rate is None else rate.contiguous(), uniforms, weights)

        return step

    def _kernel(self, dtype: torch.dtype) -> OdeKernel | None:
        if dtype not in PRECISIONS or self.plan is None:
            return None
        if dtype not in self._kernels:
            try:
                self._kernels[dtype] = OdeKernel(self.plan, dtype)
            except CompilationFailed as reason:
                self.plan = None
                give_up(reason)
                return None
        return self._kernels[dtype]


def _heard(term: LearnedTermModule) -> bool:
    """Whether hooks listen to a term, its weights are not what they were made as, or it computes in short numbers."""
    layers = list(term.modules())
    return term.bf16 or any(m._forward_hooks or m._forward_pre_hooks or hasattr(m, "parametrizations") for m in layers)
