"""Which environment each row of a batch belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import torch
from torch import Tensor


class MemberRows:
    """The member of each row: one for all rows (R = 1), or one for each.

    Parameters
    ----------
    numbers : sequence of int
        Members counted from 0, shape (R,).
    device : torch.device
        Of `index`.
    """

    def __init__(self, numbers: Sequence[int], device: torch.device | str = "cpu") -> None:
        self.numbers = tuple(int(n) for n in numbers)
        self.index = torch.tensor(self.numbers, dtype=torch.int64, device=device)

    def __len__(self) -> int:
        return len(self.numbers)

    def select(self, rows: Tensor) -> MemberRows:
        """Those of some rows."""
        if len(self) == 1:
            return self
        return MemberRows([self.numbers[row] for row in rows.tolist()], self.index.device)

    def to(self, device: torch.device) -> MemberRows:
        """The same on a device."""
        return self if device == self.index.device else MemberRows(self.numbers, device)

    @cached_property
    def present(self) -> tuple[int, ...]:
        """The members that have rows, in order."""
        return tuple(sorted(set(self.numbers)))

    @cached_property
    def blocks(self) -> tuple[Tensor, ...]:
        """Rows of each member that is present."""
        return tuple(torch.nonzero(self.index == member).reshape(-1) for member in self.present)

    @cached_property
    def slots(self) -> Tensor | None:
        """Rows by member, ``(members, most)``, short ones repeating their last row; None if these are all in order."""
        most = max(len(block) for block in self.blocks)
        table = torch.stack([torch.cat([b, b[-1:].expand(most - len(b))]) for b in self.blocks])
        natural = table.numel() == len(self) and bool((table.reshape(-1) == torch.arange(len(self)).to(table)).all())
        return None if natural else table

    @cached_property
    def back(self) -> Tensor:
        """Where each row stands in `slots`, flattened."""
        assert self.slots is not None
        place = torch.empty(len(self), dtype=torch.int64, device=self.index.device)
        for number, block in enumerate(self.blocks):
            place[block] = number * self.slots.shape[1] + torch.arange(len(block), device=place.device)
        return place
