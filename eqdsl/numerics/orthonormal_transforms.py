"""The cosine and sine transforms of `transforms`, scaled to orthonormal matrices (SciPy's ``norm="ortho"``)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from eqdsl.numerics.transforms import dct1, dct2, dst1, inverse_dct2


def cosine_of_cells(u: Tensor, dim: int) -> Tensor:
    """DCT-II: modes ``cos(pi k (j + 1/2)/n)``, even about both walls half a spacing outside."""
    return dct2(u, dim) * _cell_scale(u, dim)


def cells_of_cosine(modes: Tensor, dim: int) -> Tensor:
    """DCT-III, the inverse (and transpose) of `cosine_of_cells`."""
    return inverse_dct2(modes / _cell_scale(modes, dim), dim)


def cosine_of_nodes(u: Tensor, dim: int) -> Tensor:
    """DCT-I: modes ``cos(pi k j/(n - 1))``, even about both end points; its own inverse and transpose."""
    scale = _end_scale(u, dim)
    return dct1(u * scale, dim) / scale / math.sqrt(2 * (u.shape[dim] - 1))


def sine_of_nodes(u: Tensor, dim: int) -> Tensor:
    """DST-I: modes ``sin(pi k j/(n + 1))`` of n points between two zero ends; its own inverse and transpose."""
    return dst1(u, dim) / math.sqrt(2 * (u.shape[dim] + 1))


def _along(values: Tensor, dim: int, like: Tensor) -> Tensor:
    shape = [1] * like.dim()
    shape[dim] = -1
    return values.reshape(shape)


def _cell_scale(u: Tensor, dim: int) -> Tensor:
    n = u.shape[dim]
    scale = torch.full((n,), 1 / math.sqrt(2 * n), dtype=u.dtype, device=u.device)
    scale[0] = 1 / math.sqrt(4 * n)
    return _along(scale, dim, u)


def _end_scale(u: Tensor, dim: int) -> Tensor:
    """``sqrt(2)`` at the ends, 1 between: makes DCT-I orthonormal."""
    n = u.shape[dim]
    scale = torch.ones(n, dtype=u.dtype, device=u.device)
    scale[0] = scale[-1] = math.sqrt(2.0)
    return _along(scale, dim, u)
