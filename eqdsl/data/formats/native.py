"""The native layout: every name of the model is a dataset of that name."""

from __future__ import annotations

from collections.abc import Iterable

from eqdsl.data.formats.base import DataFormat
from eqdsl.data.inventory import Inventory
from eqdsl.data.mapping import Source

LAYOUT_ATTRIBUTE = "eqdsl_layout"
"""Root attribute with the version of the layout, on files that eqdsl wrote."""
LAYOUT_VERSION = 1
TRAJECTORY = "trajectory"
COMPONENT = "component"
TIME = "t"


class NativeFormat(DataFormat):
    """States ``(trajectory, time, *axes)``, a vector one axis more; times ``(time,)`` or ``(trajectory, time)``."""

    name = "native"

    def recognises(self, inventory: Inventory, names: Iterable[str]) -> bool:
        """True for a file of eqdsl's own, or one with any of the names at its root."""
        return LAYOUT_ATTRIBUTE in inventory.root_attributes or any(name in inventory.datasets for name in names)

    def source(self, name: str, inventory: Inventory) -> Source:
        """The dataset of that name."""
        return Source(name)
