"""A network of time and position for the states of each trajectory."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from eqdsl.fitting.collocation.cloud import Cloud
from eqdsl.model.model import Model

WIDTH = 48
LAYERS = 3
"""Hidden layers; the first is of sines, which follow oscillations."""
FREQUENCY = 3.0
"""Spread of the first layer's frequencies, in radians over half of the time or of an axis."""
HARMONICS = 3
"""Periods of a periodic axis that enter."""


class StateNetworks(nn.Module):
    """``states(rows)(points)``: functions of time and position, smooth, periodic where the axis is.

    Parameters
    ----------
    model : Model
    cloud : Cloud
        Of the training trajectories; sets the range of times, and the mean and deviation of each state.
    seed : int
    """

    begin: Tensor
    span: Tensor
    centre: Tensor
    scale: Tensor
    varies: Tensor

    def __init__(self, model: Model, cloud: Cloud, seed: int) -> None:
        super().__init__()
        self.axes = [(axis.lower, axis.upper - axis.lower, axis.periodic) for axis in model.axes]
        generator = torch.Generator().manual_seed(seed)
        rows, outputs = cloud.values.shape[0], cloud.values.shape[2]
        inputs = 1 + sum(2 * HARMONICS if periodic else 1 for _, _, periodic in self.axes)
        sizes = [inputs, *[WIDTH] * LAYERS, outputs]
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for number, (fan_in, fan_out) in enumerate(pairwise(sizes)):
            gain = FREQUENCY if number == 0 else 1.0
            spread = gain / math.sqrt(fan_in if number else 1)
            weight = spread * torch.randn(rows, fan_in, fan_out, generator=generator)
            bias = math.pi * (2 * torch.rand(rows, 1, fan_out, generator=generator) - 1) * (number == 0)
            for group, tensor in ((self.weights, weight), (self.biases, bias)):
                group.append(nn.Parameter(tensor.to(cloud.values)))
        known = cloud.known.sum((0, 1)).clamp(min=1)
        centre = (cloud.values * cloud.known).sum((0, 1)) / known
        variance = ((cloud.values - centre).square() * cloud.known).sum((0, 1)) / known
        span = cloud.end - cloud.begin
        positions = [c for c in model.channels if not c.velocity]
        for name, buffer in (
            ("begin", cloud.begin), ("span", torch.where(span > 0, span, 1.0)), ("centre", centre),
            ("scale", torch.where(variance > 0, variance.sqrt(), 1.0)),
            ("varies", torch.tensor([not c.uniform for c in positions], device=centre.device)),
        ):  # fmt: skip
            self.register_buffer(name, buffer, persistent=False)

    def at(self, rows: Tensor, points: Tensor) -> Tensor:
        """The states of trajectories (W,) at points (W, n, 1 + D), shape (W, n, P)."""
        values = self._network(rows, points)
        if not bool(self.varies.all()):
            # A plain variable does not see the position.
            still = torch.cat([points[..., :1], torch.zeros_like(points[..., 1:])], dim=-1)
            values = torch.where(self.varies, values, self._network(rows, still))
        return values

    def _network(self, rows: Tensor, points: Tensor) -> Tensor:
        begin, span = (b[rows].to(points)[:, None] for b in (self.begin, self.span))
        features = [2 * (points[..., 0] - begin) / span - 1]
        for axis, (lower, length, periodic) in enumerate(self.axes, start=1):
            share = (points[..., axis] - lower) / length
            if not periodic:
                features.append(2 * share - 1)
                continue
            for harmonic in range(1, HARMONICS + 1):
                angle = 2 * math.pi * harmonic * share
                # Higher ones start small: a first guess that oscillates has to be unlearned.
                features += [torch.sin(angle) / harmonic, torch.cos(angle) / harmonic]
        values = torch.stack(features, dim=-1)
        for number, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            values = torch.bmm(values, weight[rows]) + bias[rows]
            if number == 0:
                values = torch.sin(values)
            elif number < LAYERS:
                values = torch.tanh(values)
        return self.centre + self.scale * values
