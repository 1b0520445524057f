r"""The part of a vector field that has no divergence, for the scheme's own first derivatives.

Central first derivatives are ``i k`` in Fourier space, with a real ``k(angle)`` of each axis. The part of v along k
is a gradient and carries all the divergence: ``w = v - k (k . v)/|k|^2``. That is ``v - grad(p)`` with
``div(grad(p)) = div(v)``, all with the same stencils, and so the divergence of w is zero to rounding, where a compact
Laplacian would leave the error of the scheme (Chorin 1968; Almgren, Bell and Szymczak 1996 on exact projections).

Modes other than the constant with ``k = 0``, waves of two points, hold no information about a flow and are left out.
Between walls the field is continued as if they were mirrors: a component is odd across the walls it meets, so that
nothing flows through, and even along the others. Its modes are sines there, those of the others and of p cosines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from eqdsl.numerics.transforms import dct1, dct2, dst1, inverse_dct1, inverse_dct2, inverse_dst1

ZERO = 1e-9
"""Share of the largest ``k`` of its axis below which one counts as zero."""


@dataclass(frozen=True, slots=True)
class ProjectionAxis:
    """An axis of the grid and its central first derivative, weights over the spacing included."""

    points: int
    periodic: bool
    nodes: bool
    weights: tuple[float, ...]

    def wavenumbers(self, like: Tensor, *, half: bool) -> Tensor:
        """``k`` of each mode; with `half` those that a real transform keeps."""
        count = self.points // 2 + 1 if half else self.points
        # Modes between walls are those of a period of twice the length.
        period = self.points if self.periodic else 2 * (self.points - 1 if self.nodes else self.points)
        angles = 2 * torch.pi * torch.arange(count, dtype=torch.float64, device=like.device) / period
        middle = len(self.weights) // 2
        k = torch.zeros_like(angles)
        for offset, weight in enumerate(self.weights):
            k = k + weight * torch.sin((offset - middle) * angles)
        return torch.where(k.abs() > ZERO * k.abs().max(), k, torch.zeros_like(k)).to(like.dtype)

    def to_modes(self, values: Tensor, dim: int, *, odd: bool) -> Tensor:
        """Amplitudes of cosines, or of sines of the same angles (those of angle 0 and pi are left out), for walls."""
        if not odd:
            return dct1(values, dim) if self.nodes else dct2(values, dim)
        end = torch.zeros_like(values.narrow(dim, 0, 1))
        if self.nodes:
            return torch.cat([end, dst1(values.narrow(dim, 1, self.points - 2), dim), end], dim)
        # A sine of half points is the cosine of the complementary angle, its sign alternating.
        sines = dct2(values * _alternating(values, dim), dim).narrow(dim, 1, self.points - 1).flip(dim)
        return torch.cat([end, sines], dim)

    def to_values(self, modes: Tensor, dim: int, *, odd: bool) -> Tensor:
        """The inverse of `to_modes`."""
        if not odd:
            return inverse_dct1(modes, dim) if self.nodes else inverse_dct2(modes, dim)
        end = torch.zeros_like(modes.narrow(dim, 0, 1))
        if self.nodes:
            return torch.cat([end, inverse_dst1(modes.narrow(dim, 1, self.points - 2), dim), end], dim)
        cosines = torch.cat([end, modes.narrow(dim, 1, self.points - 1).flip(dim)], dim)
        return inverse_dct2(cosines, dim) * _alternating(modes, dim)


def without_divergence(vector: Tensor, axes: Sequence[ProjectionAxis]) -> Tensor:
    """The projection of ``(B, d, *S)`` with d axes; same shape.

    Parameters
    ----------
    vector : Tensor
    axes : sequence of ProjectionAxis
    """
    walled = [i for i, axis in enumerate(axes) if not axis.periodic]
    periodic = [i + 1 for i, axis in enumerate(axes) if axis.periodic]
    modes = []
    for number in range(len(axes)):
        values = vector[:, number]
        for i in walled:
            values = axes[i].to_modes(values, i + 1, odd=i == number)
        modes.append(torch.fft.rfftn(values, dim=periodic) if periodic else values)
    projected = _projected(modes, axes, vector)
    found = []
    for number, values in enumerate(projected):
        if periodic:
            values = torch.fft.irfftn(values, s=[axes[d - 1].points for d in periodic], dim=periodic)
        for i in walled:
            values = axes[i].to_values(values, i + 1, odd=i == number)
        found.append(values)
    return torch.stack(found, dim=1)


def _projected(modes: Sequence[Tensor], axes: Sequence[ProjectionAxis], like: Tensor) -> list[Tensor]:
    """``v - k (k . v)/|k|^2`` in modes; d/dx makes sines cosines (k), cosines sines (-k), and waves waves (i k)."""
    halved = max((i for i, axis in enumerate(axes) if axis.periodic), default=None)
    k = []
    for i, axis in enumerate(axes):
        own = axis.wavenumbers(like, half=i == halved)
        k.append(own.reshape([-1 if d == i else 1 for d in range(len(axes))]))
    square = torch.stack(torch.broadcast_tensors(*(a.square() for a in k))).sum(0)
    still = square == 0
    kept = ~still
    kept[(0,) * kept.dim()] = True
    derivatives = [1j * a * v if x.periodic else a * v for a, v, x in zip(k, modes, axes, strict=True)]
    potential = -torch.stack(derivatives).sum(0) / torch.where(still, 1.0, square)
    slopes = [1j * a * potential if x.periodic else -a * potential for a, x in zip(k, axes, strict=True)]
    return [(v - slope) * kept for v, slope in zip(modes, slopes, strict=True)]


def _alternating(like: Tensor, dim: int) -> Tensor:
    signs = 1 - 2 * (torch.arange(like.shape[dim], device=like.device) % 2).to(like.dtype)
    return signs.reshape([-1 if d == dim else 1 for d in range(like.dim())])
