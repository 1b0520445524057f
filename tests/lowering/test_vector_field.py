"""What a compiled model gives: closed forms, terms, walls in time and place, batches, gradients."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch
from torchdiffeq import odeint

from eqdsl.analysis.check import loads_model
from eqdsl.core.errors import ModelError, UsageError
from eqdsl.lowering.vector_field import compile_model
from eqdsl.numerics.grid import grid_from_model

PENDULUM = """
state theta, omega
param omega0 = fit 1.2 in (0, 5)
known gravity = -omega0^2*sin(theta)
learned friction(theta, omega) by mlp(8)
dt(theta) = omega
dt(omega) = gravity - friction
law energy = omega^2/2 - omega0^2*cos(theta) decreasing
"""


def compiled(text: str, **options):
    return compile_model(loads_model(text), **options)


def random_state(field, batch=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    shape = (batch, len(field.model.channels), *field.grid.shape)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def test_ode_terms_sum_to_the_vector_field():
    field = compiled(PENDULUM)
    state = random_state(field)
    terms = field.terms(0.0, state)
    assert set(terms["omega"]) == {"gravity", "friction"}
    assert torch.allclose(terms["omega"]["gravity"], -1.44 * torch.sin(state[:, 0]))
    assert torch.allclose(sum(terms["omega"].values()), field(0.0, state)[:, 1])
    assert torch.allclose(terms["omega"]["friction"], -field.learned_outputs(0.0, state)["friction"])
    assert torch.allclose(field.named(0.0, state)["gravity"], terms["omega"]["gravity"])


def test_laws_are_one_number_per_trajectory():
    field = compiled(PENDULUM)
    state = random_state(field, batch=4)
    energy = field.laws(0.0, state)["energy"]
    assert torch.allclose(energy, state[:, 1] ** 2 / 2 - 1.44 * torch.cos(state[:, 0]))


def test_works_with_torchdiffeq_and_matches_the_closed_form():
    field = compiled("state u\nparam k = 0.7\ndt(u) = -k*u + sin(t)\n")
    times = torch.linspace(0, 3, 7, dtype=torch.float64)
    u = odeint(field, torch.ones(2, 1, dtype=torch.float64), times, rtol=1e-10, atol=1e-12)[:, 0, 0]
    k = 0.7
    particular = (k * torch.sin(times) - torch.cos(times)) / (k**2 + 1)
    assert torch.allclose(u.detach(), particular + (1 + 1 / (k**2 + 1)) * torch.exp(-k * times), atol=1e-8)


def test_times_may_differ_between_trajectories():
    field = compiled("space x in [0, 1] periodic\ngrid x = 8\nstate u(x)\ndt(u) = t*sin(2*pi*x) - u\n")
    state = random_state(field, batch=2)
    both = field(torch.tensor([0.5, 2.0], dtype=torch.float64), state)
    assert torch.equal(both[:1], field(0.5, state[:1]))
    assert torch.equal(both[1:], field(2.0, state[1:]))


def test_batch_rows_do_not_mix():
    field = compiled("space x in [0, 1], y in [0, 2]\ngrid x = 8, y = 10\nstate u(x, y)\ndt(u) = lap(u^2) + u*dxy(u)\n")
    state = random_state(field, batch=5)
    together = field(0.0, state)
    alone = torch.cat([field(0.0, state[i : i + 1]) for i in range(5)])
    assert torch.allclose(together, alone, atol=1e-12)


def test_gradients_agree_with_differences():
    field = compiled(
        "space x in [0, 1], y in [0, 1] periodic\ngrid x = 6, y = 6\nstate u(x, y)\nparam D = fit 0.3 in (0, 1)\n"
        "param h = fit 0.5\nlearned R(u, dx(u)) by mlp(4)\ndt(u) = div(D*(1 + u^2)*grad(u)) + R\n"
        "bc dn(u) + h*(u - sin(t)) = 0 at x = 0\nbc u = cos(2*pi*y)*t at x = 1\n"
    )
    state = random_state(field, batch=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda s: field(0.7, s), (state,), atol=1e-6)
    raw = field.physical.raw["value_h"]

    def total(value):
        with torch.no_grad():
            raw.fill_(value)
        return field(0.7, state.detach()).square().sum()

    analytic = torch.autograd.grad(total(0.5), raw)[0]
    difference = (total(0.5 + 1e-6) - total(0.5 - 1e-6)) / 2e-6
    assert analytic.item() == pytest.approx(difference.item(), rel=1e-6)


def test_flux_form_conserves_mass_with_closed_walls():
    field = compiled(
        "space x in [0, 1], y in [0, 1]\ngrid x = 12, y = 9\nstate u(x, y)\nparam k(x, y) = 0.4\n"
        "dt(u) = div((k + u^2)*grad(u))\n"
    )
    rate = field(0.0, random_state(field))
    assert rate.sum(dim=(1, 2, 3)).abs().max() < 1e-9 * rate.abs().sum()


def test_divergence_of_learned_flux_conserves_mass():
    field = compiled("space x in [0, 1] periodic\ngrid x = 16\nstate u(x)\nlearned f(u) by mlp(8)\ndt(u) = -dx(f(u))\n")
    rate = field(0.0, random_state(field))
    assert rate.abs().max() > 0
    assert rate.sum().abs() < 1e-10 * rate.abs().sum()


def test_wall_values_move_with_time_and_place():
    """u = t*(x + y) solves du/dt = x + y with these walls; its gradient is exact for a linear profile."""
    field = compiled(
        "space x in [0, 1], y in [0, 1]\ngrid x = 8, y = 8\nstate u(x, y)\ndt(u) = lap(u) + x + y\n"
        "bc u = t*y at x = 0\nbc u = t*(1 + y) at x = 1\nbc dn(u) = -t at y = 0\nbc dn(u) = t at y = 1\n"
    )
    x, y = np.meshgrid(*field.grid.coordinates().values(), indexing="ij")
    state = 1.7 * torch.as_tensor(x + y)[None, None]
    assert torch.allclose(field(1.7, state)[0, 0], torch.as_tensor(x + y), atol=1e-10)


def test_dirichlet_nodes_hold_the_wall_and_move_with_it():
    field = compiled(
        "space x in [0, 1]\ngrid x = 9 nodes\nstate u(x)\ndt(u) = dxx(u)\nbc u = sin(t) at x = 0\nbc u = 2 at x = 1\n"
    )
    state = random_state(field)
    rate = field(0.3, state)
    assert torch.allclose(rate[:, 0, 0], torch.tensor(math.cos(0.3), dtype=torch.float64))
    assert torch.all(rate[:, 0, -1] == 0)
    held = field.constrain(0.3, state)
    assert torch.allclose(held[:, 0, 0], torch.tensor(math.sin(0.3), dtype=torch.float64))
    assert torch.all(held[:, 0, -1] == 2)
    assert torch.equal(field(0.3, held), rate)


def test_second_order_in_time_has_a_velocity_channel():
    field = compiled("space x in [0, 1] periodic\ngrid x = 32\nstate w(x)\nparam c = 2\ndtt(w) = c^2*dxx(w) - dt(w)\n")
    assert field.model.channel_names == ("w", "dt(w)")
    state = random_state(field)
    rate = field(0.0, state)
    assert torch.equal(rate[:, 0], state[:, 1])
    h = 1 / 32
    laplacian = (state[:, 0].roll(1, 1) - 2 * state[:, 0] + state[:, 0].roll(-1, 1)) / h**2
    assert torch.allclose(rate[:, 1], 4 * laplacian - state[:, 1])


def test_vector_states_and_plain_variables_together():
    field = compiled(
        "space x in [0, 1] periodic, y in [0, 1] periodic\ngrid x = 8, y = 8\nvector state w(x, y)\nstate p\n"
        "param g = 3\ndt(w) = -g*w + p*(1, 2)\ndt(p) = mean(dot(w, w)) - p\n"
    )
    assert field.model.channel_names == ("w.x", "w.y", "p")
    state = random_state(field)
    state[:, 2] = state[:, 2, :1, :1]
    rate = field(0.0, state)
    assert torch.allclose(rate[:, 1], -3 * state[:, 1] + 2 * state[:, 2])
    mean = (state[:, 0] ** 2 + state[:, 1] ** 2).mean(dim=(1, 2))
    assert torch.allclose(rate[:, 2], (mean - state[:, 2, 0, 0])[:, None, None].expand_as(rate[:, 2]))


def test_integral_uses_the_trapezoid_on_nodes():
    head = "state u(x)\ndt(u) = -u\nlaw mass = integral(u) decreasing\ninit u = x\n"
    for position, points in (("cells", 10), ("nodes", 11)):
        field = compiled(f"space x in [0, 2]\ngrid x = {points} {position}\n" + head)
        assert field.laws(0.0, field.initial_state())["mass"].item() == pytest.approx(2.0)


def test_convolution_sees_the_equation_s_own_walls():
    """With a shift-invariant term a periodic field may be rolled before or after."""
    field = compiled(
        "space x in [0, 1] periodic, y in [0, 1] periodic\ngrid x = 8, y = 8\nstate u(x, y)\n"
        "learned R(u) by conv(4, kernel = 3)\ndt(u) = R\n"
    )
    state = random_state(field)
    rolled = field(0.0, state.roll((3, 2), dims=(2, 3)))
    assert torch.allclose(rolled, field(0.0, state).roll((3, 2), dims=(2, 3)), atol=1e-12)


def test_same_seed_same_weights_and_global_random_state_untouched():
    before = torch.random.get_rng_state()
    first, second, other = (compiled(PENDULUM, seed=s) for s in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), before)
    weights = [torch.cat([p.flatten() for p in f.learned.parameters()]) for f in (first, second, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_parameter_transforms_reach_their_values():
    field = compiled(
        "state u\nparam a = fit 0.5 in (0, 5)\nparam b = fit 2 in (0, inf)\nparam c = fit -3\n"
        "param e = fit -1 in (-inf, 0)\nparam z = fit 0\ndt(u) = a + b + c + e + z\n"
    )
    starts = {name: value.item() for name, value in field.physical.values().items()}
    assert starts == pytest.approx({"a": 0.5, "b": 2, "c": -3, "e": -1, "z": 0})
    for name, value in {"a": 4.99, "b": 1e4, "c": 7.0, "e": -1e-3, "z": 12.0}.items():
        field.physical.set_value(name, value)
        assert field.physical.value(name).item() == pytest.approx(value)


def test_initial_state_and_its_absence():
    field = compiled("space x in [0, 1] periodic\ngrid x = 8\nstate u(x)\ndt(u) = -u\ninit u = sin(2*pi*x)\n")
    x = torch.as_tensor(field.grid.coordinates()["x"])
    assert torch.allclose(field.initial_state(2)[1, 0], torch.sin(2 * math.pi * x))
    with pytest.raises(UsageError, match="has no initial value"):
        compiled("state u\ndt(u) = -u\n").initial_state()


def test_grid_too_small_for_the_stencils():
    """The check of `grid` and the lowering on a grid from elsewhere ask for the same number."""
    text = "space x in [0, 1] periodic\nscheme order = 4\nstate u(x)\ndt(u) = dxx(u)\n"
    assert compiled(text + "grid x = 10\n").grid.shape == (10,)
    with pytest.raises(ModelError, match="at least 10"):
        loads_model(text + "grid x = 9\n")
    model = loads_model(text)
    with pytest.raises(UsageError, match="too few"):
        compile_model(model, grid=grid_from_model(model, {"x": 9}))


def test_float32_stays_float32():
    field = compiled(
        "space x in [0, 1]\ngrid x = 8\nstate u(x)\nparam k = fit 0.3\ndt(u) = k*dxx(u) + x*sin(t)\n"
        "bc u = sin(t) at boundary\n",
        dtype=torch.float32,
    )
    assert field(0.5, torch.ones(2, 1, 8)).dtype is torch.float32
    assert field(torch.tensor(0.5, dtype=torch.float64), torch.ones(2, 1, 8)).dtype is torch.float32


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("bounds", "values"),
    [
        ("in (0, 2)", [0, 2, 1.3, 1e-9, 2 - 1e-6]),
        ("in (-1000, 1000)", [-1000, 1000, 0, 1e-3]),
        ("in (0, inf)", [0, 1e-12, 1e10]),
        ("in (-inf, 1)", [1, -1e9, 0]),
        ("", [-7, 0, 1e20]),
    ],
)
def test_a_parameter_that_is_set_has_exactly_that_number(dtype: torch.dtype, bounds: str, values: list[float]):
    """On a bound too, where a raw number is infinite, and where small numbers are lost in the width of the bounds."""
    model = loads_model(f"state u\nparam k = fit 0.25 {bounds}\ndt(u) = k*u\n")
    field = compile_model(model, dtype=dtype)
    for value in values:
        field.physical.set_value("k", value)
        assert torch.equal(field.physical.value("k"), torch.tensor(value, dtype=dtype))


@pytest.mark.parametrize(("value", "words"), [(5, "5 lies outside its bounds, from 0 to 2"), (-1e-9, "outside")])
def test_a_parameter_is_not_moved_into_its_bounds(value: float, words: str):
    field = compiled("state u\nparam k = fit 0.3 in (0, 2)\ndt(u) = k*u\n")
    with pytest.raises(UsageError, match=f"parameter `k`: .*{words}"):
        field.physical.set_value("k", value)
    assert field.physical.value("k").item() == pytest.approx(0.3)


def test_a_parameter_too_large_for_the_precision_is_refused():
    model = loads_model("state u\nparam k = 1e100\nparam j = fit 1\ndt(u) = k*j*u\n")
    with pytest.raises(UsageError, match="`k`: 1e\\+100 is too large for float32"):
        compile_model(model, dtype=torch.float32)
    with pytest.raises(UsageError, match="`j`: inf is too large"):
        compile_model(model).physical.set_value("j", math.inf)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_model_without_parameters_has_a_type_of_its_own(dtype):
    field = compiled("state u\ndt(u) = sin(t) - 2\ninit u = 1\n", dtype=dtype)
    assert (field.dtype, field.initial_state().dtype) == (dtype, dtype)
    assert copy.deepcopy(field).dtype is dtype
    assert not field.state_dict()
    assert field.to(torch.float32).dtype is torch.float32
    assert field.to("meta").device == torch.device("meta")


def test_times_come_to_the_device_of_the_state():
    """Windows that share their times give one number that lies on the CPU."""
    text = "state u, v\nlearned R(u, t) by mlp(4)\ndt(u) = sin(t)\ndt(v) = R + t*u\n"
    field, here = compiled(text).to("meta"), compiled(text)
    for t in (torch.tensor(0.5), torch.tensor([0.5, 0.7, 0.9], dtype=torch.float64), 0.5):
        rate = field(t, torch.zeros(3, 2, dtype=torch.float64, device="meta"))
        assert (rate.device.type, rate.dtype, rate.shape) == ("meta", torch.float64, (3, 2))
        assert here(t, torch.zeros(3, 2, dtype=torch.float64)).dtype is torch.float64


def test_the_rate_of_a_dirichlet_node_follows_a_coefficient_that_changes():
    """(1 + t)*u = g gives u = g/(1 + t) and du/dt = g'/(1 + t) - g/(1 + t)^2."""
    field = compiled(
        "space x in [0, 1]\ngrid x = 8 nodes\nstate u(x)\ndt(u) = dxx(u)\nbc (1 + t)*u = 1 at x = 0\n"
        "bc exp(t)*u = sin(t) at x = 1\n"
    )
    rate = field(0.5, random_state(field))
    assert rate[0, 0, 0].item() == pytest.approx(-1 / 1.5**2, rel=1e-14)
    assert rate[0, 0, -1].item() == pytest.approx(math.exp(-0.5) * (math.cos(0.5) - math.sin(0.5)), rel=1e-14)


