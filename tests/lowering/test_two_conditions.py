"""Third and fourth derivatives between walls: spectra, observed orders, closed forms, two dimensions."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from eqdsl.analysis.check import loads_model
from eqdsl.core.errors import UsageError
from eqdsl.lowering.vector_field import compile_model
from eqdsl.numerics.integrators.integrate import integrate
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
    sizes = (40, 80) if order == 2 else (16, 32)
    fields = [steady("-dxxxx(u) - u", BEAM_SOURCE, (PAIRS[pair],) * 2, order, position, n) for n in sizes]
    errors = [solved_error(field, exact_on(field)) for field in fields]
    # Cells of order 4 come from below, 3.8 here, until rounding, which grows like n^4, ends the comparison.
    assert order - 0.25 <= math.log2(errors[0] / errors[1]) <= order + 2.6


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("sides", THIRD)
def test_steady_third_derivatives_converge_with_the_order_of_the_scheme(sides, order, position):
    sizes = (80, 160) if order == 2 else (16, 32)
    fields = [steady("-dxxx(u) - u", KDV_SOURCE, THIRD[sides], order, position, n) for n in sizes]
    errors = [solved_error(field, exact_on(field)) for field in fields]
    assert order - 0.25 <= math.log2(errors[0] / errors[1]) <= order + 1.6


CLAMPED = 4.730040744862704
"""The smallest root of ``cos(b)*cosh(b) = 1``."""


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize(("pair", "exact"), [("clamped", CLAMPED**4), ("supported", math.pi**4), ("free", CLAMPED**4)])
def test_the_slowest_mode_of_a_beam_is_that_of_the_textbook(pair, exact, order, position):
    errors = []
    for points in (32, 64):
        values = np.sort(-spectrum(fourth("-dxxxx(u)", PAIRS[pair], order, position, points)).real)
        errors.append(abs(values[values > 1e-3 * exact][0] - exact) / exact)
    # Order 4 comes from below: 3.4, 3.55, 3.66 for the clamped beam on 16, 24 and 32 nodes doubled.
    assert (1.8 if order == 2 else 3.6) <= math.log2(errors[0] / errors[1]) <= order + 0.5
    assert errors[1] <= (3e-3 if order == 2 else 2e-6)


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("pair", ["clamped", "supported", "no flux", "slope and moment", "sprung hinge"])
def test_transport_does_not_grow_beside_a_weak_fourth_derivative(pair, order, position):
    """With ghosts of both conditions the clamped end had 96 and 170 here, on 20 and 40 cells at order 4."""
    for factor in ("1e-3", "1e-5", "1e-7"):
        for points in (20, 40):
            rate = f"-dx(u) - {factor}*dxxxx(u)"
            assert spectrum(fourth(rate, PAIRS[pair], order, position, points)).real.max() <= 1e-9 * points


def test_at_order_two_nothing_leaves_a_closed_box():
    """Ghosts are mirror images there, so that the sum over all cells never changes."""
    field = compile_model(
        loads_model(
            "space x in [0, 1], y in [0, 1]\ngrid x = 9, y = 7\nstate c(x, y)\n"
            "known mu = c^3 - c - 0.01*lap(c)\ndt(c) = div((1 - c^2)*grad(mu))\n"
        )
    )
    state = torch.rand(1, 1, 9, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    rate = field(0.0, state)
    assert float(rate.sum().abs()) <= 1e-12 * float(rate.abs().sum())


PLATE = (
    "space x in [0, 1], y in [0, 2]\ngrid x = {nx} {position}, y = {ny} {position}\nscheme order = {order}\n"
    "state u(x, y)\ndt(u) = -biharm(u)\n{walls}"
)
SUPPORTED = "bc u = 0 at boundary\nbc lap(u) = 0 at boundary\n"
CLAMPED_PLATE = "bc u = 0 at boundary\nbc dn(u) = 0 at boundary\n"


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("order", [2, 4])
def test_a_supported_plate_decays_as_in_the_textbook(order, position):
    """``sin(pi*x)*sin(pi*y/2)`` is a mode with the rate ``-(pi^2 + pi^2/4)^2``, corners included."""
    errors = []
    for n in (16, 32):
        more = int(position == "nodes")
        text = PLATE.format(nx=n + more, ny=n + more, order=order, position=position, walls=SUPPORTED)
        field = compile_model(loads_model(text))
        points = field.grid.coordinates()
        mode = np.outer(np.sin(math.pi * points["x"]), np.sin(math.pi * points["y"] / 2))
        rate = field(0.0, torch.as_tensor(mode)[None, None])[0, 0].numpy()
        # The mean against the mode is its rate of decay; errors at the walls weigh little there, as the mode does.
        found = float((rate * mode).sum() / (mode * mode).sum())
        errors.append(abs(found + (1.25 * math.pi**2) ** 2))
    assert order - 0.2 <= math.log2(errors[0] / errors[1])


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("conditions", [SUPPORTED, CLAMPED_PLATE, ""], ids=["supported", "clamped", "no flux"])
def test_no_mode_of_a_plate_grows(conditions, order, position):
    text = PLATE.format(nx=11, ny=12, order=order, position=position, walls=conditions)
    field = compile_model(loads_model(text))
    unit = torch.eye(132, dtype=torch.float64).reshape(132, 1, 11, 12)
    with torch.no_grad():
        matrix = field(0.0, unit).reshape(132, 132).numpy().T
    values = np.linalg.eigvals(matrix)
    assert growth(values) <= 1e-11
    assert np.abs(values.imag).max() <= 1e-6 * np.abs(values).max()


@pytest.mark.parametrize("position", POSITIONS)
def test_gradients_pass_through_fitted_conditions(position):
    """Coefficients and right sides of both conditions, which the closure solves for together."""
    model = loads_model(
        f"space x in [0, 1]\ngrid x = 9 {position}\nstate u(x)\n"
        "param h = fit 2 in (0, 9)\nparam g = fit 0.3 in (0, 9)\n"
        "dt(u) = -dxxxx(u)\nbc h*u + dn(u) = g*t at x = 0\nbc dxx(u) - h*g*dn(u) = 1 at x = 0\n"
        "bc u = g at x = 1\nbc dxx(u) + h*dn(u) = g at x = 1\n"
    )
    field = compile_model(model)
    state = torch.rand(1, 1, 9, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    names = [name for name, _ in field.named_parameters()]
    given = tuple(p.detach().double().clone().requires_grad_() for p in field.parameters())

    def rate(u, *values):
        return torch.func.functional_call(field, dict(zip(names, values, strict=True)), (torch.tensor(0.7), u))

    assert len(given) == 2
    assert torch.autograd.gradcheck(rate, (state.requires_grad_(), *given), atol=1e-3, rtol=1e-6)


def test_numbers_and_parameters_make_the_same_ghosts():
    """The two ways to solve for both conditions, folded into weights and by Cramer's rule, agree."""
    text = (
        "space x in [0, 1]\ngrid x = 11\nscheme order = 4\nstate u(x)\n{}dt(u) = -dxxxx(u)\n"
        "bc u = 0.1*t at x = 0\nbc dxx(u) - {}*dn(u) = 0.3 at x = 0\n"
        "bc dn(u) + {}*u = 0.2 at x = 1\nbc dn(dxx(u)) = t at x = 1\n"
    )
    state = torch.rand(1, 1, 11, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    numbers = compile_model(loads_model(text.format("", 2.5, 2.5)))(0.4, state)
    fitted = compile_model(loads_model(text.format("param h = 2.5 in (0, 9)\n", "h", "h")))(0.4, state)
    assert torch.allclose(numbers, fitted, rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("pair", ["clamped", "supported", "no flux"])
def test_split_methods_take_the_fourth_derivative_with_its_walls(pair, position):
    """A step 100 times that of an explicit method: the fourth derivative is in the exponential, its walls too."""
    first, second = PAIRS[pair]
    text = (
        f"space x in [0, 1]\ngrid x = 25 {position}\nstate u(x)\ndt(u) = -0.001*dxxxx(u) - u^3\n"
        f"bc {first} = 0 at boundary\nbc {second} = 0 at boundary\ninit u = 0.3*sin(pi*x)^2\n"
    )
    field = compile_model(loads_model(text))
    times = torch.tensor([0.0, 0.1], dtype=torch.float64)
    with torch.no_grad():
        start = field.initial_state()
        split = integrate(field, start, times, method="etdrk4", substeps=8)
        reference = integrate(field, start, times, method="dopri5", rtol=1e-7, atol=1e-9)
    assert float((split - reference)[0, -1].abs().max()) <= 1e-6


def test_a_clamped_plate_has_no_modes_for_a_split_method():
    """Its mixed derivative and its fourth ones share no eigenvectors; the refusal says what to take instead."""
    text = PLATE.format(nx=10, ny=11, order=2, position="cells", walls=CLAMPED_PLATE)
    field = compile_model(loads_model(text + "init u = 0\n"))
    times = torch.tensor([0.0, 1.0], dtype=torch.float64)
    with pytest.raises(UsageError, match="along `x` and `y` its walls allow no transform") as caught:
        integrate(field, field.initial_state(), times, method="etdrk4", substeps=4)
    assert "rk4" in str(caught.value.help)
