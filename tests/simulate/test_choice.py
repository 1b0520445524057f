"""The integrator that is chosen where none is named: which, with what step, how accurate, and in what words."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from eqdsl.analysis.check import loads_model
from eqdsl.core.errors import ComputationError
from eqdsl.data.inputs import only_inputs
from eqdsl.data.trajectories import InputValues
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.simulation import simulate
from eqdsl.simulation.choice import choose, choose_for_fit

DECAY = "state u\ndt(u) = -u\ninit u = 1\n"
ROBERTSON = """
state a, b, c
dt(a) = -0.04*a + 1e4*b*c
dt(b) = 0.04*a - 1e4*b*c - 3e7*b^2
dt(c) = 3e7*b^2
init a = 1
init b = 0
init c = 0
"""
LORENZ = """
state x, y, z
dt(x) = 10*(y - x)
dt(y) = x*(28 - z) - y
dt(z) = x*y - 8/3*z
init x = 1
init y = 1
init z = 1
"""
HEAT = "space x in [0, 1] periodic\ngrid x = {}\nstate u(x)\ndt(u) = dxx(u)\ninit u = sin(2*pi*x)\n"
TRANSPORT = (
    "scheme dx = {}\nspace x in [0, 1] periodic\ngrid x = 64\nstate u(x)\ndt(u) = -dx(u)\ninit u = sin(2*pi*x)\n"
)
SPRING = "state q\nstate p\ndt(q) = p\ndt(p) = -q\n"


def field(text: str) -> VectorField:
    return compile_model(loads_model(text))


def heat_rate(points: int) -> float:
    """Decay of the first mode by the second-order stencil."""
    return (2 - 2 * math.cos(2 * math.pi / points)) * points**2


def test_an_ordinary_equation_gets_an_adaptive_method() -> None:
    done = simulate(field(DECAY), np.linspace(0, 4, 5), method="auto")
    assert str(done.integrator) == "tsit5 (adaptive), because nothing in the equations is stiff"
    np.testing.assert_allclose(done.trajectories.state[0, :, 0], np.exp(-np.arange(5)), atol=1e-6)


def test_a_chaotic_equation_that_needs_many_steps_is_not_stiff() -> None:
    assert simulate(field(LORENZ), np.linspace(0, 6, 3), method="auto").integrator.method == "tsit5"


def test_an_equation_that_becomes_stiff_gets_an_implicit_method() -> None:
    """Its start is not stiff. The values are those of Hairer & Wanner II, section IV.1, for t = 40."""
    done = simulate(field(ROBERTSON), np.array([0.0, 40.0]), method="auto")
    assert done.integrator.method == "rodas4"
    assert done.integrator.reason.startswith("a decay at rate 2.")
    assert done.steps < 200
    np.testing.assert_allclose(done.trajectories.state[0, 1], [0.7158271, 9.185535e-6, 0.2841638], rtol=1e-5)


def test_a_stiff_linear_part_is_exponentiated() -> None:
    times = np.linspace(0, 0.02, 3)
    done = simulate(field(HEAT.format(128)), times, method="auto")
    assert str(done.integrator) == (
        "etdrk4 (exponential), step 0.01, because linear terms limit explicit steps to 4.3e-05"
    )
    largest = done.trajectories.state[0, :, 0].max(axis=1)
    np.testing.assert_allclose(largest / largest[0], np.exp(-heat_rate(128) * times), rtol=1e-10)


def test_a_coarse_field_takes_explicit_steps_that_are_stable_and_accurate() -> None:
    times = np.linspace(0, 0.02, 11)
    done = simulate(field(HEAT.format(16)), times, method="auto")
    assert done.integrator.method == "rk4"
    assert done.integrator.step is not None
    assert done.integrator.step <= 0.5 * 2.7853 / (4 * 16**2) * 1.1
    largest = done.trajectories.state[0, :, 0].max(axis=1)
    np.testing.assert_allclose(largest / largest[0], np.exp(-heat_rate(16) * times), rtol=1e-5)


@pytest.mark.parametrize("scheme", ["weno(5)", "tvd(minmod)"])
def test_transport_schemes_get_the_method_that_keeps_their_bounds(scheme: str) -> None:
    done = simulate(field(TRANSPORT.format(scheme)), np.linspace(0, 0.5, 3), method="auto")
    assert (done.integrator.method, done.integrator.kind) == ("ssprk3", "explicit")
    assert np.abs(done.trajectories.state).max() <= 1 + 1e-3


FLOW = (
    "scheme advect = semilagrangian\nspace x in [0, 1] periodic\ngrid x = 64\nstate u(x)\n"
    "dt(u) = -advect(1, u){}\ninit u = sin(2*pi*x)\n"
)


def test_steps_that_follow_the_flow_go_from_frame_to_frame() -> None:
    """Each crosses 8 cells, where explicit steps would cross less than one."""
    done = simulate(field(FLOW.format("")), np.linspace(0, 1, 9), method="auto")
    assert str(done.integrator) == (
        "rk4 (explicit), step 0.125, because nothing in the equations beside the flow, which is followed backwards, "
        "limits explicit steps"
    )
    assert done.steps == 8
    np.testing.assert_allclose(done.trajectories.state[0, -1], done.trajectories.state[0, 0], atol=1e-12)


def test_what_the_flow_leaves_decides_on_the_method() -> None:
    """Diffusion is exponentiated, and does not shorten the steps; an explicit method keeps its limit."""
    done = simulate(field(FLOW.format(" + 0.1*dxx(u)")), np.linspace(0, 1, 9), method="auto")
    assert (done.integrator.method, done.integrator.step, done.steps) == ("etdrk4", 0.125, 8)
    done = simulate(field(FLOW.format(" + dx((1 + u^2)*dx(u))/100")), np.linspace(0, 1, 9), method="auto")
    assert done.integrator.method == "rk4"
    assert done.integrator.step == pytest.approx(0.5 * 2.785 / (0.02 * 4 * 64**2), rel=0.5)


def test_a_step_that_is_given_stands() -> None:
    done = simulate(field(DECAY), np.array([0.0, 1.0]), method="auto", step=0.125)
    assert (done.integrator.method, done.integrator.step, done.steps) == ("rk4", 0.125, 8)


def test_trajectories_with_times_of_their_own() -> None:
    start = torch.tensor([[1.0], [2.0]], dtype=torch.float64)
    done = simulate(field(DECAY), np.array([[0.0, 1.0], [3.0, 5.0]]), initial=start, method="auto")
    np.testing.assert_allclose(done.trajectories.state[:, 1, 0], [np.exp(-1), 2 * np.exp(-2)], rtol=1e-5)


def test_where_the_limit_falls_an_adaptive_method_takes_over() -> None:
    """``u' = u u_xx`` with a source: the diffusivity grows from 0.01 to 10, beyond any factor that the start allows."""
    text = (
        "space x in [0, 1] periodic\ngrid x = 8\nstate u(x)\ndt(u) = u*dxx(u) + 7*u\ninit u = 0.01 + 1e-3*cos(2*pi*x)\n"
    )
    done = simulate(field(text), np.array([0.0, 0.5, 1.0]), method="auto")
    assert str(done.integrator) == "tsit5 (adaptive), because fixed steps of rk4 grew"
    np.testing.assert_allclose(done.trajectories.state[0, -1].mean(), 0.01 * math.e**7, rtol=1e-2)