def test_a_velocity_on_a_dirichlet_node_follows_the_wall_whatever_its_factor():
    field = compiled(
        "space x in [0, 1]\ngrid x = 8 nodes\nstate w(x)\ndtt(w) = dxx(w)\n"
        "bc 4*w = sin(t) at x = 0\nbc w = 0 at x = 1\n"
    )
    held = field.constrain(0.5, random_state(field))
    assert held[0, :, 0].tolist() == pytest.approx([math.sin(0.5) / 4, math.cos(0.5) / 4], rel=1e-14)
    assert field(0.5, held)[0, :, 0].tolist() == pytest.approx([math.cos(0.5) / 4, -math.sin(0.5) / 4], rel=1e-14)


def test_walls_of_numbers_are_double_precision():
    field = compiled("space x in [0, 1]\ngrid x = 8 nodes\nstate u(x)\ndt(u) = dxx(u)\nbc u = exp(x) at boundary\n")
    held = field.constrain(0.0, random_state(field))
    assert held[0, 0, [0, -1]].tolist() == [1.0, math.e]


@pytest.mark.parametrize("topology", ["periodic", ""])
def test_a_convolution_wider_than_the_grid_is_refused(topology):
    text = f"space x in [0, 1] {topology}\nstate u(x)\nlearned R(u) by conv(16, 16, kernel = 15)\ndt(u) = -u + R\n"
    with pytest.raises(UsageError) as refusal:
        compiled(text + "grid x = 20\n")
    assert refusal.value.message == "the term `R` of `u` reaches 21 points beyond each end of `x`, which has 20 points"
    assert refusal.value.help == "use at least 21 points along `x` or a smaller `kernel`"
    field = compiled(text + "grid x = 21\n")
    assert torch.isfinite(field(0.0, random_state(field))).all()


