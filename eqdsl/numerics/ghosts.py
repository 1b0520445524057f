"""Ghost cells and stencils along one axis of a tensor: no in-place writes, any number of dimensions."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class GhostRows:
    """How the ghosts of one side follow from the points next to it.

    Row k, counted from the wall outward, is ``sum_j weights[k][j]*u_j + correction[k]*kappa`` with u_j the points
    counted from the wall inward after `strip` of them are dropped.
    """

    strip: int
    weights: tuple[tuple[float, ...], ...]
    correction: tuple[float, ...]


def combine(values: list[Tensor], weights: tuple[float, ...]) -> Tensor:
    """The weighted sum of tensors, zero weights skipped."""
    used = [(value, weight) for value, weight in zip(values, weights, strict=True) if weight != 0.0]
    if not used:
        return torch.zeros_like(values[0])
    (first, weight), *others = used
    total = first if weight == 1.0 else first * weight
    for value, weight in others:
        total = torch.add(total, value, alpha=weight)
    return total


def stencil(u: Tensor, axis: int, weights: tuple[float, ...]) -> Tensor:
    """``sum_k weights[k]*u[i + k]`` along `axis`; the result is ``len(weights) - 1`` points shorter."""
    points = u.shape[axis] - len(weights) + 1
    return combine([u.narrow(axis, k, points) for k in range(len(weights))], weights)


def wrap(u: Tensor, axis: int, width: int) -> Tensor:
    """`width` periodic ghost cells on both ends of `axis`."""
    n = u.shape[axis]
    return torch.cat([u.narrow(axis, n - width, width), u, u.narrow(axis, 0, width)], dim=axis)


def near_wall(u: Tensor, axis: int, side: int, strip: int, weights: tuple[float, ...]) -> Tensor:
    """The weighted sum of the points next to a wall, counted inward; one point thick along `axis`."""
    n = u.shape[axis]
    places = [strip + j if side == 0 else n - 1 - strip - j for j in range(len(weights))]
    return combine([u.narrow(axis, place, 1) for place in places], weights)


def extend(
    u: Tensor, axis: int, lower: GhostRows, upper: GhostRows, kappa_lower: Tensor | None, kappa_upper: Tensor | None
) -> Tensor:
    """Add (or, on Dirichlet nodes, replace) the points at both ends of `axis` by ghosts.

    Parameters
    ----------
    kappa_lower, kappa_upper : Tensor, optional
        The wall's own contribution; None for a homogeneous wall.
    """
    kept = u.narrow(axis, lower.strip, u.shape[axis] - lower.strip - upper.strip)
    below = _ghosts(u, axis, 0, lower, kappa_lower)
    above = _ghosts(u, axis, 1, upper, kappa_upper)
    return torch.cat([*reversed(below), kept, *above], dim=axis)


def _ghosts(u: Tensor, axis: int, side: int, rows: GhostRows, kappa: Tensor | None) -> list[Tensor]:
    ghosts = []
    for weights, correction in zip(rows.weights, rows.correction, strict=True):
        ghost = near_wall(u, axis, side, rows.strip, weights)
        if kappa is not None and correction != 0.0:
            ghost = ghost + correction * kappa
        ghosts.append(ghost)
    return _common_shape(ghosts, u, axis)


def _common_shape(ghosts: list[Tensor], u: Tensor, axis: int) -> list[Tensor]:
    shape = list(torch.broadcast_shapes(u.narrow(axis, 0, 1).shape, *(g.shape for g in ghosts)))
    return [g.expand(shape) for g in ghosts]


def add_beyond(u: Tensor, axis: int, side: int, weights: tuple[float, ...], kappa: Tensor) -> Tensor:
    """Add ``weights[k]*kappa`` to ghost k at one end of `axis`, counted from the wall outward."""
    n, count = u.shape[axis], len(weights)
    inward = weights if side else tuple(reversed(weights))
    if not weights:
        return u
    # Filled in where they are needed: a copy from the host would wait for the device.
    scale = torch.cat([u.new_full((1,), w) for w in inward]).reshape(-1, *(1,) * (u.dim() - axis - 1))
    ghosts = u.narrow(axis, n - count if side else 0, count) + scale * kappa
    kept = u.narrow(axis, 0 if side else count, n - count)
    if kept.shape[0] != ghosts.shape[0]:
        kept = kept.expand(ghosts.shape[0], *kept.shape[1:])
    return torch.cat([kept, ghosts] if side else [ghosts, kept], dim=axis)


def extrapolate(u: Tensor, axis: int, width: int, order: int) -> Tensor:
    """`width` ghosts on both ends by the polynomials through the `order` end points (for coefficient fields)."""
    rows = continuation(width, order)
    return extend(u, axis, rows, rows, None, None)


def continuation(width: int, order: int) -> GhostRows:
    """How `width` ghosts follow from the polynomial through the `order` end points.

    On unit spacing the ghost g points beyond the end is ``sum_j w_j u_j`` with Lagrange's
    ``w_j = prod_{i != j} (-g - i)/(j - i)``: exact for degree ``order - 1``, as what a scheme of that order asks for.
    """
    return GhostRows(0, tuple(_lagrange(-1 - k, order) for k in range(width)), (0.0,) * width)


def _lagrange(place: int, points: int) -> tuple[float, ...]:
    """Weights at `place` of the polynomial through 0, 1, ...; integers, since `place` is one."""

    def weight(j: int) -> float:
        others = [i for i in range(points) if i != j]
        return float(math.prod(place - i for i in others) // math.prod(j - i for i in others))

    return tuple(weight(j) for j in range(points))
