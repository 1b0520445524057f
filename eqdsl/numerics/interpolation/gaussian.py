"""``gaussian``: the normalised Gaussian, which carries and spreads in one.

Source: E. de Bezenac, A. Pajot, P. Gallinari, *Deep learning for physical processes* (ICLR 2018, arXiv 1711.07970),
equation 5: the solution of ``u_t + w grad u = D lap u`` after a step h is the field behind, averaged by a Gaussian of
variance 2 D h. There the Gaussian is sampled on the points of the grid whatever its width, and picks the nearest point
where it is narrow. Here sum, mean and variance of the weights are exact at any width. They are
``G(z) (a + b z + c z^2)`` with G of a fixed width s, `WIDTH`, and a, b, c from these three. But for sampling it is
``G(z) (1 + e (z^2/s^2 - 1))``, ``e = (variance - s^2)/(2 s^2)``, whose symbol ``exp(-s^2 k^2/2) (1 - e s^2 k^2)`` is at
most ``exp(-variance k^2/2)``: no mode grows. At a variance of s^2 the weights are positive; what is beyond goes on by
steps of the three-point heat equation (`spreading_passes`), positive too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from eqdsl.numerics.interpolation.base import Kernel

WIDTH = 0.8
"""Standard deviation, in spacings: wide enough for a, b, c to be 1, 0, 0 to 1e-4, narrow enough for nine points."""

PASS = 1 / 3
"""Variance of a three-point step at which its error cancels that of the three-point Laplacian."""


class Gaussian(Kernel):
    """Weights of the points within four spacings, normalised."""

    offsets = range(-4, 5)
    ghosts = 4

    def split(self, position: Tensor) -> tuple[Tensor, Tensor]:
        """The nearest point, and the way from it."""
        nearest = (position.detach() + 0.5).floor()
        return nearest, position - nearest

    def weights(self, rest: Tensor, variance: Tensor | float) -> Sequence[Tensor]:
        """See the top of this file."""
        variance = torch.as_tensor(variance, dtype=rest.dtype, device=rest.device).clamp(max=WIDTH**2)
        ways = [offset - rest for offset in self.offsets]
        bells = [torch.exp(-(z**2) / (2 * WIDTH**2)) for z in ways]
        zeroth, first, second, third, fourth = (
            sum((bell * z**power for bell, z in zip(bells, ways, strict=True)), torch.zeros_like(rest))
            for power in range(5)
        )
        # The symmetric equations for a, b, c by Cramer's rule; on the right 1, 0 and the variance.
        minors = (second * fourth - third**2, second * third - first * fourth, first * third - second**2)
        determinant = zeroth * minors[0] + first * minors[1] + second * minors[2]
        a = (minors[0] + variance * minors[2]) / determinant
        b = (minors[1] + variance * (first * second - zeroth * third)) / determinant
        c = (minors[2] + variance * (zeroth * second - first**2)) / determinant
        return [bell * (a + b * z + c * z**2) for bell, z in zip(bells, ways, strict=True)]


def spreading_passes(variances: Sequence[Tensor | float]) -> tuple[int, list[Tensor | float]]:
    """Three-point steps for the variances along each axis beyond the kernel's own: how many, and what each adds."""
    beyond = [torch.as_tensor(v).sub(WIDTH**2).clamp(min=0) for v in variances]
    most = max((float(b.detach().max()) for b in beyond), default=0.0)
    count = math.ceil(most / PASS) if math.isfinite(most) else 0
    return count, [b / max(count, 1) for b in beyond]


GAUSSIAN = Gaussian()
