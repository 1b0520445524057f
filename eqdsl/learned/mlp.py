"""``mlp(64, 64, act = silu)``: fully connected layers on the inputs at one point."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from eqdsl.learned.activations import DEFAULT_ACTIVATION, activation
from eqdsl.learned.base import FamilySpec, LearnedFamily
from eqdsl.learned.initial import amplify, start_hidden, start_last
from eqdsl.learned.native.components import network_of_components
from eqdsl.learned.native.operator import network

DEFAULT_SIZES = (64, 64)


class Mlp(LearnedFamily):
    """``z -> W_L a(… a(W_1 z + b_1) …) + b_L``, pointwise.

    Options: widths of the hidden layers (default 64, 64) and ``act`` (default `silu`).
    """

    def __init__(self, spec: FamilySpec) -> None:
        super().__init__()
        self.activation = str(spec.options.get("act", DEFAULT_ACTIVATION))
        chosen = activation(self.activation)
        widths = (spec.inputs, *spec.sizes(DEFAULT_SIZES))
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.last = nn.Linear(widths[-1], spec.outputs)
        for number, layer in enumerate(self.hidden):
            start_hidden(layer, gain=1.0 if number == 0 else chosen.gain)
        start_last(self.last)

    def amplify_start(self, factor: float) -> None:
        amplify(self.last, factor)

    def forward(self, inputs: Tensor) -> Tensor:
        return network(inputs, self._weights(), self.activation)

    def components(self, inputs: Sequence[Tensor], scales: Tensor) -> tuple[Tensor, ...] | None:
        return network_of_components(inputs, self._weights(), self.activation, scales)

    def _weights(self) -> list[Tensor]:
        return [weight for layer in (*self.hidden, self.last) for weight in (layer.weight, layer.bias)]
