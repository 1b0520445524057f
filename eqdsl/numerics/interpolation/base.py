"""What a kernel is: the weights of the points around a place, one axis at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor


class Kernel(ABC):
    """Weights along one axis, differentiable in the place; those of several axes are multiplied.

    Attributes
    ----------
    offsets : range
        Points that count, from the one that `split` names.
    ghosts : int
        Points that it reads beyond a place on the grid's end.
    """

    offsets: range
    ghosts: int

    @abstractmethod
    def split(self, position: Tensor) -> tuple[Tensor, Tensor]:
        """The point (an integer) that a place belongs to, and the rest; both in spacings."""

    @abstractmethod
    def weights(self, rest: Tensor, variance: Tensor | float) -> Sequence[Tensor]:
        """The weight of the point at each offset; `variance` in squared spacings, for kernels that spread."""
