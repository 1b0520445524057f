"""Observed order of every operator, wall, order, dimension and kind of grid; exact stencil symbols."""

from __future__ import annotations

import math

import numpy as np
import pytest

from eqdsl.lowering import stencils
from tests.lowering.manufactured import (
    OPERATORS,
    WALLS,
    exact_on,
    solved_error,
    truncation_error,
    wall_model,
)

TAU = 2 * math.pi


def observed_order(errors: list[float]) -> float:
    return math.log2(errors[-2] / errors[-1])


@pytest.mark.parametrize("position", ["cells", "nodes"])
@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("wall", WALLS)
@pytest.mark.parametrize("operator", OPERATORS)
def test_steady_problems_converge_with_the_order_of_the_scheme(operator, wall, order, position):
    extra = 1 if position == "nodes" else 0
    sizes = (20, 40, 80) if order == 4 else (40, 80, 160)
    errors = []
    for n in sizes:
        field = wall_model(operator, wall, order, position, n + extra)
        errors.append(solved_error(field, exact_on(field)))
    # A closure one order better than the interior may only help.
    assert order - 0.2 <= observed_order(errors) <= order + 1.2


PERIODIC = {
    "dx(u)": lambda u, du, ddu: du,
    "dxx(u)": lambda u, du, ddu: ddu,
    "dx(u^2/2)": lambda u, du, ddu: u * du,
    "dx((2 + u)*dx(u))": lambda u, du, ddu: du**2 + (2 + u) * ddu,
}


@pytest.mark.parametrize("order", [2, 4, 6])
@pytest.mark.parametrize("operator", PERIODIC)
def test_periodic_operators_in_one_dimension(operator, order):
    text = f"space x in [0, 2*pi] periodic\nscheme order = {order}\nstate u(x)\ndt(u) = {operator}\n"
    rate = PERIODIC[operator]
    errors = [
        truncation_error(text, {"x": n}, np.sin, lambda x: rate(np.sin(x), np.cos(x), -np.sin(x))) for n in (24, 48, 96)
    ]
    assert observed_order(errors) == pytest.approx(order, abs=0.2)


@pytest.mark.parametrize(("operator", "order_of_derivative"), [("dxxx(u)", 3), ("dxxxx(u)", 4), ("d(u, x, 5)", 5)])
@pytest.mark.parametrize("order", [2, 4, 6])
def test_higher_derivatives(operator, order_of_derivative, order):
    text = f"space x in [0, 2*pi] periodic\nscheme order = {order}\nstate u(x)\ndt(u) = {operator}\n"
    shifted = order_of_derivative * math.pi / 2
    errors = [truncation_error(text, {"x": n}, np.sin, lambda x: np.sin(x + shifted)) for n in (16, 32, 64)]
    assert observed_order(errors) == pytest.approx(order, abs=0.2)


@pytest.mark.parametrize("order", [2, 4, 6])
def test_mixed_derivative_and_biharmonic_in_two_dimensions(order):
    head = f"space x in [0, 2*pi] periodic, y in [0, 2*pi] periodic\nscheme order = {order}\nstate u(x, y)\n"
    state = lambda x, y: np.sin(x) * np.cos(2 * y)  # noqa: E731
    cases = {
        "dxy(u)": lambda x, y: -2 * np.cos(x) * np.sin(2 * y),
        "biharm(u)": lambda x, y: 25 * np.sin(x) * np.cos(2 * y),
        "lap(u)": lambda x, y: -5 * np.sin(x) * np.cos(2 * y),
        "advect((1, 2), u)": lambda x, y: np.cos(x) * np.cos(2 * y) - 4 * np.sin(x) * np.sin(2 * y),
    }
    for operator, rate in cases.items():
        text = head + f"dt(u) = {operator}\n"
        errors = [truncation_error(text, {"x": n, "y": n + n // 8}, state, rate) for n in (32, 64)]
        assert observed_order(errors) == pytest.approx(order, abs=0.2), operator


@pytest.mark.parametrize("order", [2, 4, 6])
def test_laplacian_and_flux_form_in_three_dimensions(order):
    head = (
        "space x in [0, 2*pi] periodic, y in [0, 2*pi] periodic, z in [0, 2*pi] periodic\n"
        f"scheme order = {order}\nstate u(x, y, z)\n"
    )
    state = lambda x, y, z: np.sin(x) * np.sin(y) * np.cos(z)  # noqa: E731
    for operator, factor in {"lap(u)": -3.0, "div(2*grad(u))": -6.0}.items():
        text = head + f"dt(u) = {operator}\n"
        errors = [
            truncation_error(text, {"x": n, "y": n, "z": n}, state, lambda *p: factor * state(*p))  # noqa: B023
            for n in (16, 32)
        ]
        assert observed_order(errors) == pytest.approx(order, abs=0.2), operator


@pytest.mark.parametrize("order", [2, 4, 6])
@pytest.mark.parametrize("derivative", [1, 2, 3, 4])
def test_central_weights_differentiate_monomials_exactly(derivative, order):
    weights = stencils.central(derivative, order)
    radius = len(weights) // 2
    for power in range(derivative + order):
        value = sum(w * float(k) ** power for w, k in zip(weights, range(-radius, radius + 1), strict=True))
        expected = math.factorial(derivative) if power == derivative else 0.0
        assert value == pytest.approx(expected, abs=1e-11)


def test_symbols_of_the_usual_stencils():
    """The Fourier symbols: i sin(kh)/h, -4 sin^2(kh/2)/h^2, and their order-4 forms."""
    theta = np.linspace(0.1, 3.0, 7)

    def symbol(weights):
        radius = len(weights) // 2
        return sum(w * np.exp(1j * theta * k) for w, k in zip(weights, range(-radius, radius + 1), strict=True))

    assert symbol(stencils.central(1, 2)) == pytest.approx(1j * np.sin(theta), abs=1e-12)
    assert symbol(stencils.central(2, 2)) == pytest.approx(-4 * np.sin(theta / 2) ** 2, abs=1e-12)
    assert symbol(stencils.central(1, 4)) == pytest.approx(1j * (8 * np.sin(theta) - np.sin(2 * theta)) / 6, abs=1e-12)
    expected = -(15 - 16 * np.cos(theta) + np.cos(2 * theta)) / 6
    assert symbol(stencils.central(2, 4)) == pytest.approx(expected, abs=1e-12)
