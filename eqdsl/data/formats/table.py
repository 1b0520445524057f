"""The formats that are tried, in this order."""

from __future__ import annotations

from collections.abc import Iterable

from eqdsl.data.formats.base import DataFormat
from eqdsl.data.formats.native import NativeFormat
from eqdsl.data.inventory import Inventory

NATIVE: DataFormat = NativeFormat()
FORMATS: tuple[DataFormat, ...] = (NATIVE,)


def sniff(inventory: Inventory, names: Iterable[str]) -> DataFormat | None:
    """The first format that recognises the file, or None."""
    wanted = tuple(names)
    return next((f for f in FORMATS if f.recognises(inventory, wanted)), None)
