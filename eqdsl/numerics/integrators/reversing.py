"""Gradients of a rollout that is run backwards instead of stored: memory does not grow with the number of steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from eqdsl.numerics.integrators.base import Field
from eqdsl.numerics.integrators.fixed_step import Carrier, Carry, Plan, Step

Told = Callable[[int, Tensor], None]
"""Called with the number of each output, from 1, and its state."""


def reversed_rollout(
    carrier: Carrier, vector_field: Field, initial: Tensor, first_time: Tensor, plan: Plan, told: Told
) -> list[Tensor]:
    """The state after each step that ends on an output; its gradients undo the steps one by one.

    Each undone step is taken again with a graph, so the gradient is that of the discrete solution, to rounding
    (Gholami, Keutzer & Biros, arXiv 1902.10298, undo the flow instead and get another one). Stored are the last carry,
    and the state wherever the memory of a method begins anew.

    Parameters
    ----------
    carrier : Carrier
        With a `back`.
    vector_field : Field
        Called once to see which tensors it depends on.
    initial : Tensor, shape (B, *S)
    first_time : Tensor
        As the vector field takes it.
    plan : Plan
    told : callable
    """
    return list(_Reversed.apply(carrier, plan, told, initial, *leaves_of(vector_field, first_time, initial)))  # type: ignore[no-untyped-call]


def leaves_of(vector_field: Any, t: Tensor, state: Tensor) -> list[Tensor]:
    """The leaves that a rate depends on: parameters, and whatever else requires gradients in a closure."""
    found = {id(p): p for p in getattr(vector_field, "parameters", list)() if p.requires_grad}
    with torch.enable_grad():
        waiting = [vector_field(t, state.detach()).grad_fn]
    seen = set()
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            found[id(node.variable)] = node.variable
        waiting += [following for following, _ in node.next_functions]
    return list(found.values())


class _Reversed(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, carrier: Carrier, plan: Plan, told: Told, initial: Tensor, *leaves: Tensor) -> Any:
        carry: Carry = (initial,)
        starts: list[Tensor] = []
        outputs: list[Tensor] = []
        for step in map(plan.__getitem__, range(len(plan))):
            if _begins(carrier, step):
                starts += carry
            carry = carrier.advance(step, carry)
            if step.output:
                outputs.append(carry[-1])
                told(len(outputs), carry[-1])
        ctx.carrier, ctx.plan, ctx.parts, ctx.leaves = carrier, plan, len(carry), leaves
        ctx.save_for_backward(*starts, *carry)
        return tuple(outputs)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        stored, waiting = list(ctx.saved_tensors), list(gradients)
        carry = _taken(stored, ctx.parts)
        upstream = [torch.zeros_like(part) for part in carry]
        totals: list[Tensor | None] = [None] * len(ctx.leaves)
        for number in reversed(range(len(ctx.plan))):
            step = ctx.plan[number]
            if step.output:
                upstream[-1] = upstream[-1] + waiting.pop()
            if _begins(ctx.carrier, step):
                carry = _taken(stored, ctx.parts if number > 0 else 1)
                upstream, parts = _pulled_back(ctx.carrier, step, carry[-1:], ctx.leaves, upstream)
                upstream = [*(torch.zeros_like(part) for part in carry[:-1]), *upstream]
            else:
                carry = ctx.carrier.back(step.t, carry, step.h)
                upstream, parts = _pulled_back(ctx.carrier, step, carry, ctx.leaves, upstream)
            totals = [_sum(total, part) for total, part in zip(totals, parts, strict=True)]
        return None, None, None, upstream[-1], *totals


def _taken(stored: list[Tensor], count: int) -> Carry:
    """The last so many, which are taken off."""
    last = tuple(stored[-count:])
    del stored[-count:]
    return last


def _begins(carrier: Carrier, step: Step) -> bool:
    """Whether a step forgets what came before."""
    return step.fresh and carrier.first is not None


def _pulled_back(
    carrier: Carrier, step: Step, before: Carry, leaves: Sequence[Tensor], upstream: list[Tensor]
) -> tuple[list[Tensor], list[Tensor | None]]:
    """The gradients of one step by the carry before it and by the leaves."""
    with torch.enable_grad():
        inputs = tuple(part.detach().requires_grad_() for part in before)
        after = carrier.advance(step, inputs)
    # A parameter may come from a graph of its own, which the next step needs again.
    found = torch.autograd.grad(after, (*inputs, *leaves), upstream, retain_graph=True, allow_unused=True)
    parts = [torch.zeros_like(i) if g is None else g for i, g in zip(inputs, found, strict=False)]
    return parts, list(found[len(inputs) :])


def _sum(a: Tensor | None, b: Tensor | None) -> Tensor | None:
    return b if a is None else a if b is None else a + b
