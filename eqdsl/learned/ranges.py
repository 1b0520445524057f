"""Ranges by construction: an increasing map from the whole line onto the range, one per output.

A map sends a free value h of order one to the physical output; `scale` is the output scale s. Where the function is
pinned to an *end* of its range, which no h reaches, a gate that is zero there multiplies the distance from that end.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from eqdsl.model.learned_terms import Range
from eqdsl.model.model import INF

START = 0.05
"""Where a bounded output starts, as a distance from its end in output scales: near zero output, but with gradients."""

STEEPEST = 4.0
"""Largest slope of the argument of a two-sided range; a scale far above the width would make the start a cliff."""

SATURATED = 80.0
"""Beyond it a sigmoid is 0 or 1 in every precision; kept finite so that gates never meet 0/0."""

LINEAR = 40.0
"""Beyond it ``softplus(h) = h`` in float64; torch's own switch at 20 is a jump of 2e-9."""


class OutputRange(ABC):
    """What one output may be."""

    @abstractmethod
    def physical(self, free: Tensor, scale: Tensor, low_gate: Tensor | None, high_gate: Tensor | None) -> Tensor:
        """The output at free values; it lies on the lower (upper) end where `low_gate` (`high_gate`) is zero."""

    @abstractmethod
    def free(self, value: float, scale: Tensor) -> Tensor:
        """The free value that gives a physical value strictly inside the range (gates being 1)."""


@dataclass(frozen=True, slots=True)
class Unbounded(OutputRange):
    """``s*h``."""

    def physical(self, free: Tensor, scale: Tensor, low_gate: Tensor | None, high_gate: Tensor | None) -> Tensor:
        return free * scale

    def free(self, value: float, scale: Tensor) -> Tensor:
        return value / scale


@dataclass(frozen=True, slots=True)
class AtLeast(OutputRange):
    """``lower + s*gate*softplus(h + o)``; o starts the output near zero."""

    lower: float

    def physical(self, free: Tensor, scale: Tensor, low_gate: Tensor | None, high_gate: Tensor | None) -> Tensor:
        distance = functional.softplus(free + _offset(-self.lower, scale), threshold=LINEAR)
        return self.lower + scale * (distance if low_gate is None else low_gate * distance)

    def free(self, value: float, scale: Tensor) -> Tensor:
        return _inverse_softplus((value - self.lower) / scale) - _offset(-self.lower, scale)


@dataclass(frozen=True, slots=True)
class AtMost(OutputRange):
    """``upper - s*gate*softplus(o - h)``; o starts the output near zero."""

    upper: float

    def physical(self, free: Tensor, scale: Tensor, low_gate: Tensor | None, high_gate: Tensor | None) -> Tensor:
        distance = functional.softplus(_offset(self.upper, scale) - free, threshold=LINEAR)
        return self.upper - scale * (distance if high_gate is None else high_gate * distance)

    def free(self, value: float, scale: Tensor) -> Tensor:
        return _offset(self.upper, scale) - _inverse_softplus((self.upper - value) / scale)


@dataclass(frozen=True, slots=True)
class Between(OutputRange):
    """``lower + (upper - lower)*m`` with ``m = p L/(p L + (1 - p) U)``, p = sigmoid(r h + o), gates L and U."""

    lower: float
    upper: float

    def physical(self, free: Tensor, scale: Tensor, low_gate: Tensor | None, high_gate: Tensor | None) -> Tensor:
        argument = free * self._rate(scale) + self._start()
        if low_gate is None and high_gate is None:
            share = torch.sigmoid(argument)
        else:
            argument = argument.clamp(-SATURATED, SATURATED)
            up, down = torch.sigmoid(argument), torch.sigmoid(-argument)
            up = up if low_gate is None else up * low_gate
            down = down if high_gate is None else down * high_gate
            share = up / (up + down)
        return (self.lower + (self.upper - self.lower) * share).clamp(self.lower, self.upper)

    def free(self, value: float, scale: Tensor) -> Tensor:
        share = scale.new_full((), (value - self.lower) / (self.upper - self.lower))
        return (torch.logit(share) - self._start()) / self._rate(scale)

    def _rate(self, scale: Tensor) -> Tensor:
        """Makes the slope of the output in h about s, as without a range."""
        return (4.0 * scale / (self.upper - self.lower)).clamp(max=STEEPEST)

    def _start(self) -> float:
        share = min(max(-self.lower / (self.upper - self.lower), START), 1.0 - START)
        return math.log(share / (1.0 - share))


def output_range(limits: Range | None) -> OutputRange:
    """The map of a range; unbounded where there is none."""
    if limits is None or (limits.lower, limits.upper) == (-INF, INF):
        return Unbounded()
    if limits.upper == INF:
        return AtLeast(limits.lower)
    if limits.lower == -INF:
        return AtMost(limits.upper)
    return Between(limits.lower, limits.upper)


def _offset(distance_to_zero: float, scale: Tensor) -> Tensor:
    return _inverse_softplus((distance_to_zero / scale).clamp(min=START))


def _inverse_softplus(value: Tensor) -> Tensor:
    """``log(e^y - 1)`` without overflow."""
    return value + torch.log(-torch.expm1(-value))
