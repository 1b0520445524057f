"""``weno(5)``: the fifth-order weighted essentially non-oscillatory reconstruction.

Source: G.-S. Jiang and C.-W. Shu, *Efficient implementation of weighted ENO schemes*, J. Comput. Phys. 126 (1996).
Three parabolas, each over three cells, are weighted by ``d_k/(eps + beta_k)^2`` with beta_k the roughness of each: the
smooth ones win, and where all are smooth the weights are those of ``upwind(5)``.

The paper's eps is 1e-6, meant for values of order one. Here it is 1e-6 times the variance along the line of cells, so
that a change of units or an added constant does not change the scheme.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from eqdsl.numerics.reconstruction.base import Reconstruction

EPSILON = 1e-6
"""Roughness, as a share of the variance along the line, below which a parabola counts as smooth."""

WEIGHTS = (0.1, 0.6, 0.3)
"""Weights of the three parabolas, upwind first, with which they make the state of fifth order."""


class Weno5(Reconstruction):
    """Jiang and Shu's weights."""

    ghosts = 3

    def biased(self, cells: Sequence[Tensor], axis: int) -> Tensor:
        """The weighted mean of three parabolas on the face."""
        a, b, c, d, e = cells
        states = ((2 * a - 7 * b + 11 * c) / 6, (-b + 5 * c + 2 * d) / 6, (2 * c + 5 * d - e) / 6)
        roughness = (
            13 / 12 * (a - 2 * b + c) ** 2 + (a - 4 * b + 3 * c) ** 2 / 4,
            13 / 12 * (b - 2 * c + d) ** 2 + (b - d) ** 2 / 4,
            13 / 12 * (c - 2 * d + e) ** 2 + (3 * c - 4 * d + e) ** 2 / 4,
        )
        # The fourth root keeps the square of eps above zero where the line is flat.
        smooth = EPSILON * c.var(dim=axis, correction=0, keepdim=True) + torch.finfo(c.dtype).tiny ** 0.25
        # Taken relative to eps, no square under- or overflows before its quotient is formed.
        weights = [w / (1 + r / smooth) ** 2 for w, r in zip(WEIGHTS, roughness, strict=True)]
        total = weights[0] + weights[1] + weights[2]
        first, second, third = (w / total * s for w, s in zip(weights, states, strict=True))
        face: Tensor = first + second + third
        return face


WENO5 = Weno5()
