"""No growing modes at walls, and the order of the scheme for waves that pass them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.lowering.hyperbolic import LINEAR, WAVES, compiled, spectrum, wave_error

POSITIONS = ["cells", "nodes"]


def growth(values: np.ndarray, points: int) -> float:
    """Largest real part; what hardly moves is left out: rounding splits a double zero by its square root."""
    return float(values.real[np.abs(values) > 1e-6 * points].max(initial=-np.inf))


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("problem", LINEAR)
def test_no_mode_grows(problem, order, position):
    for points in (20, 40, 80):
        found = growth(spectrum(compiled(LINEAR[problem], order, position, points)), points)
        assert found <= 1e-8 * points, points


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("problem", ["acoustics, closed", "acoustics, closed and open"])
def test_no_number_of_points_makes_sound_grow(problem, position):
    """Two neutral modes may meet on some grids only, so every size counts."""
    for points in range(12, 65):
        assert growth(spectrum(compiled(LINEAR[problem], 4, position, points)), points) <= 1e-8 * points, points


@pytest.mark.parametrize("problem", [p for p in LINEAR if p.startswith(("heat", "flux"))])
@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("order", [2, 4])
def test_diffusion_has_a_real_spectrum(problem, order, position):
    values = spectrum(compiled(LINEAR[problem], order, position, 40))
    assert np.abs(values.imag).max() <= 1e-9 * np.abs(values).max()


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("problem", WAVES)
def test_waves_through_walls_converge_with_the_order_of_the_scheme(problem, order, position):
    sizes = (40, 80) if order == 2 else (20, 40)
    errors = [wave_error(compiled(WAVES[problem], order, position, n), end=1.0) for n in sizes]
    assert order - 0.2 <= math.log2(errors[0] / errors[1]) <= order + 0.5
