"""``bicubic``: Lagrange's cubic through the four nearest points along each axis."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from eqdsl.numerics.interpolation.base import Kernel


class Cubic(Kernel):
    """Order 4. Repeated at any displacement no mode grows (Falcone & Ferretti, SIAM J. Numer. Anal. 35, 1998)."""

    offsets = range(-1, 3)
    ghosts = 2

    def split(self, position: Tensor) -> tuple[Tensor, Tensor]:
        """The point below, and the way from it."""
        below = position.detach().floor()
        return below, position - below

    def weights(self, rest: Tensor, variance: Tensor | float) -> Sequence[Tensor]:
        """Lagrange's polynomials on -1, 0, 1, 2."""
        r, below, above, far = rest, rest + 1, rest - 1, rest - 2
        return -r * above * far / 6, below * above * far / 2, -below * r * far / 2, below * r * above / 6


CUBIC = Cubic()
