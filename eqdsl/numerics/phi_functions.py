"""Exponentials and phi functions of many small matrices::

    phi_0(z) = exp(z)        phi_k(z) = (phi_{k-1}(z) - 1/(k-1)!)/z

Near z = 0 the quotient loses all digits. Single numbers take the mean over a circle around each, since the functions
are entire (Kassam & Trefethen, SIAM J. Sci. Comput. 26, 2005). Matrices take scaling and squaring, which needs no
eigenvectors: the wave equation's block at wavenumber zero, ``[[0, 1], [0, 0]]``, has too few of them.
"""

from __future__ import annotations

import cmath
import math

import torch
from torch import Tensor

Phi = tuple[Tensor, Tensor, Tensor, Tensor]
"""phi_0 to phi_3."""

POINTS = 32
"""On a circle; the mean then errs by less than rounding."""

TERMS = 16
"""Of the Taylor series of phi_3 where the norm is at most 1/2."""


def phi_functions(z: Tensor) -> tuple[Phi, Phi]:
    """phi_0 to phi_3 of z/2 and of z, shape (..., m, m), in double precision."""
    if z.shape[-1] == 1:
        return _by_circle(z / 2), _by_circle(z)
    return _by_squaring(z)


def _by_circle(z: Tensor) -> Phi:
    # No point of a circle comes near 0: small numbers lie well within theirs, large ones are far from it.
    radius = torch.where(z.detach().abs() < 1.5, 3.0, 1.0).to(z.real.dtype)
    sums = [torch.zeros_like(z) for _ in range(3)]
    for j in range(POINTS):
        t = z + radius * cmath.exp(2j * math.pi * (j + 0.5) / POINTS)
        phi = torch.exp(t)
        for k in range(3):
            phi = (phi - 1 / math.factorial(k)) / t
            sums[k] = sums[k] + (phi if z.is_complex() else phi.real) / POINTS
    return torch.exp(z), sums[0], sums[1], sums[2]


def _by_squaring(z: Tensor) -> tuple[Phi, Phi]:
    """Taylor series of ``z/2^s``, then ``phi_k(2z) = (phi_0 phi_k + sum_{1<=j<=k} phi_j/(k-j)!)/2^k`` s times."""
    norm = float(torch.linalg.matrix_norm(z.detach(), ord=1).amax())
    doublings = math.ceil(math.log2(max(norm, 0.5))) + 2 if math.isfinite(norm) else 1
    small, one = z / 2**doublings, torch.eye(z.shape[-1], dtype=z.dtype, device=z.device)
    third = one / math.factorial(TERMS + 3)
    for n in reversed(range(TERMS)):
        third = one / math.factorial(n + 3) + small @ third
    second = one / 2 + small @ third
    first = one + small @ second
    phi = half = (one + small @ first, first, second, third)
    for _ in range(doublings):
        half, (e, p1, p2, p3) = phi, phi
        phi = (e @ e, (e @ p1 + p1) / 2, (e @ p2 + p1 + p2) / 4, (e @ p3 + p1 / 2 + p2 + p3) / 8)
    return half, phi
