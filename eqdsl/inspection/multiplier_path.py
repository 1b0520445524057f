"""The path of the multiplier, the weight of the misfit against the norm of the learned terms, over the epochs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eqdsl.inspection.wording import short


@dataclass(frozen=True)
class MultiplierPath:
    """Epochs and the multiplier after each of them; at least one."""

    epochs: tuple[int, ...]
    values: tuple[float, ...]

    def as_json(self) -> dict[str, object]:
        """The path, and its start, end and range."""
        return {
            "start": self.values[0],
            "end": self.values[-1],
            "lowest": min(self.values),
            "highest": max(self.values),
            "epochs": list(self.epochs),
            "values": list(self.values),
        }

    def as_sentence(self) -> str:
        """Start, end and range in words."""
        first, last = short(self.values[0]), short(self.values[-1])
        lowest, highest = short(min(self.values)), short(max(self.values))
        return (
            f"{first} after epoch {self.epochs[0]}, {last} after epoch {self.epochs[-1]}, between {lowest} and "
            f"{highest} on the way: the weight of the misfit against the norm of the learned terms"
        )


def multiplier_path(history: Sequence[Mapping[str, object]]) -> MultiplierPath | None:
    """The path in a run's history; None where no row holds one.

    Parameters
    ----------
    history : sequence of mapping
        Rows of ``history.csv``.
    """
    found = [
        (int(epoch), float(value))
        for epoch, value in ((row.get("epoch"), row.get("multiplier")) for row in history)
        if isinstance(epoch, int | float) and isinstance(value, int | float) and math.isfinite(value)
    ]
    return MultiplierPath(*zip(*found, strict=True)) if found else None
