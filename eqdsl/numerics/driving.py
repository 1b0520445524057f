"""Values that drive a vector field, interpolated in time: the data's own times decide, in float64."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

INSIDE = 1e-6
"""Share of a step by which a time on one of its ends counts as inside: there a held value is that of the step."""


@dataclass(frozen=True)
class Series:
    """Values of one row for all trajectories (R = 1), or one for each.

    Parameters
    ----------
    values : Tensor, shape (R, T, *S), or (R, *S) without times
    times : Tensor, shape (1 | R, T), float64, optional
    rule : str
        ``linear``; ``hold``, the last value; ``cubic``, Hermite cubics with the slopes of the parabola through three
        neighbours (Catmull & Rom 1974 on equal spacings), exact for parabolas. Outside the times the ends hold.
    """

    values: Tensor
    times: Tensor | None = None
    rule: str = "linear"

    @property
    def rows(self) -> int:
        """R."""
        return max(len(self.values), 1 if self.times is None else len(self.times))

    def select(self, index: Tensor) -> Series:
        """Rows of some trajectories."""
        index = index.to(self.values.device)
        times = self.times[index] if self.times is not None and len(self.times) > 1 else self.times
        return replace(self, values=self.values[index] if len(self.values) > 1 else self.values, times=times)

    def to(self, like: Tensor) -> Series:
        """In a dtype and on a device; times stay float64."""
        times = None if self.times is None else self.times.to(like.device)
        return replace(self, values=self.values.to(like), times=times)

    def at(self, t: Tensor, *, rate: bool = False) -> Tensor:
        """Values, or their derivative in time, at a time for all () or one for each trajectory (b,): (1 | b, *S)."""
        values = self.values
        if self.times is None or values.shape[1] == 1:
            constant = values if self.times is None else values[:, 0]
            return torch.zeros_like(constant) if rate else constant
        when = torch.minimum(torch.maximum(t.reshape(-1), self.times[:, 0]), self.times[:, -1])
        place = self._place(when)
        if self.rule == "hold":
            held = torch.where(when >= self.times[:, -1], place + 1, place)
            return torch.zeros_like(self._taken(values, held)) if rate else self._taken(values, held)
        start, end = self._knot(place), self._knot(place + 1)
        length = end - start
        share, low, high = (when - start) / length, self._taken(values, place), self._taken(values, place + 1)
        if self.rule == "linear":
            difference = high - low
            return difference * _shaped(1.0 / length, low) if rate else torch.lerp(low, high, _shaped(share, low))
        before, after = self._slope(place) * _shaped(length, low), self._slope(place + 1) * _shaped(length, low)
        s, change = _shaped(share, low), high - low
        bend, twist = 3 * change - 2 * before - after, before + after - 2 * change
        if rate:
            return (before + s * (2 * bend + 3 * s * twist)) * _shaped(1.0 / length, low)
        return low + s * (before + s * (bend + s * twist))

    def _place(self, when: Tensor) -> Tensor:
        """Number of the knot at or before each time, (b,), never the last."""
        assert self.times is not None
        knots = self.times.detach().contiguous()
        if len(knots) == 1:
            found = torch.searchsorted(knots[0], when.detach(), right=True)
        else:
            found = torch.searchsorted(
                knots, when.detach().reshape(-1, 1).expand(len(knots), 1).contiguous(), right=True
            )
        return (found.reshape(-1) - 1).clamp(0, knots.shape[1] - 2)

    def _knot(self, place: Tensor) -> Tensor:
        assert self.times is not None
        return self._taken(self.times, place)

    def _taken(self, values: Tensor, place: Tensor) -> Tensor:
        """``values[row, place[row]]``; either may have one row for all."""
        if len(values) == 1:
            return values[0, place]
        return values[torch.arange(len(values), device=values.device), place.expand(len(values))]

    def _slope(self, place: Tensor) -> Tensor:
        """Derivative at a knot of the parabola through it and its neighbours; at an end, through the nearest three."""
        assert self.times is not None
        last = self.values.shape[1] - 1
        if last == 1:
            step = _shaped(self._knot(place * 0 + 1) - self._knot(place * 0), self._taken(self.values, place))
            return (self._taken(self.values, place * 0 + 1) - self._taken(self.values, place * 0)) / step
        middle = place.clamp(1, last - 1)
        t0, t1, t2 = (self._knot(middle + k) for k in (-1, 0, 1))
        v0, v1, v2 = (self._taken(self.values, middle + k) for k in (-1, 0, 1))
        back, forth, t = (v1 - v0) / _shaped(t1 - t0, v0), (v2 - v1) / _shaped(t2 - t1, v0), self._knot(place)
        return back + (forth - back) * _shaped((2 * t - t0 - t1) / (t2 - t0), v0)


def _shaped(factor: Tensor, values: Tensor) -> Tensor:
    """A factor per row in the shape and dtype that multiplies the values."""
    return factor.to(values.dtype).reshape(-1, *(1,) * (values.ndim - 1))


@dataclass(frozen=True)
class Driving:
    """Everything that drives a vector field, by name. Immutable: selections are new objects.

    Parameters
    ----------
    series : mapping of str to Series
    begin, end : Tensor, float64, optional
        The step that is being taken, () or (b,).
    """

    series: Mapping[str, Series]
    begin: Tensor | None = None
    end: Tensor | None = None

    @property
    def rows(self) -> int:
        """Trajectories that it is for; 1 for any number."""
        return max((s.rows for s in self.series.values()), default=1)

    def select(self, index: Tensor) -> Driving:
        """What drives some of the trajectories."""
        return Driving({name: series.select(index) for name, series in self.series.items()})

    def to(self, like: Tensor) -> Driving:
        """In a dtype and on a device."""
        return replace(self, series={name: series.to(like) for name, series in self.series.items()})

    def inside(self, begin: Tensor, end: Tensor) -> Driving:
        """For the stages of a step: a jump or a kink on its end is not seen by it.

        So a method keeps its order where steps end on the data's times.
        """
        margin = INSIDE * (end - begin)
        return replace(self, begin=begin + margin, end=end - margin)

    def at(self, name: str, t: Tensor, *, rate: bool = False) -> Tensor:
        """A value or its derivative in time; t in float64, () or (b,)."""
        series = self.series[name]
        smooth = series.rule != "hold" and not rate
        if self.begin is not None and self.end is not None and not smooth:
            t = torch.minimum(torch.maximum(t, self.begin.to(t.device)), self.end.to(t.device))
        return series.at(t, rate=rate)
