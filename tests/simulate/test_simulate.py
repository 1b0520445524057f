"""Simulation: closed forms, what the result holds, and blow-ups that end with words instead of NaN."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from eqdsl.analysis.check import loads_model
from eqdsl.core.errors import ComputationError, UsageError
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.numerics.integrators.explicit import ExplicitTableau
from eqdsl.numerics.integrators.stability import MARGIN, stable_step
from eqdsl.numerics.integrators.table import METHODS
from eqdsl.simulation import simulate

DECAY = """
time t: s
state u: K
param k: 1/s = 0.5
dt(u) = -k*u
init u = 2
"""
HEAT = """
space x in [0, 1] periodic
grid x = 64
state u(x)
param k = 1
dt(u) = k*dxx(u)
init u = sin(2*pi*x)
"""
HEAT_WITH_WALLS = """
space x in [0, 1]
grid x = 33 nodes
state u(x)
dt(u) = dxx(u)
bc u = t at x = 0
bc u = 0 at x = 1
init u = 0
"""
EXPLOSIVE = """
state u, v
param a = 1
dt(v) = -v
dt(u) = a*u^2 - u
init u = 2
init v = 1
"""


def field(text: str, dtype: torch.dtype = torch.float64) -> VectorField:
    return compile_model(loads_model(text), dtype=dtype)


def test_decay_has_its_closed_form_and_its_units() -> None:
    times = np.linspace(0, 4, 9)
    done = simulate(field(DECAY), times)
    assert done.trajectories.state.shape == (1, 9, 1)
    np.testing.assert_allclose(done.trajectories.state[0, :, 0], 2 * np.exp(-0.5 * times), rtol=1e-6)
    np.testing.assert_array_equal(done.trajectories.times, times[None])
    assert done.trajectories.units == {"u": "K", "t": "s"}
    assert done.trajectories.channels == ("u",)
    assert done.steps >= 8
    assert done.evaluations > done.steps
    assert done.wall_seconds > 0


@pytest.mark.parametrize("method", ["dopri5", "rk4"])
def test_heat_decays_at_the_rate_of_the_grid(method: str) -> None:
    done = simulate(field(HEAT), np.array([0.0, 0.01, 0.02]), method=method, step=1e-4, rtol=1e-9, atol=1e-12)
    h = 1 / 64
    rate = (2 - 2 * math.cos(2 * math.pi * h)) / h**2
    ratio = done.trajectories.state[0, :, 0].max(axis=1) / done.trajectories.state[0, 0, 0].max()
    np.testing.assert_allclose(ratio, np.exp(-rate * done.trajectories.times[0]), rtol=1e-7)
    np.testing.assert_allclose(done.trajectories.axes["x"], (np.arange(64) + 0.5) * h)


def test_wall_values_are_in_place_in_every_frame() -> None:
    times = np.linspace(0, 0.5, 6)
    state = simulate(field(HEAT_WITH_WALLS), times).trajectories.state[0, :, 0]
    np.testing.assert_allclose(state[:, 0], times, atol=1e-12)
    np.testing.assert_allclose(state[:, -1], 0, atol=1e-12)


def test_times_of_their_own_per_trajectory() -> None:
    times = np.array([[0.0, 1.0, 2.0], [5.0, 5.5, 9.0]])
    start = torch.tensor([[2.0], [4.0]], dtype=torch.float64)
    state = simulate(field(DECAY), times, initial=start).trajectories.state[..., 0]
    np.testing.assert_allclose(state, start.numpy() * np.exp(-0.5 * (times - times[:, :1])), rtol=1e-6)


def test_single_precision_stays_single() -> None:
    done = simulate(field(DECAY, torch.float32), np.linspace(0, 1, 3))
    assert done.trajectories.state.dtype == np.float32
    assert done.trajectories.state[0, -1, 0] == pytest.approx(2 * math.exp(-0.5), rel=1e-5)


def test_progress_reaches_one() -> None:
    shares: list[float] = []
    simulate(field(DECAY), np.linspace(0, 1, 5), progress=shares.append)
    assert shares == pytest.approx([0.25, 0.5, 0.75, 1.0])


def test_unstable_step_names_the_term_the_place_and_a_step_that_works() -> None:
    times = np.linspace(0, 0.1, 6)
    with pytest.raises(ComputationError) as caught:
        simulate(field(HEAT), times, method="rk4", step=1e-3)
    message = str(caught.value)
    assert "`u` grows beyond all bounds near t = 0.0" in message
    assert " at x = 0." in message
    assert "`k*dxx(u)`" in message
    advised = float(message.split("--step ")[1].split("`")[0])
    done = simulate(field(HEAT), times, method="rk4", step=advised)
    assert np.abs(done.trajectories.state).max() <= 1


@pytest.mark.parametrize(("method", "step"), [("rk4", 1e-3), ("dopri5", None)])
def test_blow_up_of_the_solution_names_time_state_and_term(method: str, step: float | None) -> None:
    """u' = u^2 - u from 2 ends at t = log 2."""
    start = torch.tensor([[0.5, 1.0], [2.0, 1.0]], dtype=torch.float64)
    with pytest.raises(ComputationError) as caught:
        simulate(field(EXPLOSIVE), np.linspace(0, 5, 6), initial=start, method=method, step=step)
    message = str(caught.value)
    assert float(message.split("near t = ")[1].split()[0].rstrip(";")) == pytest.approx(math.log(2), abs=2e-3)
    assert "`a*u^2` of `u`" in message
    assert "sign" in message


