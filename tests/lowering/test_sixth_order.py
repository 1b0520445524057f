"""Order 6 at walls: second derivatives with real spectra and the order of the scheme; why first derivatives are not."""

from __future__ import annotations

import math

import numpy as np
import pytest

from eqdsl.lowering.closures import closure
from eqdsl.lowering.stencils import central
from eqdsl.lowering.walls import folded
from tests.lowering.hyperbolic import compiled, spectrum
from tests.lowering.manufactured import WALLS, exact_on, solved_error, wall_model

POSITIONS = ["cells", "nodes"]
ENDS = {"held": "u", "closed": "dn(u)", "leak": "dn(u) + 2*u"}


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("upper", ENDS)
@pytest.mark.parametrize("lower", ENDS)
@pytest.mark.parametrize("rate", ["dxx(u)", "div((1 + x)*grad(u))"])
def test_diffusion_has_a_real_spectrum_without_growth(rate, lower, upper, position):
    for points in (14, 20, 40):
        walls = f"bc {ENDS[lower]} = 0 at x = 0\nbc {ENDS[upper]} = 0 at x = 1\n"
        values = spectrum(compiled(f"state u(x)\ndt(u) = {rate}\n{walls}", 6, position, points))
        assert np.abs(values.imag).max() <= 1e-9 * np.abs(values).max()
        assert values.real.max() <= 1e-12 * np.abs(values).max()


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("wall", WALLS)
@pytest.mark.parametrize("operator", ["dxx(u) - u", "div((1 + x^2)*grad(u)) - u"])
def test_steady_diffusion_converges_with_order_six(operator, wall, position):
    fields = [wall_model(operator, wall, 6, position, n + (position == "nodes")) for n in (20, 40)]
    errors = [solved_error(field, exact_on(field)) for field in fields]
    # The flux form on cells comes from below: 5.2, 5.6 with 14 to 28 and 20 to 40 points.
    least = 5.5 if "grad" in operator and position == "cells" else 5.8
    assert least <= math.log2(errors[0] / errors[1]) <= 7.2


@pytest.mark.parametrize("position", POSITIONS)
def test_first_derivatives_of_order_six_would_grow(position):
    """What `check` refuses: advection from a held end to an open one, on 40 points."""
    n, first = 41, 1 if position == "nodes" else 0
    weights = central(1, 6)
    lower = folded(closure(6, 3, position, "dirichlet", 1), 1.0, 0.0)
    upper = folded(closure(6, 3, position, "neumann", 1), 0.0, 1.0)
    eye = np.eye(n)
    below = [sum(w * eye[lower.strip + j] for j, w in enumerate(row)) for row in lower.weights]
    above = [sum(w * eye[n - 1 - j] for j, w in enumerate(row)) for row in upper.weights]
    values = np.array([*reversed(below), *eye[lower.strip :], *above])
    matrix = -sum(w * values[k : k + n] for k, w in enumerate(weights)) * 40
    assert np.linalg.eigvals(matrix[first:, first:]).real.max() > 1.0
