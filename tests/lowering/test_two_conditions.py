"""Third and fourth derivatives between walls: spectra, observed orders, closed forms, two dimensions."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.lowering.hyperbolic import compiled, spectrum
from tests.lowering.manufactured import exact_on, solved_error
from tests.lowering.two_conditions import BEAM_SOURCE, KDV_SOURCE, PAIRS, THIRD, fourth, steady, walls

POSITIONS = ["cells", "nodes"]


def growth(values: np.ndarray) -> float:
    """Largest real part, in units of the largest eigenvalue."""
    return float(values.real.max() / np.abs(values).max())


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("rate", ["-dxxxx(u)", "-lap(lap(u))", "-dxx(2*dxx(u))"])
def test_beams_have_a_real_spectrum_without_growth(rate, pair, order, position):
    for points in (12, 25, 40):
        values = spectrum(fourth(rate, PAIRS[pair], order, position, points))
        assert np.abs(values.imag).max() <= 1e-9 * np.abs(values).max(), points
        assert growth(values) <= 1e-11, points


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("sides", THIRD)
def test_third_derivatives_do_not_grow_with_one_condition_and_two(sides, order, position):
    for points in (12, 25, 40, 80):
        values = spectrum(
            compiled("state u(x)\ndt(u) = -dxxx(u)\n" + walls(*THIRD[sides], False), order, position, points)
        )
        assert growth(values) <= 1e-10, points


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("pair", PAIRS)
def test_steady_beams_converge_with_the_order_of_the_scheme(pair, order, position):
    sizes = (40, 80) if order == 2 else (24, 48)
    fields = [steady("-dxxxx(u) - u", BEAM_SOURCE, (PAIRS[pair],) * 2, order, position, n) for n in sizes]
    errors = [solved_error(field, exact_on(field)) for field in fields]
    assert order - 0.2 <= math.log2(errors[0] / errors[1]) <= order + 2.6


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("sides", THIRD)
def test_steady_third_derivatives_converge_with_the_order_of_the_scheme(sides, order, position):
    sizes = (80, 160) if order == 2 else (32, 64)
    fields = [steady("-dxxx(u) - u", KDV_SOURCE, THIRD[sides], order, position, n) for n in sizes]
    errors = [solved_error(field, exact_on(field)) for field in fields]
    assert order - 0.2 <= math.log2(errors[0] / errors[1]) <= order + 1.6


CLAMPED = 4.730040744862704
"""The smallest root of ``cos(b)*cosh(b) = 1``."""


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize(("pair", "exact"), [("clamped", CLAMPED**4), ("supported", math.pi**4), ("free", CLAMPED**4)])
def test_the_slowest_mode_of_a_beam_is_that_of_the_textbook(pair, exact, order, position):
    errors = []
    for points in (16, 32):
        values = np.sort(-spectrum(fourth("-dxxxx(u)", PAIRS[pair], order, position, points)).real)
        errors.append(abs(values[values > 1e-3 * exact][0] - exact))
    assert order - 0.2 <= math.log2(errors[0] / errors[1]) <= order + 2.6