def test_rate_that_is_not_a_number() -> None:
    with pytest.raises(ComputationError, match=r"not a finite number near t = 0.*sqrt"):
        simulate(field("state u\ndt(u) = sqrt(u - 3)\ninit u = 1\n"), np.linspace(0, 1, 3))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"method": "rk45"}, "no integrator"),
        ({"initial": torch.zeros(1, 2)}, "shape"),
        ({"step": 0.0, "method": "rk4"}, "step"),
    ],
)
def test_what_cannot_be_used_is_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        simulate(field(DECAY), np.linspace(0, 1, 3), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", sorted(n for n, m in METHODS.items() if isinstance(m, ExplicitTableau)))
def test_reach_is_where_decay_ends(name: str) -> None:
    """|R(-z)| = 1 at z = reach, with R the method's stability polynomial; and the estimate finds it for diffusion."""
    tableau = METHODS[name]
    assert isinstance(tableau, ExplicitTableau)
    growth = sum((-tableau.reach) ** k / math.factorial(k) for k in range(tableau.order + 1))
    assert abs(growth) == pytest.approx(1.0, abs=1e-3)
    heat = field(HEAT)
    found = stable_step(heat, tableau, torch.tensor(0.0), heat.initial_state())
    assert found == pytest.approx(MARGIN * tableau.reach / (4 * 64**2), rel=0.1)


@pytest.mark.parametrize("method", ["dopri5", "rk4", "euler"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_large_numbers_are_no_blow_up(method: str, dtype: torch.dtype) -> None:
    """Joules of a power of 1e6 W, a density of 1e20, a growth by e^40: correct solutions, whatever their units."""
    text = "state E, n, u\ndt(E) = 1e6\ndt(n) = -n\ndt(u) = 4*u\ninit E = 0\ninit n = 1e25\ninit u = 1e-12\n"
    times = np.linspace(0, 10, 11)
    done = simulate(
        field(text, dtype), times, method=method, step=0.02 if method != "dopri5" else None, rtol=1e-5, atol=1e-5
    )
    energy, density, growing = done.trajectories.state[0].T
    np.testing.assert_allclose(energy, 1e6 * times, rtol=1e-3)
    np.testing.assert_allclose(density, 1e25 * np.exp(-times), rtol=0.2)
    if method != "dopri5":
        np.testing.assert_allclose(np.log(growing), 4 * times - 12 * math.log(10), atol=2)


@pytest.mark.parametrize("unit", [1e-12, 1.0, 1e12])
@pytest.mark.parametrize("step", [3e-4, 6e-4, 7e-4, 8e-4, 1e-3, 1.1e-3])
def test_steps_that_are_too_long_are_found_in_any_unit(unit: float, step: float) -> None:
    """Long before numbers overflow: here they would only reach the end of the rollout, finite and without meaning."""
    text = HEAT.replace("init u = ", f"init u = {unit:g}*cos(pi*x)^8 + {unit:g}*")
    with pytest.raises(ComputationError, match="`u` grows beyond all bounds") as caught:
        simulate(field(text), np.linspace(0, 60 * step, 61 if step > 7e-4 else 4), method="rk4", step=step)
    assert "`rk4` needs steps of about 0.00015 or less" in str(caught.value)


@pytest.mark.parametrize("step", [None, 2e-3])
def test_a_small_unit_does_not_hide_a_blow_up(step: float | None) -> None:
    """u' = 1e9 u^2 from 1e-9 ends at t = 1 with 1e3 or so."""
    method = "rk4" if step else "dopri5"
    with pytest.raises(ComputationError, match=r"without bound|beyond all bounds") as caught:
        simulate(field("state u\ndt(u) = 1e9*u^2\ninit u = 1e-9\n"), np.linspace(0, 3, 4), method=method, step=step)
    assert float(str(caught.value).split("near t = ")[1].split()[0].rstrip(";")) == pytest.approx(1, abs=5e-3)


def test_growth_until_numbers_overflow_is_named_so() -> None:
    with pytest.raises(ComputationError, match=r"the solution grows without bound near t = 35\d.*`u` of `u`"):
        simulate(field("state u\ndt(u) = u\ninit u = 1\n"), np.linspace(0, 1000, 101))


def test_a_start_that_is_not_finite_is_named() -> None:
    heat = field("space x in [-1, 1]\ngrid x = 9 nodes\nstate u(x)\ndt(u) = dxx(u)\ninit u = 1/x\n")
    with pytest.raises(ComputationError, match="`u` is not a finite number at t = 0 at x = 0"):
        simulate(heat, np.array([0.0, 0.25]))
    with pytest.raises(ComputationError, match="at t = 0 at x = -1 in trajectory 1"):
        simulate(heat, np.array([0.0, 0.25]), initial=torch.stack([torch.zeros(1, 9), torch.full((1, 9), math.inf)]))
