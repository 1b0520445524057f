"""A Runge-Kutta step of an ODE by torch: what its kernel is tested against, and its higher derivatives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from eqdsl.learned.native.operator import network
from eqdsl.learned.term import LearnedTermModule
from eqdsl.lowering.ode.kernel import Tableau
from eqdsl.lowering.ode.plan import Plan

if TYPE_CHECKING:
    from eqdsl.lowering.vector_field import VectorField


class Reference:
    """A step by torch, from uniforms and weights as the kernel gets them."""

    def __init__(self, field: VectorField, found: Plan, tableau: Tableau) -> None:
        self._field, self._plan, self._tableau = field, found, tableau

    def __call__(
        self, t: Tensor, h: Tensor, state: Tensor, rate: Tensor | None, uniforms: Tensor, weights: Tensor
    ) -> tuple[Tensor, Tensor]:
        numbers: dict[int, Any] = dict(zip(self._plan.uniforms, uniforms.unbind(), strict=True))
        numbers |= self._plan.literals
        terms = self._terms(weights)
        rates, at, length = [] if rate is None else [rate], state, h.to(state.dtype).unsqueeze(1)
        for i in range(self._tableau.first, len(self._tableau.rows)):
            at = state
            for w, k in zip(self._tableau.rows[i], rates, strict=False):
                at = torch.addcmul(at, length, k, value=w) if w else at
            if i < len(self._tableau.nodes):
                time = (t + self._tableau.nodes[i] * h).to(state.dtype)
                values = self._field.evaluate(time, at, self._plan.totals, numbers, terms)
                rates.append(torch.stack([torch.as_tensor(v).expand(len(at)) for v in values], dim=1))
        return at, rates[-1]

    def _terms(self, weights: Tensor) -> dict[str, Any]:
        found, first = {}, 0
        for name in self._plan.networks:
            term = self._field.terms_by_name[name]
            own = []
            for like in term.family.parameters():
                own.append(weights[first : first + like.numel()].view(like.shape))
                first += like.numel()
            found[name] = _Substitute(term, own, self._plan.activation)
        return found


class _Substitute:
    """A learned term with other weights."""

    radius = 0
    channel_axis = -1

    def __init__(self, term: LearnedTermModule, weights: list[Tensor], activation: str) -> None:
        self._term, self._weights, self._activation = term, weights, activation

    def __call__(self, inputs: Tensor) -> Tensor:
        term = self._term
        values = network((inputs - term.input_center) / term.input_scale, self._weights, self._activation)
        return values * term.output_scale