def test_a_real_blow_up_is_still_told() -> None:
    with pytest.raises(ComputationError, match="grows without bound near t = 1"):
        simulate(field("state u\ndt(u) = u^2\ninit u = 1\n"), np.array([0.0, 2.0]), method="auto")


@pytest.mark.parametrize(
    ("text", "spacing", "reversible", "method"),
    [
        (DECAY, 1.0, False, "rk4"),
        (SPRING, 1.0, True, "verlet"),
        (DECAY, 1.0, True, "implicit_midpoint"),
        (HEAT.format(16), 1e-3, False, "rk4"),
        (HEAT.format(16), 0.1, False, "etdrk4"),
        ("state u\ndt(u) = -100*u + sin(u)\n", 1.0, False, "etdrk4"),
        ("state u\ndt(u) = -1e4*(u^3 + u^2*u)\n", 1.0, False, "rodas4"),
        (TRANSPORT.format("upwind(3)"), 1.0, False, "ssprk3"),
        (FLOW.format(""), 1.0, False, "rk4"),
        (FLOW.format(" + 0.1*dxx(u)"), 1.0, False, "etdrk4"),
    ],
)
def test_fits_take_fixed_steps_that_the_linear_part_does_not_limit(
    text: str, spacing: float, reversible: bool, method: str
) -> None:
    compiled = field(text)
    state = torch.rand(3, len(compiled.model.channels), *compiled.grid.shape, dtype=torch.float64) + 0.5
    times = torch.tensor([[0.0, spacing]] * 3, dtype=torch.float64)
    assert choose_for_fit(compiled, state, times, reversible=reversible).method == method


@pytest.mark.parametrize("step", [None, 0.5])
def test_stiffness_of_driven_trajectories(step: float | None) -> None:
    """``u' = -k (u^3 - q)``: k is 1e5 in the fourth of 20 trajectories, 1 elsewhere; some are looked at."""
    compiled = field("input q(t) per trajectory\ninput k per trajectory\nstate u\ninit u = 1\ndt(u) = -k*(u^3 - q)\n")
    times = np.linspace(0, 2, 3)
    rates = np.ones(20)
    rates[3] = 1e5
    given = {"q": InputValues(np.ones((20, 3)), np.tile(times, (20, 1))), "k": InputValues(rates)}
    compiled = compiled.driven(only_inputs(given, compiled.model))
    start = torch.linspace(0.6, 1.4, 20, dtype=torch.float64)[:, None]
    chosen = choose(compiled, start, torch.as_tensor(times), step=step, rtol=1e-6, atol=1e-9)
    assert chosen.method == "rodas4"
    assert chosen.reason.startswith("a decay at rate ")
