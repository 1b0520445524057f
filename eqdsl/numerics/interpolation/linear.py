"""``bilinear``: straight lines between neighbours. Weights are positive, so no new extrema are made."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from eqdsl.numerics.interpolation.base import Kernel


class Linear(Kernel):
    """``(1 - r) u_0 + r u_1``; order 2."""

    offsets = range(2)
    ghosts = 1

    def split(self, position: Tensor) -> tuple[Tensor, Tensor]:
        """The point below, and the way from it."""
        below = position.detach().floor()
        return below, position - below

    def weights(self, rest: Tensor, variance: Tensor | float) -> Sequence[Tensor]:
        """See the class."""
        return 1 - rest, rest


LINEAR = Linear()