def test_derivatives_nested_deeper_than_the_grid_are_refused():
    inner = "u*u"
    for _ in range(9):
        inner = f"sin(dx({inner}))"
    text = f"space x in [0, 1] periodic, y in [0, 1]\nstate u(x, y)\ndt(u) = {inner}\n"
    with pytest.raises(UsageError, match="reaches 9 points beyond each end of `x`, which has 8 points"):
        compiled(text + "grid x = 8, y = 6\n")
    assert compiled(text + "grid x = 9, y = 6\n").grid.shape == (9, 6)


def test_a_wall_that_no_ghost_can_obey_is_refused():
    """With h = 1/3 the ghost drops out of dn(u) - 8*u."""
    text = "space x in [0, 2]\nstate u(x)\ndt(u) = dxx(u)\nbc dn(u) - 8*u = 0 at x = 2\n"
    with pytest.raises(UsageError) as refusal:
        compiled(text + "grid x = 6\n")
    assert "`dn(u) - 8*u = 0 at x = 2` cannot be closed at a spacing of 0.333333" in refusal.value.message
    assert compiled(text + "grid x = 7\n").grid.shape == (7,)


@pytest.mark.parametrize(("said", "reason"), [("data", "has no initial value"), ("fit", "a fitted one is known only")])
def test_a_velocity_without_a_number_is_not_taken_as_zero(said, reason):
    with pytest.raises(UsageError, match=reason) as refusal:
        compiled(f"state w\ndtt(w) = -w\ninit w = 0\ninit dt(w) = {said}\n").initial_state()
    assert "`dt(w)`" in refusal.value.message
    assert compiled("state w\ndtt(w) = -w\ninit w = 1\n").initial_state().tolist() == [[1.0, 0.0]]
