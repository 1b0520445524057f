"""A network of time and position for the states of each trajectory."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from eqdsl.fitting.collocation.cloud import Cloud
from eqdsl.lowering.points import Fields, derivative
from eqdsl.model.model import Model

WIDTH = 32
LAYERS = 3
"""Hidden layers; the first is of sines, which follow oscillations."""
FREQUENCY = 1.5
"""Spread of the first layer's frequencies, in radians over half of the time or of an axis."""
HARMONICS = 3
"""Periods of a periodic axis that enter."""


class StateNetworks(nn.Module):
    """``fields(rows)(points)``: functions of time and position, smooth, periodic where the axis is.

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

    def fields(self, rows: Tensor) -> Fields:
        """The states of trajectories (W,) as functions of points (W, n, 1 + D)."""
        return NetworkFields(self, rows)

    def at(self, rows: Tensor, points: Tensor) -> Tensor:
        """The states of trajectories (W,) at points (W, n, 1 + D), shape (W, n, P)."""
        return self.jet(rows, points, 0, 0)[0]

    def jet(self, rows: Tensor, points: Tensor, along: int, order: int) -> list[Tensor]:
        """The states and their derivatives up to an order of 2 along a coordinate, each (W, n, P).

        One pass carries them together, ``s(z)' = s'(z) z'`` and ``s(z)'' = s''(z) z'^2 + s'(z) z''``: an eighth of the
        time of nested forward mode.
        """
        found = self._network(rows, points, along, order)
        if not bool(self.varies.all()):
            # A plain variable does not see the position.
            still = torch.cat([points[..., :1], torch.zeros_like(points[..., 1:])], dim=-1)
            plain = self._network(rows, still, along, order if along == 0 else 0)
            plain += [torch.zeros_like(plain[0])] * (order + 1 - len(plain))
            found = [torch.where(self.varies, one, other) for one, other in zip(found, plain, strict=True)]
        return found

    def _network(self, rows: Tensor, points: Tensor, along: int, order: int) -> list[Tensor]:
        jet = self._features(rows, points, along, order)
        for number, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            own = weight[rows]
            jet = [torch.bmm(part, own) for part in jet]
            jet[0] = jet[0] + bias[rows]
            if number < LAYERS:
                jet = _activated(jet, sine=number == 0)
        return [self.scale * part + (self.centre if k == 0 else 0.0) for k, part in enumerate(jet)]

    def _features(self, rows: Tensor, points: Tensor, along: int, order: int) -> list[Tensor]:
        """What the first layer sees, and its derivatives."""
        begin, span = (b[rows].to(points)[:, None] for b in (self.begin, self.span))
        columns = [_line(2 * (points[..., 0] - begin) / span - 1, 2 / span, along == 0)]
        for axis, (lower, length, periodic) in enumerate(self.axes, start=1):
            share = (points[..., axis] - lower) / length
            if not periodic:
                columns.append(_line(2 * share - 1, torch.full_like(share, 2 / length), along == axis))
                continue
            for harmonic in range(1, HARMONICS + 1):
                # Higher ones start small: a first guess that oscillates has to be unlearned.
                rate, size = 2 * math.pi * harmonic / length, 1 / harmonic**2
                sine, cosine = (size * f(2 * math.pi * harmonic * share) for f in (torch.sin, torch.cos))
                move = rate if along == axis else 0.0
                columns.append([sine, move * cosine, -(move**2) * sine])
                columns.append([cosine, -move * sine, -(move**2) * cosine])
        return [torch.stack([c[k] for c in columns], dim=-1) for k in range(order + 1)]


class NetworkFields(Fields):
    """Networks of some trajectories, which differentiate themselves where they can."""

    def __init__(self, networks: StateNetworks, rows: Tensor) -> None:
        super().__init__(lambda points: networks.at(rows, points))
        self.networks, self.rows = networks, rows

    def derivative(self, at: Tensor, along: tuple[int, ...]) -> Tensor:
        """All states differentiated; a derivative that is mixed or of order 3 by forward mode from one of order 2."""
        first = along[: 2 if len(set(along[:2])) < 2 else 1]
        order = len(first)

        def begun(points: Tensor) -> Tensor:
            return self.networks.jet(self.rows, points, first[0] if first else 0, order)[order]

        return derivative(begun, at, along[order:])


def _line(value: Tensor, slope: Tensor, moves: bool) -> list[Tensor]:
    nothing = torch.zeros_like(value)
    return [value, slope.expand_as(value) if moves else nothing, nothing]


def _activated(jet: list[Tensor], *, sine: bool) -> list[Tensor]:
    """An activation of a value and its derivatives."""
    value = torch.sin(jet[0]) if sine else torch.tanh(jet[0])
    found = [value]
    if len(jet) > 1:
        slope = torch.cos(jet[0]) if sine else 1 - value * value
        found.append(slope * jet[1])
    if len(jet) > 2:
        bend = -value if sine else -2 * value * slope
        found.append(bend * jet[1] * jet[1] + slope * jet[2])
    return found
