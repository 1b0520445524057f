"""Scattered points: times, coordinates and states as datasets of one shape, ``(trajectory, point)``."""

from __future__ import annotations

from collections.abc import Iterable

from eqdsl.data.formats.base import DataFormat
from eqdsl.data.inventory import Inventory
from eqdsl.data.mapping import Source


class PointsFormat(DataFormat):
    """``t``, ``x``, ``y``, ``u`` with one number for each measured point; a vector has one axis more."""

    name = "points"

    def recognises(self, inventory: Inventory, names: Iterable[str]) -> bool:
        """Whether all these datasets (the time and the axes) have two axes and one shape."""
        found = [inventory.datasets.get(name) for name in names]
        shapes = {info.shape for info in found if info is not None}
        return bool(found) and None not in found and len(shapes) == 1 and len(min(shapes)) == 2

    def source(self, name: str, inventory: Inventory) -> Source:
        """The dataset of that name."""
        return Source(name)
