"""Bases of one axis between walls in which derivatives of even order are diagonal."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from eqdsl.numerics import transforms


class Basis(ABC):
    """A change of basis along one axis of a real tensor."""

    @abstractmethod
    def forward(self, values: Tensor, dim: int) -> Tensor:
        """Values at points to coefficients, as many."""

    @abstractmethod
    def backward(self, coefficients: Tensor, dim: int) -> Tensor:
        """Coefficients to values at points."""


Transform = Callable[[Tensor, int], Tensor]


@dataclass(frozen=True)
class TransformBasis(Basis):
    """A transform and its inverse on all points but `ends` at either end, which stay as they are."""

    transform: Transform
    inverse: Transform
    ends: int = 0

    def forward(self, values: Tensor, dim: int) -> Tensor:
        """See `Basis`."""
        return self._inside(self.transform, values, dim)

    def backward(self, coefficients: Tensor, dim: int) -> Tensor:
        """See `Basis`."""
        return self._inside(self.inverse, coefficients, dim)

    def _inside(self, change: Transform, values: Tensor, dim: int) -> Tensor:
        if not self.ends:
            return change(values, dim)
        inner = values.shape[dim] - 2 * self.ends
        below, above = values.narrow(dim, 0, self.ends), values.narrow(dim, self.ends + inner, self.ends)
        return torch.cat([below, change(values.narrow(dim, self.ends, inner), dim), above], dim)


NEUMANN_CELLS = TransformBasis(transforms.dct2, transforms.inverse_dct2)
NEUMANN_NODES = TransformBasis(transforms.dct1, transforms.inverse_dct1)
DIRICHLET_NODES = TransformBasis(transforms.dst1, transforms.inverse_dst1, ends=1)


@dataclass(frozen=True, eq=False)
class EigenBasis(Basis):
    """The eigenvectors of a matrix, for walls whose closure no fast transform diagonalises.

    Parameters
    ----------
    vectors, inverse : Tensor, shape (n, n)
        Eigenvectors as columns, and the inverse of that matrix.
    """

    vectors: Tensor
    inverse: Tensor

    def forward(self, values: Tensor, dim: int) -> Tensor:
        """See `Basis`."""
        return _along(self.inverse, values, dim)

    def backward(self, coefficients: Tensor, dim: int) -> Tensor:
        """See `Basis`."""
        return _along(self.vectors, coefficients, dim)


def eigenbasis(matrix: Tensor) -> EigenBasis | None:
    """The eigenvectors of a real matrix; None unless its eigenvalues are real and its eigenvectors a basis."""
    if not bool(torch.isfinite(matrix).all()):
        return None
    values, vectors = torch.linalg.eig(matrix)
    if not bool((values.imag.abs() <= REAL * values.abs().max()).all()):
        return None
    inverse, info = torch.linalg.inv_ex(vectors.real)
    return None if int(info) else EigenBasis(vectors.real.contiguous(), inverse)


REAL = 1e-9
"""Imaginary part, in units of the largest eigenvalue, that rounding may leave."""


def _along(matrix: Tensor, values: Tensor, dim: int) -> Tensor:
    return (values.movedim(dim, -1) @ matrix.T.to(values)).movedim(-1, dim)
