"""An upper bound of the largest eigenvalue of small matrices, differentiable also where eigenvalues meet."""

from __future__ import annotations

import torch
from torch import Tensor

SQUARINGS = 5
"""The bound is ``|A^32|^(1/32)``: a scaling of the unknowns by 1e5 changes it by less than half."""


def spectral_bound(matrices: Tensor) -> Tensor:
    """``|A^(2^s)|^(1/2^s)`` in the Frobenius norm (Gelfand), which no eigenvalue of A exceeds.

    Parameters
    ----------
    matrices : Tensor, shape (..., K, K)

    Returns
    -------
    Tensor, shape (...)
        Zero where a power vanishes: all eigenvalues are 0 there.
    """
    logarithm = torch.zeros_like(matrices[..., :1, :1])
    nilpotent = torch.zeros_like(logarithm, dtype=torch.bool)
    for squaring in range(SQUARINGS + 1):
        squares = (matrices * matrices).sum(dim=(-2, -1), keepdim=True)
        nilpotent = nilpotent | (squares == 0)
        size = torch.where(squares == 0, torch.ones_like(squares), squares).sqrt()
        logarithm = logarithm + size.log() / 2**squaring
        matrices = matrices / size
        matrices = matrices @ matrices
    return torch.where(nilpotent, torch.zeros_like(logarithm), logarithm.exp())[..., 0, 0]
