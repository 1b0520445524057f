"""``tvd(minmod)`` and its sisters: straight lines in cells, their slopes limited so that no extremum is made.

Sources: B. van Leer, *Towards the ultimate conservative difference scheme V*, J. Comput. Phys. 32 (1979); P. K. Sweby,
*High resolution schemes using flux limiters*, SIAM J. Numer. Anal. 21 (1984). A limiter takes the differences a, b to
both neighbours and gives the slope; it is 0 where they have different signs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from eqdsl.numerics.reconstruction.base import Reconstruction

Limiter = Callable[[Tensor, Tensor], Tensor]


def _smaller(a: Tensor, b: Tensor) -> Tensor:
    return torch.where(a.abs() <= b.abs(), a, b)


def _larger(a: Tensor, b: Tensor) -> Tensor:
    return torch.where(a.abs() >= b.abs(), a, b)


def _of_one_sign(a: Tensor, b: Tensor, slope: Tensor) -> Tensor:
    """`slope` where a and b have one sign, else 0."""
    rising, falling = (a > 0) & (b > 0), (a < 0) & (b < 0)
    return torch.where(rising | falling, slope, torch.zeros_like(slope))


def minmod(a: Tensor, b: Tensor) -> Tensor:
    """The smaller difference: the most careful limiter."""
    return _of_one_sign(a, b, _smaller(a, b))


def vanleer(a: Tensor, b: Tensor) -> Tensor:
    """The harmonic mean, smooth where a and b have one sign."""
    total = a + b
    # Where the sum is 0 the signs differ and the quotient is not taken; it must still have a gradient.
    safe = torch.where(total == 0, torch.ones_like(total), total)
    return _of_one_sign(a, b, 2 * a * (b / safe))


def superbee(a: Tensor, b: Tensor) -> Tensor:
    """The steepest slope allowed: sharp fronts, flattened waves."""
    return _of_one_sign(a, b, _larger(_smaller(2 * a, b), _smaller(a, 2 * b)))


def mc(a: Tensor, b: Tensor) -> Tensor:
    """The central slope, at most twice the smaller difference (monotonised central)."""
    return _of_one_sign(a, b, _smaller(_smaller(2 * a, 2 * b), (a + b) / 2))


class Tvd(Reconstruction):
    """A straight line in each cell (MUSCL).

    Parameters
    ----------
    limiter : callable
    """

    ghosts = 2

    def __init__(self, limiter: Limiter) -> None:
        self.limiter = limiter

    def biased(self, cells: Sequence[Tensor], axis: int) -> Tensor:
        """The line of the middle cell at its downwind face."""
        upwind, middle, downwind = cells
        return middle + 0.5 * self.limiter(middle - upwind, downwind - middle)


MINMOD, VANLEER, SUPERBEE, MC = Tvd(minmod), Tvd(vanleer), Tvd(superbee), Tvd(mc)
