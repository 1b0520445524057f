"""The modes of walled axes against the matrices they belong to; their transforms are in `integrators/test_modes.py`."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from eqdsl.numerics.mode_bases import CellCosines, NodeCosines, NodeSines, eigenvectors

SPACING = 0.3


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
        eigenvectors(second_difference(9, (-4.0, 4 / 3)), (0, 0)),
        second_difference(9, (-4.0, 4 / 3)),
        0,
    ),
    "one end given": (eigenvectors(second_difference(9, (-2.0, 1.0)), (1, 0)), second_difference(9, (-2.0, 1.0)), None),
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
    assert torch.allclose(back, values, rtol=0, atol=1e-13)
    # A point that a wall gives is a mode of its own, and makes no operator singular that would not be.
    assert torch.equal(back[:, :lower], values[:, :lower]) and torch.equal(back[:, lower + 9 :], values[:, lower + 9 :])
    assert len(basis.eigenvalues) == values.shape[1] and (basis.eigenvalues <= 1e-12).all()
    assert set(basis.eigenvalues.tolist()) == set(basis.eigenvalues.narrow(0, lower, 9).tolist())


@pytest.mark.parametrize("case", CASES)
def test_a_float32_field_stays_float32(case: str) -> None:
    basis, _, ends = CASES[case]
    points = 9 + (1 if ends is None else 2 * ends)
    values = torch.randn(2, points, generator=torch.Generator().manual_seed(2))
    back = basis.to_values(basis.to_modes(values, 1), 1)
    assert back.dtype is torch.float32 and torch.allclose(back, values, rtol=0, atol=1e-5)


def test_a_rotation_has_no_real_modes() -> None:
    assert eigenvectors(torch.tensor([[0.0, 1.0], [-1.0, 0.0]], dtype=torch.float64), (0, 0)) is None
