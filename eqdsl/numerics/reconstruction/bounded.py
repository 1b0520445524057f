"""``weno(5, bounded)``: states on faces limited so that a scalar law keeps its bounds.

Source: X. Zhang and C.-W. Shu, *On maximum-principle-satisfying high order schemes for scalar conservation laws*, J.
Comput. Phys. 229 (2010), with the limiter of their simplified form: not the whole polynomial of a cell is looked at but
its values on both faces and what the cell's mean leaves between, ``(u - w1*(lower + upper))/(1 - 2*w1)``, with w1 the
weight of an end in the Gauss-Lobatto rule of four points. These are drawn towards the mean until they lie within the
bounds. Then a step of Euler's, and so of ``ssprk3``, keeps the bounds while speed*step/spacing, summed over the axes,
is at most w1; and means stay what they are.

The bounds are the law's own, ``state u(x) in [0, 1]``; the order is kept. Where it has none, they are the extrema of
the present field, of each trajectory. A scheme that lets the largest value of the points only fall is of second order
at most at a smooth maximum, which may lie between points: there, and only there, this costs order.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from eqdsl.numerics.reconstruction.base import LEFT, Bounds, Reconstruction
from eqdsl.numerics.reconstruction.weno import WENO5

END_WEIGHT = 1 / 12
"""Of an end in the Gauss-Lobatto rule that is exact for the polynomials of a reconstruction of order 5."""


class Bounded(Reconstruction):
    """Another reconstruction, limited.

    Parameters
    ----------
    inner : Reconstruction
    """

    def __init__(self, inner: Reconstruction) -> None:
        self.inner = inner
        # A cell's face is limited together with its other face.
        self.ghosts = inner.ghosts + 1

    def biased(self, cells: Sequence[Tensor], axis: int) -> Tensor:
        """Without limits."""
        return self.inner.biased(cells[1:-1], axis)

    def state(self, u: Tensor, axis: int, side: int, bounds: Bounds | None = None) -> Tensor:
        """See `Reconstruction.state`."""
        faces = u.shape[axis] - 2 * self.ghosts + 1
        # Cells with one more on each end: each has the left state of its upper and the right state of its lower face.
        upper, lower = (self.inner.state(u, axis, s).narrow(axis, 1 - s, faces + 1) for s in (0, 1))
        mean = u.narrow(axis, self.ghosts - 1, faces + 1)
        between = (mean - END_WEIGHT * (lower + upper)) / (1 - 2 * END_WEIGHT)
        share = self._share(mean, (lower, between, upper), bounds)
        chosen = upper if side == LEFT else lower
        return (mean + share * (chosen - mean)).narrow(axis, side, faces)

    def _share(self, mean: Tensor, values: Sequence[Tensor], bounds: Bounds | None) -> Tensor:
        """What is kept of the way from the mean to each value: 1 where all lie within the bounds."""
        if bounds is None:
            every = tuple(range(1, mean.ndim))
            least, most = mean.amin(dim=every, keepdim=True), mean.amax(dim=every, keepdim=True)
        else:
            least, most = (mean.new_full((), b) for b in bounds)
        top, bottom = values[0], values[0]
        for value in values[1:]:
            top, bottom = torch.maximum(top, value), torch.minimum(bottom, value)
        return torch.minimum(_part(most - mean, top - mean), _part(mean - least, mean - bottom))


def _part(room: Tensor, way: Tensor) -> Tensor:
    """``room/way`` where the way is longer than the room, else 1; 0 for a mean that lies outside already."""
    beyond = way > room
    return torch.where(beyond, room.clamp(min=0) / torch.where(beyond, way, 1.0), 1.0)


BOUNDED_WENO5 = Bounded(WENO5)
