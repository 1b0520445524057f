"""A Runge-Kutta step as one node of the graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from eqdsl.learned.native.use import batched, transformed
from eqdsl.lowering.ode.kernel import Constants, OdeKernel, Tableau

Reference = Callable[[Tensor, Tensor | None, Tensor, Tensor], tuple[Tensor, Tensor]]
"""``(state, given, uniforms, weights) -> (new state, last rate)`` by torch, to be differentiated again."""


@dataclass(frozen=True, slots=True)
class Call:
    """All about a step but what it is differentiated in; t and h are float64, (B,)."""

    kernel: OdeKernel
    tableau: Tableau
    t: Tensor
    h: Tensor
    constants: Constants
    reference: Reference


def kernel_step(
    call: Call, state: Tensor, given: Tensor | None, uniforms: Tensor, weights: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """The state after the step, its error (no graph) and the last rate, differentiable any number of times."""
    if torch.is_grad_enabled() and any(x is not None and x.requires_grad for x in (state, given, uniforms, weights)):
        found: tuple[Tensor, Tensor, Tensor] = _Step.apply(call, state, given, uniforms, weights)  # type: ignore[no-untyped-call]
        return found
    made = call.kernel.step(call.tableau, call.t, call.h, state, given, uniforms, call.constants, keep=False)
    return made.state, made.error, made.rates[-1]


class _Step(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, call: Call, state: Tensor, given: Tensor | None, uniforms: Tensor, weights: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        made = call.kernel.step(call.tableau, call.t, call.h, state, given, uniforms, call.constants, keep=True)
        ctx.call = call
        ctx.save_for_backward(state, given, uniforms, weights, made.rates, made.kept)
        ctx.mark_non_differentiable(made.error)
        ctx.set_materialize_grads(False)
        return made.state, made.error, made.rates[-1]

    @staticmethod
    def backward(ctx: Any, *cotangents: Any) -> Any:
        state, given, uniforms, weights, rates, kept = ctx.saved_tensors
        g_state, _, g_rate = cotangents
        if torch.is_grad_enabled() or transformed() or any(g is not None and batched(g) for g in cotangents):
            return None, *_by_torch(ctx, (g_state, g_rate), [state, given, uniforms, weights])
        call, known = ctx.call, [None if g is None else g.contiguous() for g in (g_state, g_rate)]
        return None, *call.kernel.adjoint(
            call.tableau, call.t, call.h, state, uniforms, weights, call.constants, rates, kept, known
        )


def _by_torch(ctx: Any, cotangents: tuple[Any, Any], tensors: list[Any]) -> list[Tensor | None]:
    """For ``create_graph=True`` and batches of cotangents."""
    again = torch.is_grad_enabled()
    wanted = [i for i, needed in enumerate(ctx.needs_input_grad[1:]) if needed]
    with torch.enable_grad():
        # The state depends on the weights: names of their own keep the derivatives in them apart.
        tensors = [None if x is None else x.view_as(x) for x in tensors]
        outputs = ctx.call.reference(*tensors)
    asked = [(o, g) for o, g in zip(outputs, cotangents, strict=True) if g is not None]
    found = torch.autograd.grad(
        [o for o, _ in asked], [tensors[i] for i in wanted], [g for _, g in asked], create_graph=again,
        allow_unused=True,
    )  # fmt: skip
    by_place = dict(zip(wanted, found, strict=True))
    return [by_place.get(i) for i in range(len(tensors))]
