"""The modes of a second derivative along one walled axis: values to modes and back, and the eigenvalues."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from eqdsl.numerics.transforms import dct1, dct2, dst1, inverse_dct1, inverse_dct2, inverse_dst1

REAL = 1e-9
"""Imaginary part of an eigenvalue, in units of the largest, that rounding may leave."""

_RATES = "rates"
"""Buffer of the eigenvalues."""


class ModeBasis(nn.Module, ABC):
    """Modes ``v_k`` with ``d2(v_k)/dx2 = eigenvalue_k * v_k`` as discretised, walls homogeneous.

    There are as many modes as points. A point whose value a wall gives is a mode of its own and stays in its place;
    its eigenvalue means nothing, and repeats the last one, so that it never makes an operator singular by itself.
    How modes are scaled is left open: what is used is modes, a factor for each, and values.

    Parameters
    ----------
    eigenvalues : Tensor
        Those of the other modes.
    given : pair of int
        Points at the lower and the upper end whose values the walls give.
    """

    def __init__(self, eigenvalues: Tensor, given: tuple[int, int] = (0, 0)) -> None:
        super().__init__()
        self.given = given
        lower, upper = (eigenvalues[-1:].repeat(count) for count in given)
        self.register_buffer(_RATES, torch.cat([lower, eigenvalues, upper]), persistent=False)

    @property
    def eigenvalues(self) -> Tensor:
        """One for each mode, real."""
        return self.get_buffer(_RATES)

    def to_modes(self, values: Tensor, dim: int) -> Tensor:
        """Amplitudes of the modes along `dim`."""
        return self._inside(values, dim, inverse=False)

    def to_values(self, modes: Tensor, dim: int) -> Tensor:
        """The inverse of `to_modes`."""
        return self._inside(modes, dim, inverse=True)

    @abstractmethod
    def _changed(self, values: Tensor, dim: int, *, inverse: bool) -> Tensor:
        """Values at the points that no wall gives into amplitudes, or back."""

    def _inside(self, values: Tensor, dim: int, *, inverse: bool) -> Tensor:
        lower, upper = self.given
        if not lower and not upper:
            return self._changed(values, dim, inverse=inverse)
        first, inner, last = values.split([lower, values.shape[dim] - lower - upper, upper], dim)
        return torch.cat([first, self._changed(inner, dim, inverse=inverse), last], dim)


class CellCosines(ModeBasis):
    """No slope at both walls, cells, order 2: DCT-II."""

    def __init__(self, points: int, spacing: float) -> None:
        super().__init__(_second_difference(torch.arange(points, dtype=torch.float64) * (math.pi / points), spacing))

    def _changed(self, values: Tensor, dim: int, *, inverse: bool) -> Tensor:
        return inverse_dct2(values, dim) if inverse else dct2(values, dim)


class NodeCosines(ModeBasis):
    """No slope at both ends, nodes, order 2: DCT-I."""

    def __init__(self, points: int, spacing: float) -> None:
        angles = torch.arange(points, dtype=torch.float64) * (math.pi / (points - 1))
        super().__init__(_second_difference(angles, spacing))

    def _changed(self, values: Tensor, dim: int, *, inverse: bool) -> Tensor:
        return inverse_dct1(values, dim) if inverse else dct1(values, dim)


class NodeSines(ModeBasis):
    """Values given at both ends, nodes, order 2: DST-I of the points between."""

    def __init__(self, points: int, spacing: float) -> None:
        angles = torch.arange(1, points - 1, dtype=torch.float64) * (math.pi / (points - 1))
        super().__init__(_second_difference(angles, spacing), (1, 1))

    def _changed(self, values: Tensor, dim: int, *, inverse: bool) -> Tensor:
        return inverse_dst1(values, dim) if inverse else dst1(values, dim)


class Eigenvectors(ModeBasis):
    """Any other walls: the eigenvectors of the discretised second derivative itself; `eigenvectors` makes it."""

    def __init__(self, eigenvalues: Tensor, vectors: Tensor, inverse: Tensor, given: tuple[int, int]) -> None:
        super().__init__(eigenvalues, given)
        self.register_buffer("vectors", vectors, persistent=False)
        self.register_buffer("inverse", inverse, persistent=False)

    def _changed(self, values: Tensor, dim: int, *, inverse: bool) -> Tensor:
        matrix = self.get_buffer("vectors" if inverse else "inverse").to(values)
        return torch.movedim(torch.movedim(values, dim, -1) @ matrix.mT, -1, dim)


def eigenvectors(matrix: Tensor, given: tuple[int, int]) -> Eigenvectors | None:
    """The eigenvectors of a real matrix; None unless its eigenvalues are real and its eigenvectors a basis.

    Parameters
    ----------
    matrix : Tensor
        Of the points whose value no wall gives, square.
    given : pair of int
        As `ModeBasis` takes it.
    """
    if not bool(torch.isfinite(matrix).all()):
        return None
    values, vectors = torch.linalg.eig(matrix)
    if not bool((values.imag.abs() <= REAL * values.abs().max()).all()):
        return None
    order = values.real.argsort(descending=True)
    real = vectors[:, order].real.contiguous()
    inverse, info = torch.linalg.inv_ex(real)
    return None if int(info) else Eigenvectors(values.real[order], real, inverse, given)


def _second_difference(angles: Tensor, spacing: float) -> Tensor:
    return -((2.0 * torch.sin(angles / 2) / spacing) ** 2)
