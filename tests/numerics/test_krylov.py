"""Krylov solvers against dense ones, row by row of a batch."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from eqdsl.numerics.krylov import conjugate_gradients, gmres


def batch(symmetric: bool) -> tuple[Tensor, Tensor]:
    """Matrices (B, n, n) away from singular ones, and right-hand sides (B, 6, 10); the last row is zero."""
    generator = torch.Generator().manual_seed(3)
    noise = torch.randn(4, 60, 60, dtype=torch.float64, generator=generator) / 60**0.5
    matrices = noise @ noise.mT if symmetric else noise
    matrices = matrices + 3 * torch.eye(60, dtype=torch.float64)
    right = torch.randn(4, 6, 10, dtype=torch.float64, generator=generator)
    right[3] = 0
    return matrices, right


@pytest.mark.parametrize(("solver", "symmetric"), [(conjugate_gradients, True), (gmres, True), (gmres, False)])
def test_each_row_is_solved(solver, symmetric: bool) -> None:
    matrices, right = batch(symmetric)

    def product(values: Tensor) -> Tensor:
        return (matrices @ values.flatten(1)[:, :, None]).reshape(values.shape)

    outcome = solver(product, lambda values: values / 3, right, 1e-12, 500)
    exact = torch.linalg.solve(matrices, right.flatten(1)[:, :, None]).reshape(right.shape)
    assert outcome.residual <= 1e-12 and outcome.iterations < 100
    assert torch.allclose(outcome.solution, exact, rtol=0, atol=1e-11)
    assert (outcome.solution[3] == 0).all()


def test_a_search_that_needs_restarts_goes_on() -> None:
    """90 different eigenvalues: more than the directions that are kept."""
    scale = torch.linspace(1, 60, 90, dtype=torch.float64)
    outcome = gmres(lambda v: scale * v, lambda v: v, torch.ones(1, 90, dtype=torch.float64), 1e-10, 1000)
    assert outcome.iterations > 40
    assert torch.allclose(outcome.solution * scale, torch.ones(1, 90, dtype=torch.float64), atol=1e-8)


@pytest.mark.parametrize("solver", [conjugate_gradients, gmres])
def test_a_singular_system_ends(solver) -> None:
    right = torch.ones(1, 5, dtype=torch.float64)
    outcome = solver(lambda v: v * torch.tensor([1.0, 1, 1, 1, 0], dtype=torch.float64), lambda v: v, right, 1e-10, 50)
    assert not outcome.residual <= 1e-10
