"""``fno(modes = 12, width = 32)``: a Fourier neural operator, which sees the whole domain."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from eqdsl.learned.activations import activation
from eqdsl.learned.base import FamilySpec, LearnedFamily
from eqdsl.learned.conv import CONVOLUTIONS
from eqdsl.learned.initial import amplify, start_hidden, start_last

DEFAULT_MODES = 12
DEFAULT_WIDTH = 32
LAYERS = 3


class Fno(LearnedFamily):
    """``v <- act(W v + F^-1(R F v))``, three times, between pointwise linear maps (Li et al., ICLR 2021).

    ``(B, inputs, *S) -> (B, outputs, *S)``. R multiplies the lowest modes along each axis by matrices, so the
    same weights are the same operator on any grid that resolves them; on a coarser one those it lacks are left out.
    Along a walled axis the field is continued as an even function about both walls, as slopes of 0 would have it.
    No coordinate is an input: shifted fields on a periodic domain give shifted results.

    Options: ``modes`` along each axis (default 12), channels ``width`` (default 32), ``act`` (default `gelu`).
    """

    whole = True

    def __init__(self, spec: FamilySpec) -> None:
        super().__init__()
        width = int(str(spec.options.get("width", DEFAULT_WIDTH)))
        modes = int(str(spec.options.get("modes", DEFAULT_MODES)))
        self.activation = activation(spec.options.get("act", "gelu"))
        self.periodic = spec.periodic or (True,) * spec.dimension
        layer = CONVOLUTIONS[spec.dimension]
        self.lift = layer(spec.inputs, width, 1)
        self.local = nn.ModuleList(layer(width, width, 1) for _ in range(LAYERS))
        self.spectral = nn.ModuleList(SpectralLayer(width, modes, spec.dimension) for _ in range(LAYERS))
        self.last = layer(width, spec.outputs, 1)
        start_hidden(self.lift, gain=1.0)
        for local in self.local:
            start_hidden(local, gain=self.activation.gain / math.sqrt(2))
        start_last(self.last)

    def amplify_start(self, factor: float) -> None:
        amplify(self.last, factor)

    def forward(self, inputs: Tensor) -> Tensor:
        value: Tensor = self.lift(inputs)
        for local, spectral in zip(self.local, self.spectral, strict=True):
            value = self.activation.function(local(value) + self._global(spectral, value))
        result: Tensor = self.last(value)
        return result

    def _global(self, spectral: nn.Module, value: Tensor) -> Tensor:
        sizes = value.shape[2:]
        for axis, periodic in enumerate(self.periodic, start=2):
            if not periodic:
                value = torch.cat([value, value.flip(axis)], dim=axis)
        result: Tensor = spectral(value)
        for axis, size in enumerate(sizes, start=2):
            result = result.narrow(axis, 0, size)
        return result


class SpectralLayer(nn.Module):
    """``F^-1(R F v)`` with a complex matrix R for each of the modes below `modes` along every axis."""

    def __init__(self, width: int, modes: int, dimension: int) -> None:
        super().__init__()
        self.modes = modes
        kept = (*(2 * modes - 1 for _ in range(dimension - 1)), modes)
        # Real and imaginary part apart, so that the module's precision is that of real numbers.
        self.weight = nn.Parameter(torch.randn(width, width, *kept, 2) / math.sqrt(2 * width))

    def forward(self, value: Tensor) -> Tensor:
        axes = tuple(range(2, value.ndim))
        # Divided by the number of points: a mode's size does not depend on the grid.
        spectrum = torch.fft.rfftn(value, dim=axes, norm="forward")
        weight = torch.view_as_complex(self.weight)
        places = []
        for axis in axes:
            kept = min(self.modes, (value.shape[axis] + 1) // 2)
            there = torch.arange(kept, device=value.device)
            if axis != axes[-1]:
                below = torch.arange(1 - kept, 0, device=value.device)
                weight = weight.index_select(axis, torch.cat([there, below + weight.shape[axis]]))
                there = torch.cat([there, below + spectrum.shape[axis]])
            else:
                weight = weight.index_select(axis, there)
            places.append(there)
        index = torch.meshgrid(*places, indexing="ij")
        product = torch.einsum("bi...,io...->bo...", spectrum[(slice(None), slice(None), *index)], weight)
        result = torch.zeros(
            value.shape[0], weight.shape[1], *spectrum.shape[2:], dtype=product.dtype, device=value.device
        )
        result = result.index_put((*_leading(result, len(places)), *(i[None, None] for i in index)), product)
        back: Tensor = torch.fft.irfftn(result, s=value.shape[2:], dim=axes, norm="forward")
        return back


def _leading(like: Tensor, axes: int) -> tuple[Tensor, Tensor]:
    """Indices of all rows and all channels that broadcast over `axes` more."""
    rows, channels = (torch.arange(n, device=like.device) for n in like.shape[:2])
    return rows.view(-1, 1, *(1,) * axes), channels.view(1, -1, *(1,) * axes)
