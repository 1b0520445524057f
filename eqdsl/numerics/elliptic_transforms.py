"""Cosine and sine transforms along one dimension, orthonormal, through the real FFT of the mirrored signal.

Differentiable, any floating-point type, any number of dimensions. Definitions: Strang, *The Discrete Cosine
Transform*, SIAM Review 41 (1999); the scaling is SciPy's ``norm="ortho"``.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def cosine_of_cells(u: Tensor, dim: int) -> Tensor:
    """DCT-II: modes ``cos(pi k (j + 1/2)/n)``, even about both walls half a spacing outside."""
    n = u.shape[dim]
    mirrored = torch.cat([u, u.flip(dim)], dim=dim)
    spectrum = torch.fft.rfft(mirrored, dim=dim).narrow(dim, 0, n)
    modes: Tensor = (spectrum * _half_shift(u, dim, -1)).real * _cell_scale(u, dim)
    return modes


def cells_of_cosine(modes: Tensor, dim: int) -> Tensor:
    """DCT-III, the inverse (and transpose) of `cosine_of_cells`."""
    n = modes.shape[dim]
    spectrum = modes / _cell_scale(modes, dim) * _half_shift(modes, dim, 1)
    # The mode at half the length of the mirrored signal is zero by its symmetry.
    padded = torch.cat([spectrum, torch.zeros_like(spectrum.narrow(dim, 0, 1))], dim=dim)
    mirrored: Tensor = torch.fft.irfft(padded, n=2 * n, dim=dim)
    return mirrored.narrow(dim, 0, n)


def cosine_of_nodes(u: Tensor, dim: int) -> Tensor:
    """DCT-I: modes ``cos(pi k j/(n - 1))``, even about both end points; its own inverse and transpose."""
    n = u.shape[dim]
    scale = _end_scale(u, dim)
    v = u * scale
    mirrored = torch.cat([v, v.narrow(dim, 1, n - 2).flip(dim)], dim=dim)
    spectrum: Tensor = torch.fft.rfft(mirrored, dim=dim).real
    return spectrum / scale / math.sqrt(2 * (n - 1))


def sine_of_nodes(u: Tensor, dim: int) -> Tensor:
    """DST-I: modes ``sin(pi k j/(n + 1))`` of n points between two zero ends; its own inverse and transpose."""
    n = u.shape[dim]
    zero = torch.zeros_like(u.narrow(dim, 0, 1))
    mirrored = torch.cat([zero, u, zero, -u.flip(dim)], dim=dim)
    spectrum: Tensor = torch.fft.rfft(mirrored, dim=dim).imag
    return -spectrum.narrow(dim, 1, n) / math.sqrt(2 * (n + 1))


def _along(values: Tensor, dim: int, like: Tensor) -> Tensor:
    shape = [1] * like.dim()
    shape[dim] = -1
    return values.reshape(shape)


def _half_shift(u: Tensor, dim: int, sign: int) -> Tensor:
    """``exp(sign i pi k/(2 n))``: the mirror lies half a spacing before the first cell."""
    n = u.shape[dim]
    angle = torch.arange(n, dtype=u.dtype, device=u.device) * (sign * math.pi / (2 * n))
    return _along(torch.polar(torch.ones_like(angle), angle), dim, u)


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
