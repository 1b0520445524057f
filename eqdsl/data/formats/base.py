"""What a data format is: a way to recognise a file and to say where it keeps each name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import ClassVar

from eqdsl.data.inventory import Inventory
from eqdsl.data.mapping import Source


class DataFormat(ABC):
    """A layout of trajectories in an HDF5 file. One subclass per file of this folder, listed in `table.FORMATS`."""

    name: ClassVar[str]
    """Short name, as summaries show it."""

    @abstractmethod
    def recognises(self, inventory: Inventory, names: Iterable[str]) -> bool:
        """Whether the file is in this format, judged by names and shapes only.

        Parameters
        ----------
        inventory : Inventory
            What the file holds.
        names : iterable of str
            What the model would like to find: states, time, axes.
        """

    @abstractmethod
    def source(self, name: str, inventory: Inventory) -> Source:
        """Where this format keeps a name of the model; the dataset need not exist."""
