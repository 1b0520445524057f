"""Transforms against SciPy, phi functions against their series and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.fft
import torch

from eqdsl.numerics import transforms
from eqdsl.numerics.phi_functions import phi_functions

PAIRS = {
    "dct1": (transforms.dct1, transforms.inverse_dct1, lambda x, axis: scipy.fft.dct(x, type=1, axis=axis)),
    "dct2": (transforms.dct2, transforms.inverse_dct2, lambda x, axis: scipy.fft.dct(x, type=2, axis=axis)),
    "dst1": (transforms.dst1, transforms.inverse_dst1, lambda x, axis: scipy.fft.dst(x, type=1, axis=axis)),
}


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("points", [3, 8, 11])
@pytest.mark.parametrize("dim", [1, 2])
def test_transforms_are_scipy_s_and_have_inverses(name: str, points: int, dim: int) -> None:
    forward, inverse, reference = PAIRS[name]
    shape = (2, points, 4) if dim == 1 else (2, 4, points)
    x = torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(points))
    np.testing.assert_allclose(forward(x, dim).numpy(), reference(x.numpy(), dim), atol=1e-12)
    torch.testing.assert_close(inverse(forward(x, dim), dim), x, rtol=0, atol=1e-13)
    x.requires_grad_()
    assert torch.autograd.gradcheck(lambda v: inverse(forward(v, dim) ** 2, dim), x)


def exact_phi(z: complex, k: int) -> complex:
    """The series in 50 digits' worth of terms for small numbers, the quotient for large ones."""
    if abs(z) < 5:
        return sum(z**n / math.factorial(n + k) for n in range(60))
    value = np.exp(z)
    for j in range(k):
        value = (value - 1 / math.factorial(j)) / z
    return complex(value)


NUMBERS = [0.0, 1e-9, -1e-3, -0.7, -1.0, 1.4, -1.6, -3.0, -30.0, -1e6, 1j, -1 + 1j, 3j, -2 + 40j, 1e-5j]


def test_phi_functions_of_numbers_have_full_digits_near_zero_and_far_from_it() -> None:
    z = torch.tensor(NUMBERS, dtype=torch.complex128).reshape(-1, 1, 1)
    half, whole = phi_functions(z)
    for factor, computed in ((0.5, half), (1.0, whole)):
        for k, values in enumerate(computed):
            exact = np.array([exact_phi(factor * complex(n), k) for n in NUMBERS])
            np.testing.assert_allclose(values.flatten().numpy(), exact, rtol=2e-13, atol=1e-15)


def test_phi_functions_of_real_numbers_are_real_and_the_same() -> None:
    z = torch.tensor([0.0, -1e-9, -0.3, -1.0, -2.9, -500.0], dtype=torch.float64).reshape(-1, 1, 1)
    for real, full in zip(phi_functions(z)[1], phi_functions(z.to(torch.complex128))[1], strict=True):
        assert real.dtype == torch.float64
        torch.testing.assert_close(real, full.real, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("size", [1e-6, 1.0, 300.0])
def test_phi_functions_of_matrices_are_those_of_their_eigenvalues(size: float) -> None:
    generator = torch.Generator().manual_seed(1)
    vectors = torch.randn(5, 3, 3, generator=generator, dtype=torch.float64)
    values = -size * torch.rand(5, 3, generator=generator, dtype=torch.float64)
    matrices = vectors @ torch.diag_embed(values) @ torch.linalg.inv(vectors)
    scalars = phi_functions(values[..., None, None])
    for computed, scalar in zip(phi_functions(matrices), scalars, strict=True):
        for found, number in zip(computed, scalar, strict=True):
            wanted = vectors @ torch.diag_embed(number[..., 0, 0]) @ torch.linalg.inv(vectors)
            torch.testing.assert_close(found, wanted, rtol=0, atol=1e-11)


def test_a_block_without_a_basis_of_eigenvectors_is_no_exception() -> None:
    """``[[0, h], [0, 0]]``, the mean of a wave: its square is zero, so every series ends after two terms."""
    z = torch.tensor([[[0.0, 0.3], [0.0, 0.0]]], dtype=torch.float64)
    one = torch.eye(2, dtype=torch.float64)
    for k, found in enumerate(phi_functions(z)[1]):
        torch.testing.assert_close(found[0], one / math.factorial(k) + z[0] / math.factorial(k + 1))


def test_gradients_of_phi_functions() -> None:
    number = torch.tensor([-0.4, -2.0], dtype=torch.float64).reshape(-1, 1, 1).requires_grad_()
    matrix = torch.tensor([[[-1.0, 0.3], [0.2, -4.0]]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda z: phi_functions(z)[1], number)
    assert torch.autograd.gradcheck(lambda z: phi_functions(z)[1], matrix)
