"""``mlp(64, 64)`` with ``increasing(u)``: a network that rises in some of its inputs whatever its weights are."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from eqdsl.core.errors import UsageError
from eqdsl.learned.base import FamilySpec, LearnedFamily
from eqdsl.learned.initial import FIRST_BIAS, LAST_GAIN, start_hidden
from eqdsl.learned.mlp import DEFAULT_SIZES

Rising = Callable[[Tensor], Tensor]

CONVEX: dict[str, Rising | None] = {"softplus": functional.softplus, "relu": functional.relu, "tanh": None}
"""The convex function that a layer's units are made of; None where all units saturate."""

MEAN_SIZE = math.sqrt(2 / math.pi)
"""Mean of ``|w|`` for a standard normal w."""


class Nonnegative(nn.Module):
    """``z -> |W| z + b``."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, values: Tensor) -> Tensor:
        return functional.linear(values, self.weight.abs(), self.bias)

    @torch.no_grad()
    def start(self, slope: float, spread: float) -> None:
        """Weights whose sizes add up to about `slope`, biases within `spread`: nothing cancels among weights >= 0."""
        self.weight.normal_(0.0, slope / (MEAN_SIZE * self.weight.shape[1]))
        self.bias.uniform_(-spread, spread)


class MonotoneMlp(LearnedFamily):
    """``h_k = a(|W_k| h_{k-1} + V_k r_{k-1} + b_k)``, where h starts from the monotone inputs (with their signs).

    r are the layers of a free network on the other inputs. The units of a layer are in turn convex (``softplus``),
    concave (``-softplus(-z)``) and saturating (``tanh``), each of them rising: without the concave ones only convex
    functions could be built (Runje and Shankaranarayana 2023). The output is ``|W| h + V r + b``.
    """

    def __init__(self, spec: FamilySpec) -> None:
        super().__init__()
        name = str(spec.options.get("act", "softplus"))
        if name not in CONVEX:
            raise UsageError(f"`act = {name}` falls somewhere", help=f"write one of {', '.join(CONVEX)}")
        self.convex = CONVEX[name]
        self.held = sorted(spec.monotone)
        self.others = [i for i in range(spec.inputs) if i not in spec.monotone]
        self.register_buffer("signs", torch.tensor([float(spec.monotone[i]) for i in self.held]), persistent=False)
        sizes = (*spec.sizes(DEFAULT_SIZES), spec.outputs)
        self.rising = nn.ModuleList(Nonnegative(a, b) for a, b in pairwise((len(self.held), *sizes)))
        free = (len(self.others), *sizes[:-1]) if self.others else ()
        self.free = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(free))
        self.mixing = nn.ModuleList(nn.Linear(a, b, bias=False) for a, b in zip(free, sizes, strict=bool(free)))
        self._start()

    def _start(self) -> None:
        *hidden, last = (layer for layer in self.rising if isinstance(layer, Nonnegative))
        for layer in hidden:
            layer.start(2.0, 2 * FIRST_BIAS)
        last.start(LAST_GAIN, 0.0)
        for number, linear in enumerate(self.free):
            start_hidden(linear, gain=1.0 if number == 0 else 1.6)
        for number, linear in enumerate(self.mixing):
            weight, gain = linear.get_parameter("weight"), LAST_GAIN if number == len(self.free) else 1.0
            nn.init.normal_(weight, 0.0, gain / math.sqrt(weight.shape[1]))

    @torch.no_grad()
    def amplify_start(self, factor: float) -> None:
        for parameter in (*self.rising[-1].parameters(), *(self.mixing[-1].parameters() if self.others else ())):
            parameter.mul_(factor)

    def forward(self, inputs: Tensor) -> Tensor:
        values = inputs[..., self.held] * self.get_buffer("signs")
        free = inputs[..., self.others] if self.others else None
        last = len(self.rising) - 1
        for number, layer in enumerate(self.rising):
            values = layer(values)
            if free is not None:
                values = values + self.mixing[number](free)
                free = torch.tanh(self.free[number](free)) if number < last else None
            if number < last:
                values = self._activated(values)
        return values

    def _activated(self, values: Tensor) -> Tensor:
        """The rising functions, in turn along the units."""
        if self.convex is None:
            return torch.tanh(values)
        convex, concave, saturating = values[..., ::3], values[..., 1::3], values[..., 2::3]
        parts = [self.convex(convex), -self.convex(-concave), torch.tanh(saturating)]
        return torch.cat(parts, dim=-1)
