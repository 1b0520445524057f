"""Evaluates the sums that `constraints.compile_output` writes down: one call of the family for all places."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from eqdsl.learned.constraints import Contribution, Factors, Place


class Combination(nn.Module):
    """Free values of all outputs from the family's values at the places their sums name.

    Places that do not depend on the inputs (``f(0)`` of one input) are evaluated at one point only.

    Parameters
    ----------
    inputs : int
    sums : sequence of tuples of Contribution
        One per output.
    channel_axis : int
        Axis of the inputs in the input tensor: -1 pointwise, 1 for a neighbourhood.
    """

    factors: Tensor
    offsets: Tensor
    points: Tensor

    def __init__(self, inputs: int, sums: Sequence[tuple[Contribution, ...]], channel_axis: int) -> None:
        super().__init__()
        self.sums = tuple(sums)
        self.channel_axis = channel_axis
        places = list(dict.fromkeys(c.source for s in self.sums for c in s if isinstance(c.source, Place)))
        self.moving = [p for p in places if not p.constant]
        self.fixed = [p for p in places if p.constant]
        self.unmoved = [(set(p.factor), set(p.offset)) for p in self.moving] == [({1.0}, {0.0})]
        self.register_buffer("factors", _rows([p.factor for p in self.moving], inputs), persistent=False)
        self.register_buffer("offsets", _rows([p.offset for p in self.moving], inputs), persistent=False)
        self.register_buffer("points", _rows([p.offset for p in self.fixed], inputs), persistent=False)

    def forward(
        self,
        inputs: Tensor,
        family: Callable[[Tensor], Tensor],
        free_value: Callable[[int, float], Tensor],
        centre: Callable[[int], Tensor],
        width: int,
    ) -> list[Tensor]:
        """One tensor of free values per output.

        Parameters
        ----------
        inputs : Tensor
            Physical inputs.
        family : callable
            Dimensionless outputs at physical inputs, both in the layout of `inputs`.
        free_value : callable
            Free value of an output number that stands for a pinned physical value.
        centre : callable
            Values of one physical input at the points of the result.
        width : int
            Points of a neighbourhood along each axis, 1 pointwise.
        """
        at = self._at_places(inputs, family, width)
        results = []
        for output, contributions in enumerate(self.sums):
            total: Tensor | float = 0.0
            for c in contributions:
                if isinstance(c.source, Place):
                    value = at[c.source].select(self.channel_axis, output)
                else:
                    value = free_value(output, c.source)
                weighted = c.coefficient * value if c.coefficient != 1.0 else value
                total = total + _product(weighted, c.factors, centre)
            results.append(torch.as_tensor(total))
        return results

    def _at_places(self, inputs: Tensor, family: Callable[[Tensor], Tensor], width: int) -> dict[Place, Tensor]:
        if self.channel_axis == -1:
            return self._at_points(inputs, family)
        values: dict[Place, Tensor] = {}
        if self.moving:
            # A neighbourhood family knows one batch axis: the copies go in front of the trajectories there.
            copies = self._copies(inputs)
            outputs = family(copies.flatten(0, 1))
            parts = outputs.reshape(*copies.shape[:2], *outputs.shape[1:])
            values.update(zip(self.moving, parts.unbind(0), strict=True))
        if self.fixed:
            axes = inputs.ndim - 2
            points = self.points.view(*self.points.shape, *(1,) * axes).expand(*self.points.shape, *(width,) * axes)
            outputs = family(points)
            values.update((p, outputs[i : i + 1]) for i, p in enumerate(self.fixed))
        return values

    def _at_points(self, inputs: Tensor, family: Callable[[Tensor], Tensor]) -> dict[Place, Tensor]:
        """All places of a pointwise family in one call: small systems pay by the call, not by the point."""
        copies = self._copies(inputs)
        rows = torch.cat([copies.flatten(0, -2), self.points]) if self.fixed else copies
        outputs = family(rows)
        moved = outputs[: len(outputs) - len(self.fixed)] if self.fixed else outputs
        parts = moved.reshape(*copies.shape[:-1], moved.shape[-1]).unbind(0)
        values = dict(zip(self.moving, parts, strict=True))
        values.update((p, outputs[i - len(self.fixed)]) for i, p in enumerate(self.fixed))
        return values

    def _copies(self, inputs: Tensor) -> Tensor:
        """The inputs at every moving place, ``(places, *inputs.shape)``."""
        copies = inputs.unsqueeze(0)
        if self.unmoved:
            return copies
        shape = self._shape(inputs)
        return copies * self.factors.view(shape) + self.offsets.view(shape)

    def _shape(self, inputs: Tensor) -> tuple[int, ...]:
        """Shape that sets (copies, inputs) against ``(copies, *inputs.shape)``."""
        ones = [1] * inputs.ndim
        ones[self.channel_axis] = -1
        return (len(self.moving), *ones)


def _product(value: Tensor, factors: Factors, centre: Callable[[int], Tensor]) -> Tensor:
    for number, root, width in factors:
        value = value * ((centre(number) - root) / width)
    return value


def _rows(rows: Sequence[tuple[float, ...]], inputs: int) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64).reshape(len(rows), inputs)
