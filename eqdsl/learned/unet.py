"""``unet(32)``: convolutions on three grids, each half as fine as the one before."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from eqdsl.learned.activations import DEFAULT_ACTIVATION, activation
from eqdsl.learned.base import FamilySpec, LearnedFamily
from eqdsl.learned.conv import CONVOLUTIONS
from eqdsl.learned.initial import amplify, start_hidden, start_last

DEFAULT_SIZES = (32,)
LEVELS = 3

POOLS = {1: functional.avg_pool1d, 2: functional.avg_pool2d, 3: functional.avg_pool3d}


class Unet(LearnedFamily):
    """Down by averages of two points an axis, up by copies, with the finer level beside (Ronneberger et al., 2015).

    ``(B, inputs, *S) -> (B, outputs, *S)``. The coarsest level also sees the mean over the domain, so that every output
    depends on every point. Fields are continued periodically, along walled axes by their outermost values. No
    normalisation over the batch. Shifts by four points on a periodic grid that is a multiple of four give shifted
    results.

    Options: channels of the finest level (default 32; twice and three times as many below), ``act`` (default `silu`).
    """

    whole = True

    def __init__(self, spec: FamilySpec) -> None:
        super().__init__()
        (channels,) = spec.sizes(DEFAULT_SIZES)
        chosen = activation(spec.options.get("act", DEFAULT_ACTIVATION))
        self.activation, self.periodic = chosen.function, spec.periodic or (True,) * spec.dimension
        layer = CONVOLUTIONS[spec.dimension]
        widths = [channels * (level + 1) for level in range(LEVELS)]
        before = [spec.inputs, *widths[:-1]]
        self.down = nn.ModuleList(layer(a, b, 3) for a, b in zip(before, widths, strict=True))
        self.mean = layer(widths[-1], widths[-1], 1)
        self.up = nn.ModuleList(layer(a + b, a, 3) for a, b in zip(widths[-2::-1], widths[:0:-1], strict=True))
        self.last = layer(channels, spec.outputs, 3)
        for number, part in enumerate((*self.down, self.mean, *self.up)):
            start_hidden(part, gain=1.0 if number == 0 else chosen.gain)
        start_last(self.last)

    def amplify_start(self, factor: float) -> None:
        amplify(self.last, factor)

    def forward(self, inputs: Tensor) -> Tensor:
        levels: list[Tensor] = []
        value = inputs
        for layer in self.down:
            if levels:
                value = POOLS[inputs.ndim - 2](value, 2, ceil_mode=True)
            value = self.activation(layer(self._padded(value)))
            levels.append(value)
        value = value + self.activation(self.mean(value.mean(tuple(range(2, value.ndim)), keepdim=True)))
        for layer, finer in zip(self.up, levels[-2::-1], strict=True):
            value = functional.interpolate(value, finer.shape[2:], mode="nearest")
            value = self.activation(layer(self._padded(torch.cat([finer, value], dim=1))))
        result: Tensor = self.last(self._padded(value))
        return result

    def _padded(self, value: Tensor) -> Tensor:
        """One more point at each end of every axis."""
        for axis, periodic in enumerate(self.periodic, start=2):
            first, last = value.narrow(axis, 0, 1), value.narrow(axis, value.shape[axis] - 1, 1)
            value = torch.cat([last, value, first] if periodic else [first, value, last], dim=axis)
        return value
