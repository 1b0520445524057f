"""The modes of a second derivative along one walled axis: values to modes and back, and the eigenvalues."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from eqdsl.numerics.orthonormal_transforms import cells_of_cosine, cosine_of_cells, cosine_of_nodes, sine_of_nodes

_RATES = "rates"
"""Buffer of the eigenvalues on unit spacing."""


class ModeBasis(nn.Module, ABC):
    """Modes ``v_k`` with ``d2(v_k)/dx2 = eigenvalue_k * v_k`` as discretised, walls homogeneous."""

    def __init__(self, eigenvalues: Tensor) -> None:
        super().__init__()
        self.register_buffer(_RATES, eigenvalues, persistent=False)

    @property
    def eigenvalues(self) -> Tensor:
        """One for each mode, real and not positive."""
        return self.get_buffer(_RATES)

    @abstractmethod
    def to_modes(self, values: Tensor, dim: int) -> Tensor:
        """Amplitudes of the modes along `dim`."""

    @abstractmethod
    def to_values(self, modes: Tensor, dim: int) -> Tensor:
        """The inverse; points whose value a wall gives are 0."""


class CellCosines(ModeBasis):
    """No slope at both walls, cells, order 2."""

    def __init__(self, points: int, spacing: float) -> None:
        super().__init__(_second_difference(torch.arange(points, dtype=torch.float64) * (math.pi / points), spacing))

    def to_modes(self, values: Tensor, dim: int) -> Tensor:
        """DCT-II."""
        return cosine_of_cells(values, dim)

    def to_values(self, modes: Tensor, dim: int) -> Tensor:
        """DCT-III."""
        return cells_of_cosine(modes, dim)


class NodeCosines(ModeBasis):
    """No slope at both ends, nodes, order 2."""

    def __init__(self, points: int, spacing: float) -> None:
        angles = torch.arange(points, dtype=torch.float64) * (math.pi / (points - 1))
        super().__init__(_second_difference(angles, spacing))

    def to_modes(self, values: Tensor, dim: int) -> Tensor:
        """DCT-I; an end stands for half a spacing, and the modes are orthogonal with that weight."""
        return cosine_of_nodes(values * _end_weights(values, dim), dim)

    def to_values(self, modes: Tensor, dim: int) -> Tensor:
        """DCT-I."""
        return cosine_of_nodes(modes, dim) / _end_weights(modes, dim)


class NodeSines(ModeBasis):
    """Values given at both ends, nodes, order 2."""

    def __init__(self, points: int, spacing: float) -> None:
        angles = torch.arange(1, points - 1, dtype=torch.float64) * (math.pi / (points - 1))
        super().__init__(_second_difference(angles, spacing))

    def to_modes(self, values: Tensor, dim: int) -> Tensor:
        """DST-I of the points between the ends."""
        return sine_of_nodes(values.narrow(dim, 1, values.shape[dim] - 2), dim)

    def to_values(self, modes: Tensor, dim: int) -> Tensor:
        """DST-I, zero at the ends."""
        end = torch.zeros_like(modes.narrow(dim, 0, 1))
        return torch.cat([end, sine_of_nodes(modes, dim), end], dim=dim)


class Eigenvectors(ModeBasis):
    """Any other walls: the eigenvectors of the discretised second derivative itself.

    Parameters
    ----------
    matrix : Tensor
        Of the points whose value no wall gives, square.
    given : tuple of int
        Points at the lower and the upper end whose values the walls give.
    """

    def __init__(self, matrix: Tensor, given: tuple[int, int]) -> None:
        values, vectors = torch.linalg.eig(matrix)
        order = values.real.argsort(descending=True)
        vectors = vectors[:, order].real
        super().__init__(values.real[order])
        self.given = given
        self.register_buffer("vectors", vectors, persistent=False)
        self.register_buffer("inverse", torch.linalg.inv(vectors), persistent=False)

    def to_modes(self, values: Tensor, dim: int) -> Tensor:
        """One product with a matrix of the size of the axis."""
        kept = values.narrow(dim, self.given[0], values.shape[dim] - sum(self.given))
        return _along(self.get_buffer("inverse"), kept, dim)

    def to_values(self, modes: Tensor, dim: int) -> Tensor:
        """The same with the inverse."""
        kept = _along(self.get_buffer("vectors"), modes, dim)
        end = torch.zeros_like(kept.narrow(dim, 0, 1))
        lower, upper = self.given
        return torch.cat([*[end] * lower, kept, *[end] * upper], dim=dim)


def has_real_modes(matrix: Tensor) -> bool:
    """Whether `Eigenvectors` can take a matrix."""
    values = torch.linalg.eigvals(matrix)
    return bool((values.imag.abs() <= 1e-9 * values.abs().max()).all())


def _second_difference(angles: Tensor, spacing: float) -> Tensor:
    return -((2.0 * torch.sin(angles / 2) / spacing) ** 2)


def _end_weights(values: Tensor, dim: int) -> Tensor:
    weights = torch.ones(values.shape[dim], dtype=values.dtype, device=values.device)
    weights[0] = weights[-1] = math.sqrt(0.5)
    shape = [1] * values.dim()
    shape[dim] = -1
    return weights.reshape(shape)


def _along(matrix: Tensor, values: Tensor, dim: int) -> Tensor:
    return torch.movedim(torch.movedim(values, dim, -1) @ matrix.mT, -1, dim)
