"""Estimated errors against true ones of closed forms: within a factor 2."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from eqdsl.analysis.check import loads_model
from eqdsl.data.inputs import only_inputs
from eqdsl.data.trajectories import InputValues, Trajectories
from eqdsl.lowering.members import Members
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.simulation import simulate
from eqdsl.simulation.error_estimate import ErrorEstimate, estimate_error

HEAT = """
scheme order = {}
space x in [0, 1] periodic
grid x = 16
state u(x)
dt(u) = 0.05*dxx(u)
init u = sin(2*pi*x)
"""
ADVECTION = (
    "scheme dx = {}\nspace x in [0, 1] periodic\ngrid x = 40\nstate u(x)\ndt(u) = -dx(u)\ninit u = sin(2*pi*x)\n"
)
WALLED = """
scheme order = {}
space x in [0, 1]
grid x = 24
state u(x)
dt(u) = 0.1*dxx(u)
bc u = 0 at boundary
init u = sin(pi*x)
"""


def field(text: str) -> VectorField:
    return compile_model(loads_model(text))


def estimated(compiled: VectorField, times: np.ndarray, **how: object) -> tuple[ErrorEstimate, np.ndarray]:
    tolerances = {"rtol": how.get("rtol", 1e-6), "atol": how.get("atol", 1e-9)}
    done = simulate(compiled, times, **how)  # type: ignore[arg-type]
    return estimate_error(compiled, done, initial=None, **tolerances), done.trajectories.state[0]  # type: ignore[arg-type]


def relative(found: np.ndarray, exact: np.ndarray) -> float:
    """The largest rms of the difference in a frame, over the largest rms of the solution."""
    dims = tuple(range(1, found.ndim))
    return float(np.sqrt(np.square(found - exact).mean(dims)).max() / np.sqrt(np.square(exact).mean(dims)).max())


def within_a_factor_2(estimate: float, true: float) -> bool:
    return true / 2 <= estimate <= 2 * true


@pytest.mark.parametrize("method", ["euler", "heun", "ssprk3", "rk4", "ab2", "implicit_midpoint"])
def test_error_of_fixed_steps(method: str) -> None:
    times = np.linspace(0, 2, 5)
    found, states = estimated(field("state u\ndt(u) = cos(t)*u\ninit u = 1\n"), times, method=method, step=0.1)
    assert within_a_factor_2(found.time["u"], relative(states[:, 0], np.exp(np.sin(times))))
    assert (found.space, found.notes) == ({}, ())


@pytest.mark.parametrize("method", ["bosh3", "dopri5", "tsit5", "rodas4", "auto"])
@pytest.mark.parametrize("rtol", [1e-4, 1e-7])
def test_error_of_tolerances(method: str, rtol: float) -> None:
    times = np.linspace(0, 10, 6)
    text = "state q, p\ndt(q) = p\ndt(p) = -q\ninit q = 0\ninit p = 1\n"
    found, states = estimated(field(text), times, method=method, rtol=rtol, atol=rtol)
    assert within_a_factor_2(found.time["q"], relative(states[:, 0], np.sin(times)))
    assert within_a_factor_2(found.time["p"], relative(states[:, 1], np.cos(times)))


@pytest.mark.parametrize("order", [2, 4])
def test_errors_of_time_and_space(order: int) -> None:
    """Space: against the decay of the equation; time: against that of the stencil."""
    times = np.linspace(0, 1, 3)
    compiled = field(HEAT.format(order))
    found, states = estimated(compiled, times, method="rk4", step=0.05)
    start = states[0, 0]
    # The stencil's own rate: a sine is an eigenvector of it.
    rate = float(-(compiled(0.0, torch.as_tensor(states[:1]))[0, 0].numpy() / start).mean())
    exact, discrete = (np.exp(-r * times)[:, None] * start for r in (0.05 * (2 * math.pi) ** 2, rate))
    assert within_a_factor_2(found.time["u"], relative(states[:, 0], discrete))
    assert within_a_factor_2(found.space["u"], relative(discrete, exact))


@pytest.mark.parametrize("scheme", ["upwind(1)", "upwind(3)"])
def test_error_of_upwind_differences(scheme: str) -> None:
    times = np.linspace(0, 0.5, 3)
    found, states = estimated(field(ADVECTION.format(scheme)), times, method="auto")
    x = (np.arange(40) + 0.5) / 40
    exact = np.sin(2 * np.pi * (x - times[:, None]))
    assert within_a_factor_2(found.space["u"], relative(states[:, 0], exact))


@pytest.mark.parametrize("method", ["rk4", "auto"])
def test_error_of_a_driven_simulation(method: str) -> None:
    """``u' = q - u`` with ``q = t``: a straight line, which the input is exactly; ``u = t - 1 + 2*exp(-t)``."""
    compiled = field("input q(t)\nstate u\ninit u = 1\ndt(u) = q - u\n")
    times = np.linspace(0, 2, 5)
    inputs = only_inputs({"q": InputValues(times[None], times[None])}, compiled.model)
    done = simulate(compiled, times, inputs=inputs, method=method)
    found = estimate_error(compiled, done, initial=None, inputs=inputs, rtol=1e-6, atol=1e-9)
    exact = times - 1 + 2 * np.exp(-times)
    assert found.notes == ()
    assert within_a_factor_2(found.time["u"], relative(done.trajectories.state[0, :, 0], exact))


