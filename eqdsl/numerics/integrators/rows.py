"""Trajectories of which each has its own time and step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Rows:
    """Trajectories on their way through an output interval, from `start` to ``start + length``; all (b,) but two.

    Parameters
    ----------
    index : Tensor
        Which trajectories of the batch.
    state, rate : Tensor, shape (b, *S)
    reached, step : Tensor
        Local time, and the next step.
    error : Tensor
        Of the last step whose length was the controller's choice, in units of the tolerance.
    rejected, undefined : Tensor of bool
        The last step was; a step of this interval met a value that is not finite.
    steps : Tensor of int
        Taken so far.
    first_size, ceiling : Tensor
        Largest magnitude when it was first not zero; see `limits.ceiling`.
    """

    index: Tensor
    state: Tensor
    rate: Tensor | None
    start: Tensor
    length: Tensor
    reached: Tensor
    step: Tensor
    error: Tensor
    rejected: Tensor
    undefined: Tensor
    steps: Tensor
    first_size: Tensor
    ceiling: Tensor

    def take(self, chosen: Tensor) -> Rows:
        """Some of them."""
        values = (getattr(self, f.name) for f in fields(self))
        return Rows(*(None if v is None else v[chosen] for v in values))  # type: ignore[arg-type]

    @property
    def on_the_way(self) -> Tensor:
        """Which have not reached the output time."""
        return self.reached < self.length


def joined(parts: Sequence[Rows]) -> Rows:
    """Parts of a batch in the order of the batch."""
    order = torch.cat([part.index for part in parts]).argsort()
    columns = ([getattr(part, f.name) for part in parts] for f in fields(Rows))
    return Rows(*(None if c[0] is None else torch.cat(c)[order] for c in columns))  # type: ignore[arg-type]


def chosen(condition: Tensor, yes: Tensor, no: Tensor) -> Tensor:
    """``yes`` for the rows where a condition (b,) holds, ``no`` elsewhere."""
    if bool(condition.all()):
        return yes
    return torch.where(condition.reshape(-1, *(1,) * (yes.ndim - 1)), yes, no)
