"""``upwind(1)``, ``upwind(3)``, ``upwind(5)``: linear, one cell more upwind than downwind.

The mean of a polynomial over each cell is given; its value on the face follows. Differences of these states are the
upwind-biased derivatives of that order, at the cells' centres too.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from eqdsl.numerics.ghosts import combine
from eqdsl.numerics.reconstruction.base import Reconstruction


class Upwind(Reconstruction):
    """A weighted sum of cells.

    Parameters
    ----------
    weights : tuple of float
        From far upwind to downwind; their sum is 1.
    """

    def __init__(self, weights: tuple[float, ...]) -> None:
        self.weights = weights
        self.ghosts = (len(weights) + 1) // 2

    def biased(self, cells: Sequence[Tensor], axis: int) -> Tensor:
        """The weighted sum."""
        return combine(list(cells), self.weights)


UPWIND1 = Upwind((1.0,))
UPWIND3 = Upwind((-1 / 6, 5 / 6, 2 / 6))
UPWIND5 = Upwind((2 / 60, -13 / 60, 47 / 60, 27 / 60, -3 / 60))