def test_error_of_space_between_walls_from_data() -> None:
    """``sin(2*x)*exp(-0.4*t)`` on the walls and inside."""
    compiled = field(
        "space x in [0, 1]\ngrid x = 21 nodes\nstate u(x)\ndt(u) = 0.1*dxx(u)\nbc u = data at boundary\n"
        "init u = sin(2*x)\n"
    )
    x, times = compiled.grid.coordinates()["x"], np.linspace(0, 1, 201)
    exact = np.exp(-0.4 * times)[:, None] * np.sin(2 * x)
    walls = Trajectories(
        times=times[None], state=exact[None, :, None], lengths=np.array([len(times)]), channels=("u",), axes={"x": x}
    )
    done = simulate(compiled, times, inputs=walls, method="auto")
    found = estimate_error(compiled, done, initial=None, inputs=walls, rtol=1e-6, atol=1e-9)
    assert within_a_factor_2(found.space["u"], relative(done.trajectories.state[0, :, 0], exact))


def test_error_between_walls() -> None:
    times = np.linspace(0, 1, 3)
    found, states = estimated(field(WALLED.format(2)), times, method="auto")
    x = (np.arange(24) + 0.5) / 24
    exact = np.exp(-0.1 * np.pi**2 * times)[:, None] * np.sin(np.pi * x)
    assert within_a_factor_2(found.space["u"], relative(states[:, 0], exact))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (WALLED.format(4), "there is no higher order than 4 at walls"),
        (HEAT.format(6), "there is no higher order than 6"),
        (ADVECTION.format("weno(5)"), "there is no higher order than `weno(5)`"),
    ],
)
def test_where_there_is_no_higher_order(text: str, words: str) -> None:
    found, _ = estimated(field(text), np.linspace(0, 0.1, 2), method="auto")
    assert found.space == {}
    assert found.notes == (f"no estimate of the error of space: {words}",)
    assert found.time["u"] >= 0


def test_rows_of_two_environments_are_estimated_with_their_own_numbers() -> None:
    """``u = exp(-D k^2 t) sin(k x)``: second differences make the decay too slow by ``k^2 h^2/12``."""
    text = (
        HEAT.format(2).replace("0.05", "D").replace("state", "param D per environment = fit 0.05 in (0, 1)\nstate", 1)
    )
    compiled = compile_model(loads_model(text), members=Members((0, 1)))
    compiled.physical.begin_at("D", torch.tensor([0.05, 0.01]))
    rows = Trajectories(
        np.zeros((2, 1)), np.zeros((2, 1, 1, 16)), np.ones(2, int), ("u",), environment=np.array([1, 1])
    )
    start = torch.sin(2 * math.pi * torch.arange(16, dtype=torch.float64) / 16).expand(2, 1, 16)
    done = simulate(compiled, np.linspace(0, 1, 3), initial=start, inputs=rows)
    found = estimate_error(compiled, done, initial=start, rtol=1e-6, atol=1e-9, inputs=rows)
    rate = 0.01 * (2 * math.pi) ** 2
    slower = rate * (2 * math.pi / 16) ** 2 / 12
    assert found.notes == ()
    assert found.space["u"] == pytest.approx(np.exp(-rate) * (1 - np.exp(-slower)), rel=0.2)
