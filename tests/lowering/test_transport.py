"""Transport schemes: order, no new extrema, conservation, gradients, walls."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmarks.transport import BOUNDED, SCHEMES, burgers, observed_order, rotation, sod_error
from eqdsl.analysis.check import loads_model
from eqdsl.cli.describe import model_in_words, model_json
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.model.scheme import ARGUMENTS
from eqdsl.numerics.integrators.integrate import integrate
from eqdsl.numerics.reconstruction.table import RECONSTRUCTIONS
from eqdsl.numerics.spectral_bound import spectral_bound
from tests.lowering.hyperbolic import LINEAR, compiled, spectrum

LINE = "space x in [0, 1] periodic\ngrid x = {}\nstate u(x)\n"
GAS = (
    "space x in [0, 1] periodic\ngrid x = {}\nstate rho(x), m(x), E(x)\nlet p = 0.4*(E - m^2/(2*rho))\n"
    "dt(rho) = -dx(m)\ndt(m) = -dx(m^2/rho) - dx(p)\ndt(E) = -dx((E + p)*m/rho)\n"
)


def built(text: str) -> VectorField:
    return compile_model(loads_model(text))


def on_line(body: str, points: int = 12) -> VectorField:
    return built(LINE.format(points) + body)


def rate(field: VectorField, *channels: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return field(0.0, torch.stack(channels)[None])[0]


def waves(points: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(points, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_every_scheme_of_the_language_has_a_reconstruction():
    assert set(RECONSTRUCTIONS) == {f"{name}({a})" for name, arguments in ARGUMENTS.items() for a in arguments}


@pytest.mark.parametrize(
    ("scheme", "order", "points"),
    [("upwind(1)", 1, 80), ("upwind(3)", 3, 20), ("upwind(5)", 5, 20), ("weno(5)", 5, 20)],
)
def test_a_smooth_wave_converges_with_the_order_of_the_scheme(scheme, order, points):
    assert abs(observed_order(scheme, points) - order) <= 0.2


@pytest.mark.parametrize("scheme", [s for s in SCHEMES if s.startswith("tvd")])
def test_limited_lines_are_of_second_order_away_from_extrema(scheme):
    assert abs(observed_order(scheme, 80, away=True) - 2) <= 0.2


@pytest.mark.parametrize("scheme", ["upwind(1)", "tvd(minmod)"])
def test_a_rotated_slotted_disc_has_no_new_extrema(scheme):
    found = rotation(scheme, points=40, turns=0.1)
    assert found.overshoot <= 1e-12
    assert found.mass <= 1e-12


def test_weno_keeps_a_rotated_disc_within_a_few_percent():
    """Fronts one or two cells apart leave no smooth parabola, so WENO does not keep the extrema of a disc exactly."""
    found = rotation("weno(5)", points=40, turns=0.05)
    assert found.overshoot <= 0.07
    assert found.mass <= 1e-12


@pytest.mark.parametrize("declared", ["", " in [0, 1]", " in [0, inf)"])
def test_weno_with_bounds_makes_no_new_extrema_under_its_step_bound(declared):
    """Zhang and Shu: speed*step/spacing, summed over the axes, at most 1/12."""
    field = built(
        f"space x in [-1, 1] periodic, y in [-1, 1] periodic\ngrid x = 20, y = 20\nstate u(x, y){declared}\n"
        "scheme dx = weno(5, bounded), dy = weno(5, bounded)\ndt(u) = y*dx(u) - x*dy(u)\n"
        "init u = heaviside(0.3 - abs(x - 0.4))*heaviside(0.3 - abs(y))\n"
    )
    start, times = field.initial_state(), torch.linspace(0, 0.5, 6, dtype=torch.float64)
    with torch.no_grad():
        states = integrate(field, start, times, method="ssprk3", substeps=24)
    assert states.min() >= -1e-14
    assert states.max() <= (1 + 1e-14 if declared != " in [0, inf)" else 1.1)
    assert (states.sum((2, 3, 4)) / start.sum() - 1).abs().max() <= 1e-12


def test_weno_with_bounds_keeps_its_order_and_the_range_that_the_state_declares():
    assert abs(observed_order(BOUNDED, 20) - 5) <= 0.2


def test_weno_with_bounds_makes_no_new_extrema_at_a_shock():
    found = burgers(BOUNDED, points=50)
    assert found.overshoot <= 1e-14
    assert found.mass <= 1e-12


def test_a_system_is_not_limited():
    """It has no maximum principle; a scalar that stands beside it has."""
    beside = "state c(x) in [0, 1]\ndt(c) = -dx(c)\n"
    plain, bounded = (built(GAS.format(12) + beside + f"scheme dx = {s}\n") for s in ("weno(5)", BOUNDED))
    states = [2 + 0.1 * waves(12), 0.3 * waves(12, 1), 5 + 0.1 * waves(12, 2), (waves(12, 3) > 0).double()]
    found, limited = rate(plain, *states), rate(bounded, *states)
    assert torch.equal(found[:3], limited[:3])
    assert (found[3] - limited[3]).abs().max() > 1e-3
    told = "\n".join(bounded.model.transport)
    assert "`-dx(m)` in dt(rho) along x: weno(5, bounded), flux form (Rusanov), conservative, not limited" in told
    assert "`-dx(c)` in dt(c) along x: weno(5, bounded), flux form (Rusanov), conservative, limited to [0, 1]" in told


@pytest.mark.parametrize(
    ("scheme", "most"), [("tvd(minmod)", 1e-12), ("tvd(vanleer)", 1e-12), ("tvd(mc)", 1e-12), ("weno(5)", 1e-3)]
)
def test_a_shock_makes_no_new_extrema(scheme, most):
    found = burgers(scheme, points=50)
    assert found.overshoot <= most
    assert found.mass <= 1e-12


@pytest.mark.parametrize(("scheme", "most"), [("tvd(minmod)", 0.02), ("weno(5)", 0.013)])
def test_the_shock_tube_nears_the_exact_solution(scheme, most):
    """With shock and contact no scheme has more than first order in the mean."""
    (coarse, _), (fine, mass) = (sod_error(scheme, points=n) for n in (25, 50))
    assert fine <= most
    assert coarse / fine >= 1.5
    assert mass <= 1e-12


@pytest.mark.parametrize("scheme", SCHEMES)
def test_constant_states_stay_and_what_leaves_a_cell_enters_the_next(scheme):
    field = built(GAS.format(12) + f"scheme dx = {scheme}\n")
    ones = torch.ones(12, dtype=torch.float64)
    assert rate(field, 1.2 * ones, 0.3 * ones, 2.5 * ones).abs().max() <= 1e-12
    moved = rate(field, 2 + 0.1 * waves(12), 0.3 * waves(12, 1), 5 + 0.1 * waves(12, 2))
    assert moved.abs().max() > 0.1
    assert moved.sum(-1).abs().max() <= 1e-12 * 12 * moved.abs().max()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_gradients_through_an_unknown_flux_are_exact(scheme):
    field = on_line(f"learned f(u) by mlp(4, act = tanh)\nscheme dx = {scheme}\ndt(u) = -dx(f(u)) - u*dx(u)\n", 8)
    weights = {n: p.detach().clone() + 0.3 for n, p in field.named_parameters()}
    names, start = list(weights), waves(8).reshape(1, 1, 8).requires_grad_()

    def evaluated(state, *values):
        return torch.func.functional_call(field, dict(zip(names, values, strict=True)), (0.0, state))

    values = [weights[n].requires_grad_() for n in names]
    assert torch.autograd.gradcheck(evaluated, (start, *values), atol=1e-6, rtol=1e-4)


def test_gradients_through_a_system_are_exact():
    field = built(GAS.format(6) + "scheme dx = upwind(3)\n")
    start = torch.stack([2 + 0.1 * waves(6), 0.3 * waves(6, 1), 5 + 0.1 * waves(6, 2)])[None].requires_grad_()
    assert torch.autograd.gradcheck(lambda state: field(0.0, state), (start,), atol=1e-6, rtol=1e-4)


def test_the_flux_is_that_of_rusanov_with_the_slope_of_the_network():
    field = on_line("learned f(u) by mlp(4)\nscheme dx = upwind(1)\ndt(u) = -dx(u^2/2) - dx(f(u))\n")
    with torch.no_grad():
        for p in field.learned.parameters():
            p.add_(0.5)
    u = waves(12).requires_grad_()
    flux = u**2 / 2 + field.learned["term_f"](u[:, None])[:, 0]
    (slope,) = torch.autograd.grad(flux.sum(), u)
    alpha = torch.maximum(slope.abs(), slope.abs().roll(-1))
    face = ((flux + flux.roll(-1)) / 2 - alpha / 2 * (u.roll(-1) - u)).detach()
    assert torch.allclose(rate(field, u.detach())[0], -(face - face.roll(1)) * 12, atol=1e-12)


def test_a_changing_factor_is_upwind_by_its_sign():
    field, u = on_line("scheme dx = upwind(1)\ndt(u) = -u*dx(u)\n"), waves(12)
    behind, ahead = (u - u.roll(1)) * 12, (u.roll(-1) - u) * 12
    assert torch.allclose(rate(field, u)[0], -u * torch.where(u > 0, behind, ahead), atol=1e-12)


def test_products_are_not_expanded():
    flux, product = (on_line(f"scheme dx = upwind(3)\ndt(u) = {t}\n") for t in ("-dx(u^2/2)", "-u*dx(u)"))
    u = 2 + waves(12)
    assert (rate(flux, u) - rate(product, u)).abs().max() > 1e-3
    assert rate(flux, u).sum().abs() <= 1e-11


def test_a_factor_in_front_of_the_flux_keeps_the_weighted_mass():
    field = built("space r in [0.1, 1]\ngrid r = 40\nstate q(r)\nscheme dr = upwind(3)\ndt(q) = -(1/r)*dr(r*q^2/2)\n")
    r = torch.as_tensor(field.grid.coordinates()["r"])
    q = torch.exp(-(((r - 0.5) / 0.05) ** 2))
    assert (r * rate(field, q)[0]).sum().abs() <= 1e-11


def test_terms_add_up_and_names_are_looked_through():
    plain = on_line("scheme dx = upwind(3)\ndt(u) = -2*dx(u^2/2) + 0.1*dxx(u)\n")
    named = on_line("known g = u^2/2\nknown out = -2*dx(g)\nscheme dx = upwind(3)\ndt(u) = out + 0.1*dxx(u)\n")
    state = waves(12).reshape(1, 1, 12)
    assert torch.allclose(plain(0.0, state), named(0.0, state), atol=1e-12)
    terms = named.terms(0.0, state)["u"]
    assert torch.allclose(sum(terms.values()), named(0.0, state)[:, 0], atol=1e-12)


def test_a_scheme_for_advect_leaves_other_derivatives_central():
    body = "scheme advect = upwind(1)\ndt(u) = -advect(2, u) - dx(u)\n"
    u = waves(12)
    expected = -2 * (u - u.roll(1)) * 12 - (u.roll(-1) - u.roll(1)) * 6
    assert torch.allclose(rate(on_line(body), u)[0], expected, atol=1e-12)
    other = on_line("scheme dx = upwind(1), advect = central\ndt(u) = -advect(2, u) - dx(u)\n")
    expected = -2 * (u.roll(-1) - u.roll(1)) * 6 - (u - u.roll(1)) * 12
    assert torch.allclose(rate(other, u)[0], expected, atol=1e-12)


def test_higher_and_mixed_derivatives_stay_central():
    text = "space x in [0, 1] periodic, y in [0, 1] periodic\ngrid x = 8, y = 8\nstate u(x, y)\n"
    body = "dt(u) = dxy(u) + dx(u*dx(u)) + dy(2*dx(u)) + lap(u) - dx(u)^2"
    u = waves(64).reshape(8, 8)
    central = rate(built(f"{text}{body} - dx(u)\n"), u)
    first = rate(built(f"{text}dt(u) = -dx(u)\n"), u)
    upwind = rate(built(f"{text}scheme dx = upwind(3)\ndt(u) = -dx(u)\n"), u)
    whole = rate(built(f"{text}scheme dx = upwind(3)\n{body} - dx(u)\n"), u)
    assert torch.allclose(whole - central, upwind - first, atol=1e-9)


@pytest.mark.parametrize("position", ["cells", "nodes"])
@pytest.mark.parametrize("order", [1, 3, 5])
@pytest.mark.parametrize("problem", [p for p in LINEAR if p.startswith(("advection", "acoustics"))])
def test_no_mode_grows_at_walls(problem, order, position):
    values = spectrum(compiled(f"scheme dx = upwind({order})\n{LINEAR[problem]}", 2, position, 20))
    assert values.real[np.abs(values) > 2e-5].max() <= 1e-7


def test_the_bound_of_the_speed_of_a_system():
    generator = torch.Generator().manual_seed(0)
    matrices = torch.randn(50, 3, 3, dtype=torch.float64, generator=generator)
    largest = torch.linalg.eigvals(matrices).abs().amax(-1)
    bound = spectral_bound(matrices)
    assert (bound >= largest * (1 - 1e-12)).all()
    assert (bound <= 1.3 * largest).all()
    nilpotent = torch.tensor([[0.0, 1.0], [0.0, 0.0]], dtype=torch.float64, requires_grad=True)
    found = spectral_bound(nilpotent)
    found.backward()
    assert found.item() == 0.0
    assert torch.isfinite(nilpotent.grad).all()


def test_show_tells_the_schemes_in_words():
    text = LINE.format(12) + "scheme dx = tvd(minmod)\ndt(u) = -dx(u^2/2) - u*dx(u) + dxx(u)\n"
    words = model_in_words(loads_model(text))
    assert "along x: tvd(minmod) (straight lines in cells limited by minmod" in words
    assert "`-dx(u^2/2)` in dt(u) along x: tvd(minmod), flux form (Rusanov), conservative" in words
    assert "`-u*dx(u)` in dt(u) along x: tvd(minmod), advective form" in words
    assert "no `scheme order`: central differences of order 2" in words
    assert model_json(loads_model(text))["schemes"] == {"dx": "tvd(minmod)"}


def test_central_is_the_default_and_can_be_said():
    plain, said = on_line("dt(u) = -dx(u^2)\n"), on_line("scheme dx = central\ndt(u) = -dx(u^2)\n")
    assert plain.program == said.program
    assert not any(step.operation == "face_state" for step in plain.program.steps)
