"""What a reconstruction is: the state on a face, seen from its left and from its right."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor

LEFT, RIGHT = 0, 1
"""Sides of a face from which a state is reconstructed: the lower and the upper end of the axis."""


Bounds = tuple[float, float]
"""Lower and upper; an infinite one is none."""


class Reconstruction(ABC):
    """One-sided states on the faces along one axis, differentiable, without in-place writes.

    Attributes
    ----------
    ghosts : int
        Ghost cells on each end of the axis: n cells with that many ghosts have n + 1 faces with states on both sides.
    """

    ghosts: int

    @abstractmethod
    def biased(self, cells: Sequence[Tensor], axis: int) -> Tensor:
        """The state on the face behind the middle cell.

        Parameters
        ----------
        cells : sequence of Tensor
            ``2*ghosts - 1`` of them, from far upwind to downwind; each holds this cell of every face.
        axis : int
            Dimension along which the faces lie.
        """

    def state(self, u: Tensor, axis: int, side: int, bounds: Bounds | None = None) -> Tensor:
        """The states of all faces from one side; `u` has `ghosts` more cells on each end of `axis`.

        `bounds` are those that the law keeps, for reconstructions that are limited to them.
        """
        faces = u.shape[axis] - 2 * self.ghosts + 1
        cells = [u.narrow(axis, k, faces) for k in range(2 * self.ghosts)]
        # Seen from the right, the same formula reads the cells the other way round.
        return self.biased(cells[:-1] if side == LEFT else cells[:0:-1], axis)
