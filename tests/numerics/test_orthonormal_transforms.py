"""Cosine and sine transforms against SciPy, and the modes of walled axes against the matrices they belong to."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.fft
import torch

from eqdsl.numerics.mode_bases import CellCosines, Eigenvectors, ModeBasis, NodeCosines, NodeSines, has_real_modes
from eqdsl.numerics.orthonormal_transforms import cells_of_cosine, cosine_of_cells, cosine_of_nodes, sine_of_nodes

SPACING = 0.3
PAIRS = [
    (cosine_of_cells, scipy.fft.dct, 2),
    (cells_of_cosine, scipy.fft.idct, 2),
    (cosine_of_nodes, scipy.fft.dct, 1),
    (sine_of_nodes, scipy.fft.dst, 1),
]


@pytest.mark.parametrize(("ours", "theirs", "kind"), PAIRS, ids=["dct2", "idct2", "dct1", "dst1"])
@pytest.mark.parametrize("shape", [(3, 7, 4), (3, 8, 5)], ids=["odd", "even"])
@pytest.mark.parametrize("dim", [1, 2])
def test_a_transform_is_that_of_scipy(ours, theirs, kind: int, shape: tuple[int, ...], dim: int) -> None:
    values = np.random.default_rng(1).standard_normal(shape)
    expected = theirs(values, type=kind, norm="ortho", axis=dim)
    assert np.abs(ours(torch.as_tensor(values), dim).numpy() - expected).max() < 1e-14
    single = ours(torch.as_tensor(values, dtype=torch.float32), dim)
    assert single.dtype is torch.float32 and np.abs(single.numpy() - expected).max() < 1e-5


def second_difference(points: int, first: tuple[float, float]) -> torch.Tensor:
    """The matrix of (1, -2, 1) with the first and the last row's two entries given."""
    matrix = np.diag(np.full(points, -2.0)) + np.diag(np.ones(points - 1), 1) + np.diag(np.ones(points - 1), -1)
    matrix[0, :2], matrix[-1, -2:] = first, first[::-1]
    return torch.as_tensor(matrix / SPACING**2)


CASES = {
    "no slope, cells": (CellCosines(9, SPACING), second_difference(9, (-1.0, 1.0)), 0),
    "no slope, nodes": (NodeCosines(9, SPACING), second_difference(9, (-2.0, 2.0)), 0),
    "values, nodes": (NodeSines(11, SPACING), second_difference(9, (-2.0, 1.0)), 1),
    "values, cells": (
        Eigenvectors(second_difference(9, (-4.0, 4 / 3)), (0, 0)),
        second_difference(9, (-4.0, 4 / 3)),
        0,
    ),
    "one end given": (Eigenvectors(second_difference(9, (-2.0, 1.0)), (1, 0)), second_difference(9, (-2.0, 1.0)), None),
}


@pytest.mark.parametrize("case", CASES)
def test_modes_turn_a_second_derivative_into_a_product(case: str) -> None:
    basis, matrix, ends = CASES[case]
    lower, upper = (1, 0) if ends is None else (ends, ends)
    values = torch.randn(2, lower + 9 + upper, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    inner = values.narrow(1, lower, 9)
    derived = basis.to_values(basis.to_modes(values, 1) * basis.eigenvalues, 1)
    assert torch.allclose(derived.narrow(1, lower, 9), inner @ matrix.T, rtol=0, atol=1e-11)
    back = basis.to_values(basis.to_modes(values, 1), 1)
    assert torch.allclose(back.narrow(1, lower, 9), inner, rtol=0, atol=1e-13)
    assert (back[:, :lower] == 0).all() and (back[:, lower + 9 :] == 0).all()
    assert isinstance(basis, ModeBasis) and (basis.eigenvalues <= 1e-12).all()


def test_a_rotation_has_no_real_modes() -> None:
    assert not has_real_modes(torch.tensor([[0.0, 1.0], [-1.0, 0.0]], dtype=torch.float64))
