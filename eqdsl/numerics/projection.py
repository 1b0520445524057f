r"""The part of a vector field that has no divergence, for the scheme's own first derivatives.

Central first derivatives are ``i k`` in Fourier space, with a real ``k(angle)`` of each axis. The part of v along k
is a gradient and carries all the divergence: ``w = v - k (k . v)/|k|^2``. That is ``v - grad(p)`` with
``div(grad(p)) = div(v)``, all with the same stencils, and so the divergence of w is zero to rounding, where a compact
Laplacian would leave the error of the scheme (Chorin 1968; Almgren, Bell and Szymczak 1996 on exact projections).

Modes other than the constant with ``k = 0``, waves of two points, hold no information about a flow and are left out.
Between walls the field is continued as if they were mirrors: a component is odd across the walls it meets, so that
nothing flows through, and even along the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

ZERO = 1e-9
"""Share of the largest ``k`` of its axis below which one counts as zero."""


@dataclass(frozen=True, slots=True)
class ProjectionAxis:
    """An axis of the grid and its central first derivative, weights over the spacing included."""

    points: int
    periodic: bool
    nodes: bool
    weights: tuple[float, ...]

    @property
    def length(self) -> int:
        """Points of a period of the continued field."""
        if self.periodic:
            return self.points
        return 2 * (self.points - 1) if self.nodes else 2 * self.points


def without_divergence(vector: Tensor, axes: Sequence[ProjectionAxis]) -> Tensor:
    """The projection of ``(B, d, *S)`` with d axes; same shape.

    Parameters
    ----------
    vector : Tensor
    axes : sequence of ProjectionAxis
    """
    continued = torch.stack([_continued(vector[:, i], i, axes) for i in range(len(axes))], dim=1)
    dims = tuple(range(2, 2 + len(axes)))
    modes = torch.fft.rfftn(continued, dim=dims)
    k = [_wavenumbers(axis, i, axes, vector) for i, axis in enumerate(axes)]
    square = torch.stack(torch.broadcast_tensors(*(a.square() for a in k))).sum(0)
    still = square == 0
    along = torch.stack([a * modes[:, i] for i, a in enumerate(k)]).sum(0) / torch.where(still, 1.0, square)
    kept = ~still
    kept[(0,) * kept.dim()] = True
    projected = torch.stack([(modes[:, i] - a * along) * kept for i, a in enumerate(k)], dim=1)
    values: Tensor = torch.fft.irfftn(projected, s=[a.length for a in axes], dim=dims)
    for dim, axis in zip(dims, axes, strict=True):
        values = values.narrow(dim, 0, axis.points)
    return values


def _continued(values: Tensor, component: int, axes: Sequence[ProjectionAxis]) -> Tensor:
    """A component ``(B, *S)`` over a whole period of each axis."""
    for number, axis in enumerate(axes):
        if axis.periodic:
            continue
        dim, odd = number + 1, number == component
        inner = values.narrow(dim, 1, axis.points - 2) if axis.nodes else values
        image = inner.flip(dim)
        if odd and axis.nodes:
            wall = torch.zeros_like(values.narrow(dim, 0, 1))
            values = torch.cat([wall, inner, wall, -image], dim=dim)
        else:
            values = torch.cat([values, -image if odd else image], dim=dim)
    return values


def _wavenumbers(axis: ProjectionAxis, number: int, axes: Sequence[ProjectionAxis], like: Tensor) -> Tensor:
    """``k`` of each mode of an axis, in its place among all axes; half of them along the last one."""
    count = axis.length // 2 + 1 if number == len(axes) - 1 else axis.length
    angles = 2 * torch.pi * torch.arange(count, dtype=torch.float64, device=like.device) / axis.length
    k = torch.zeros_like(angles)
    middle = len(axis.weights) // 2
    for offset, weight in enumerate(axis.weights):
        k = k + weight * torch.sin((offset - middle) * angles)
    k = torch.where(k.abs() > ZERO * k.abs().max(), k, torch.zeros_like(k))
    return k.to(like.dtype).reshape([-1 if i == number else 1 for i in range(len(axes))])
