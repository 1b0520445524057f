"""Cosine and sine transforms along one axis of a real tensor, through the fast Fourier transform.

Unnormalised, as `scipy.fft.dct` and `dst` define them; each has its inverse. With ``j, k = 0 … n - 1``::

    dct1   y_k = x_0 + (-1)^k x_{n-1} + 2 sum_{0<j<n-1} x_j cos(pi j k/(n - 1))
    dct2   y_k = 2 sum_j x_j cos(pi k (2 j + 1)/(2 n))
    dst1   y_k = 2 sum_j x_j sin(pi (j + 1)(k + 1)/(n + 1))
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def dct1(x: Tensor, dim: int) -> Tensor:
    """Even about the first and the last point: Neumann walls on nodes."""
    inner = x.narrow(dim, 1, x.shape[dim] - 2)
    y: Tensor = torch.fft.rfft(torch.cat([x, inner.flip(dim)], dim), dim=dim).real
    return y


def inverse_dct1(y: Tensor, dim: int) -> Tensor:
    """The x of `dct1`."""
    n = y.shape[dim]
    x: Tensor = torch.fft.irfft(torch.complex(y, torch.zeros_like(y)), n=2 * (n - 1), dim=dim).narrow(dim, 0, n)
    return x


def dct2(x: Tensor, dim: int) -> Tensor:
    """Even about half a spacing beyond either end: Neumann walls on cells."""
    n = x.shape[dim]
    spectrum = torch.fft.rfft(torch.cat([x, x.flip(dim)], dim), dim=dim).narrow(dim, 0, n)
    y: Tensor = (spectrum * _half_shift(x, dim).conj()).real
    return y


def inverse_dct2(y: Tensor, dim: int) -> Tensor:
    """The x of `dct2`."""
    n = y.shape[dim]
    last = torch.zeros_like(y.narrow(dim, 0, 1))
    spectrum = torch.cat([y * _half_shift(y, dim), torch.complex(last, last)], dim)
    x: Tensor = torch.fft.irfft(spectrum, n=2 * n, dim=dim).narrow(dim, 0, n)
    return x


def dst1(x: Tensor, dim: int) -> Tensor:
    """Odd about one spacing beyond either end: the points between Dirichlet walls on nodes."""
    zero = torch.zeros_like(x.narrow(dim, 0, 1))
    spectrum = torch.fft.rfft(torch.cat([zero, x, zero, -x.flip(dim)], dim), dim=dim)
    y: Tensor = -spectrum.imag.narrow(dim, 1, x.shape[dim])
    return y


def inverse_dst1(y: Tensor, dim: int) -> Tensor:
    """The x of `dst1`."""
    n = y.shape[dim]
    zero = torch.zeros_like(y.narrow(dim, 0, 1))
    odd = torch.cat([zero, -y, zero], dim)
    x: Tensor = torch.fft.irfft(torch.complex(torch.zeros_like(odd), odd), n=2 * (n + 1), dim=dim).narrow(dim, 1, n)
    return x


def _half_shift(x: Tensor, dim: int) -> Tensor:
    """``exp(i pi k/(2 n))`` along `dim`: the spectrum of a series that is moved by half a spacing."""
    n = x.shape[dim]
    angle = torch.arange(n, dtype=x.dtype, device=x.device) * (math.pi / (2 * n))
    shape = [1] * x.ndim
    shape[dim] = n
    return torch.polar(torch.ones_like(angle), angle).reshape(shape)
