"""``conv(16, 16, kernel = 3)``: convolutions over neighbouring points."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from eqdsl.core.errors import UsageError
from eqdsl.learned.activations import DEFAULT_ACTIVATION, activation
from eqdsl.learned.base import FamilySpec, LearnedFamily
from eqdsl.learned.initial import amplify, start_hidden, start_last
from eqdsl.learned.native.operator import network

DEFAULT_SIZES = (16, 16)
DEFAULT_KERNEL = 3

CONVOLUTIONS: dict[int, type[nn.Conv1d] | type[nn.Conv2d] | type[nn.Conv3d]] = {
    1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d,
}  # fmt: skip


class Conv(LearnedFamily):
    """Valid convolutions: ``(B, inputs, *S + 2*radius) -> (B, outputs, *S)``.

    The layers do not pad: the ghost cells around the grid hold what the equation's own walls say. No normalisation
    over the batch, so a state's rate never depends on its neighbours in the batch.

    Options: channels of the hidden layers (default 16, 16), ``kernel`` (odd, default 3), ``act`` (default `silu`).
    ``radius`` is the sum of ``kernel//2`` over all layers, the last one included.
    """

    def __init__(self, spec: FamilySpec) -> None:
        super().__init__()
        if spec.dimension not in CONVOLUTIONS:
            raise UsageError("`conv` needs neighbouring points: 1 to 3 space axes", help="write `by mlp(64, 64)`")
        kernel = spec.options.get("kernel", DEFAULT_KERNEL)
        if not isinstance(kernel, int) or kernel < 3 or kernel % 2 == 0:
            raise UsageError(f"`kernel = {kernel}` is not an odd number from 3 on", help="write `kernel = 3`")
        self.activation = str(spec.options.get("act", DEFAULT_ACTIVATION))
        chosen = activation(self.activation)
        layer = CONVOLUTIONS[spec.dimension]
        channels = (spec.inputs, *spec.sizes(DEFAULT_SIZES))
        self.hidden = nn.ModuleList(layer(a, b, kernel) for a, b in pairwise(channels))
        self.last = layer(channels[-1], spec.outputs, kernel)
        self.radius = len(channels) * (kernel // 2)
        for number, hidden in enumerate(self.hidden):
            start_hidden(hidden, gain=1.0 if number == 0 else chosen.gain)
        start_last(self.last)

    def amplify_start(self, factor: float) -> None:
        amplify(self.last, factor)

    def forward(self, inputs: Tensor) -> Tensor:
        layers = [*self.hidden, self.last]
        return network(inputs, [weight for layer in layers for weight in (layer.weight, layer.bias)], self.activation)
