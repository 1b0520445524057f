"""Polynomial families: what they represent, their coefficients in physical inputs, sparsity."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eqdsl.learned.library import Library
from eqdsl.learned.poly import Poly
from eqdsl.learned.polynomial import exponents_up_to, multiplied, substituted
from eqdsl.model.learned_terms import Constraint, Parity, Pinned, Range
from eqdsl.model.model import INF
from tests.learned.building import term

EXPONENTS = exponents_up_to(2, 3)
CONSTRAINTS: list[list[Constraint]] = [
    [],
    [Pinned(0, ((0, 0.0),), 0.0), Pinned(0, ((1, 0.0),), 0.0)],
    [Pinned(0, ((0, 1.0),), 0.5), Pinned(0, ((0, -2.0),), 2.0)],
    [Parity(0, True), Pinned(0, ((0, 1.0), (1, 0.5)), 0.3)],
]


def evaluated(coefficients: list[tuple[tuple[int, ...], float]], x: torch.Tensor) -> torch.Tensor:
    total = torch.zeros(len(x), dtype=torch.float64)
    for exponents, value in coefficients:
        total = total + value * math.prod(x[:, i] ** e for i, e in enumerate(exponents))
    return total


@pytest.mark.parametrize(("inputs", "degree", "count"), [(1, 3, 4), (2, 3, 10), (3, 4, 35), (5, 2, 21)])
def test_number_of_monomials(inputs: int, degree: int, count: int) -> None:
    f = term("poly", inputs, sizes=(degree,))
    assert isinstance(f.family, Poly)
    x = torch.randn(7, inputs, dtype=torch.float64)
    features = f.family.features(x)
    assert features.shape == (7, count)
    for column, exponents in enumerate(f.family.monomials.exponents):
        torch.testing.assert_close(features[:, column], math.prod(x[:, i] ** e for i, e in enumerate(exponents)))


def test_poly_represents_a_cubic_by_least_squares() -> None:
    f = term("poly", 2, sizes=(3,))
    assert isinstance(f.family, Poly)
    x = torch.randn(200, 2, dtype=torch.float64)
    truth = {(3, 0): -1.0, (1, 0): 1.0, (0, 1): -1.0, (1, 2): 0.25, (0, 0): -0.005}
    target = evaluated(list(truth.items()), x)
    features = f.family.features((x - f.input_center) / f.input_scale) * f.output_scale
    with torch.no_grad():
        f.family.weight.copy_(torch.linalg.lstsq(features, target.unsqueeze(1)).solution.T)
    assert (f(x)[:, 0] - target).abs().max() < 1e-10
    found = dict(f.coefficients() or [])
    for exponents in EXPONENTS:
        assert found.get(exponents, 0.0) == pytest.approx(truth.get(exponents, 0.0), abs=1e-10)


@pytest.mark.parametrize("family", ["poly", "library"])
@pytest.mark.parametrize("constraints", CONSTRAINTS)
def test_physical_coefficients_are_the_function(family: str, constraints: list[Constraint]) -> None:
    f = term(family, 2, 1, constraints, sizes=(3,))
    x = 2 * torch.randn(50, 2, dtype=torch.float64)
    torch.testing.assert_close(evaluated(f.coefficients() or [], x), f(x)[:, 0], rtol=1e-9, atol=1e-9)


def test_terms_that_are_not_polynomials_have_no_coefficients() -> None:
    assert term("mlp", 1, sizes=(4,)).coefficients() is None
    assert term("poly", 1, 1, [Range(0, 0.0, INF)], sizes=(2,)).coefficients() is None


def test_library_is_scaled_but_never_shifted() -> None:
    """A shift would turn each sparse formula into a dense one."""
    f = term("library", 2, sizes=(2,))
    assert (f.input_center == 0).all()
    torch.testing.assert_close(f.input_scale, torch.hypot(torch.tensor([0.3, 0.6]), torch.tensor([1.7, 1.7])).double())
    assert isinstance(f.family, Library)
    with torch.no_grad():
        f.family.weight.zero_()
        f.family.weight[0, 4] = 1.0
    assert [e for e, _ in f.coefficients() or []] == [f.family.monomials.exponents[4]]


def test_sparsify_masks_the_small_weights_for_good() -> None:
    f = term("library", 2, sizes=(2,))
    family = f.family
    assert isinstance(family, Library)
    with torch.no_grad():
        family.weight.copy_(torch.tensor([[0.0, 1.0, -0.04, 0.5, 0.06, 1e-6]]))
    before = family.complexity()
    assert family.sparsify(0.05) == (3, 6)
    assert family.complexity() < before
    assert len(f.coefficients() or []) == 3
    f(torch.randn(9, 2, dtype=torch.float64)).sum().backward()
    assert family.weight.grad is not None
    assert (family.weight.grad[0, [0, 2, 5]] == 0).all()


def test_complexity_is_about_the_sum_of_magnitudes_and_smooth_at_zero() -> None:
    family = term("library", 1, sizes=(2,)).family
    assert isinstance(family, Library)
    with torch.no_grad():
        family.weight.copy_(torch.tensor([[0.0, 2.0, -3.0]]))
    assert family.complexity().item() == pytest.approx(5.0, abs=1e-2)
    family.complexity().backward()
    assert family.weight.grad is not None
    assert family.weight.grad[0].tolist() == pytest.approx([0.0, 1.0, -1.0], abs=1e-6)


COEFFICIENTS = st.lists(st.floats(-2, 2), min_size=6, max_size=6)


@settings(max_examples=50, deadline=None)
@given(COEFFICIENTS, COEFFICIENTS, st.floats(-2, 2), st.floats(-2, 2))
def test_algebra_agrees_with_evaluation(p: list[float], q: list[float], slope: float, shift: float) -> None:
    keys = exponents_up_to(2, 2)
    left, right = dict(zip(keys, p, strict=True)), dict(zip(keys, q, strict=True))
    x = torch.tensor([[0.3, -1.2], [1.5, 0.7]], dtype=torch.float64)
    moved = substituted(left, [slope, 1.0], [shift, 0.5])
    there = x * torch.tensor([slope, 1.0], dtype=x.dtype) + torch.tensor([shift, 0.5], dtype=x.dtype)
    at_there = evaluated(list(left.items()), there)
    torch.testing.assert_close(evaluated(list(moved.items()), x), at_there, rtol=1e-9, atol=1e-9)
    product = evaluated(list(multiplied(left, right).items()), x)
    factors = [evaluated(list(p.items()), x) for p in (left, right)]
    torch.testing.assert_close(product, factors[0] * factors[1], rtol=1e-9, atol=1e-9)
