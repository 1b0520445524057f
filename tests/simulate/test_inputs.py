"""Vector fields that data drive: closed forms, observed order, walls, memory modes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from eqdsl.analysis.check import loads_model
from eqdsl.core.errors import DataError, UsageError
from eqdsl.data.inputs import only_inputs
from eqdsl.data.trajectories import InputValues, Trajectories
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.numerics.integrators.integrate import integrate
from eqdsl.simulation import simulate

RELAXATION = "input q(t) {rule}\nstate u\ninit u = 1\ndt(u) = q - u\n"
OSCILLATOR = "input q(t) {per} linear\nstate u, v\ninit u = 0\ninit v = 0\ndt(u) = v\ndt(v) = q - 4*u\n"


def driven(text: str, **inputs: InputValues) -> tuple[VectorField, Trajectories]:
    model = loads_model(text)
    given = only_inputs(inputs, model)
    return compile_model(model), given


def one(times: np.ndarray, values: np.ndarray) -> InputValues:
    return InputValues(values[None], times[None])


def exact_relaxation(times: np.ndarray, values: np.ndarray, *, hold: bool) -> np.ndarray:
    """``u' = q - u`` segment by segment, q straight or constant in each."""
    u = [1.0]
    for h, a, b in zip(np.diff(times), values[:-1], values[1:], strict=True):
        slope = 0.0 if hold else (b - a) / h
        u.append((u[-1] - a + slope) * np.exp(-h) + a + slope * h - slope)
    return np.array(u)


KNOTS = np.array([0.0, 0.4, 1.0, 1.2, 2.0])
VALUES = np.array([0.0, 3.0, -1.0, 2.0, 2.5])


@pytest.mark.parametrize("rule", ["linear", "hold"])
@pytest.mark.parametrize(("method", "order"), [("rk4", 4), ("midpoint", 2), ("ssprk3", 3)])
def test_kinks_and_jumps_on_the_ends_of_steps_cost_no_order(rule: str, method: str, order: int) -> None:
    field, given = driven(RELAXATION.format(rule=rule), q=one(KNOTS, VALUES))
    exact = exact_relaxation(KNOTS, VALUES, hold=rule == "hold")
    errors = []
    for step in (0.2, 0.1, 0.05):
        found = simulate(field, KNOTS, inputs=given, method=method, step=step).trajectories.state[0, :, 0]
        errors.append(np.abs(found - exact).max())
    assert np.log2(errors[-2] / errors[-1]) == pytest.approx(order, abs=0.25)


@pytest.mark.parametrize("rule", ["linear", "hold"])
@pytest.mark.parametrize("method", ["dopri5", "tsit5", "bosh3"])
def test_adaptive_methods_keep_their_tolerance(rule: str, method: str) -> None:
    field, given = driven(RELAXATION.format(rule=rule), q=one(KNOTS, VALUES))
    found = simulate(field, KNOTS, inputs=given, method=method, rtol=1e-8, atol=1e-10).trajectories.state[0, :, 0]
    np.testing.assert_allclose(found, exact_relaxation(KNOTS, VALUES, hold=rule == "hold"), atol=1e-6)


def test_a_jump_inside_a_step_is_seen_by_the_error_estimate() -> None:
    field, given = driven(RELAXATION.format(rule="hold"), q=one(KNOTS, VALUES))
    found = simulate(field, np.array([0.0, 2.0]), inputs=given, rtol=1e-7).trajectories.state[0, -1, 0]
    assert found == pytest.approx(exact_relaxation(KNOTS, VALUES, hold=True)[-1], abs=1e-5)


@pytest.mark.parametrize("method", ["rk4", "dopri5", "rodas4", "ab3"])
def test_a_driven_oscillator_per_trajectory(method: str) -> None:
    # u'' + 4u = a + b t from rest: u = (a(1 - cos 2t) + b(t - sin(2t)/2))/4; each trajectory at times of its own.
    times = np.stack([np.linspace(0, 2, 41), np.linspace(0, 3, 41), np.linspace(0, 1, 41)])
    a, b = np.array([[1.0], [0.0], [-2.0]]), np.array([[0.0], [1.0], [3.0]])
    field, given = driven(OSCILLATOR.format(per="per trajectory"), q=InputValues(a + b * times, times))
    found = simulate(field, times, inputs=given, method=method, step=0.02 if method != "dopri5" else None)
    exact = (a * (1 - np.cos(2 * times)) + b * (times - np.sin(2 * times) / 2)) / 4
    assert found.trajectories.state.shape == (3, 41, 2)
    np.testing.assert_allclose(found.trajectories.state[:, :, 0], exact, atol=1e-4 if method == "ab3" else 1e-5)


def test_trajectories_do_not_mix_and_those_alone_are_the_same() -> None:
    times = np.linspace(0, 2, 9)
    values = np.stack([np.sin(times), 50 * np.cos(9 * times), np.zeros(9)])
    field, given = driven(OSCILLATOR.format(per="per trajectory"), q=InputValues(values, np.tile(times, (3, 1))))
    together = simulate(field, times, inputs=given, rtol=1e-9, atol=1e-12).trajectories.state
    for row in range(3):
        alone = simulate(field, times, inputs=given.select([row]), rtol=1e-9, atol=1e-12).trajectories.state
        np.testing.assert_allclose(together[row], alone[0], rtol=1e-7, atol=1e-9)
    assert np.abs(together[2]).max() == 0


@pytest.mark.parametrize("method", ["rk4", "dopri5"])
def test_checkpoints_give_the_same_gradients(method: str) -> None:
    times = torch.linspace(0, 2, 9, dtype=torch.float64)
    force = torch.stack([torch.sin(3 * times), torch.cos(5 * times)]).numpy()
    text = "param k = fit 4\n" + OSCILLATOR.format(per="per trajectory").replace("4*u", "k*u")
    field, given = driven(text, q=InputValues(force, np.tile(times.numpy(), (2, 1))))
    field = field.driven(given)

    def gradient(memory: str) -> torch.Tensor:
        end = integrate(field, torch.zeros(2, 2, dtype=torch.float64), times, method=method, memory=memory)[:, -1]
        (found,) = torch.autograd.grad(end.square().sum(), list(field.physical.parameters()))
        return found

    stored = gradient("stored")
    assert torch.equal(stored, gradient("checkpoint"))
    k = 1e-6
    ends = []
    for value in (4 - k, 4 + k):
        field.physical.set_value("k", value)
        with torch.no_grad():
            end = integrate(field, torch.zeros(2, 2, dtype=torch.float64), times, method=method, rtol=1e-11)[:, -1]
        ends.append(float(end.square().sum()))
    assert float(stored.abs()) > 0 and ends[0] != ends[1]


def test_reversible_steps_give_the_same_gradients() -> None:
    times = torch.linspace(0, 2, 21, dtype=torch.float64)
    text = "input q(t)\nparam k = fit 4\nstate u\ndtt(u) = q - k*u\n"
    field, given = driven(text, q=one(times.numpy(), np.sin(3 * times.numpy())))
    field = field.driven(given)
    found = []
    for memory in ("stored", "reversible"):
        end = integrate(field, torch.zeros(1, 2, dtype=torch.float64), times, method="verlet", memory=memory)[:, -1]
        found.append(torch.autograd.grad(end.square().sum(), list(field.physical.parameters()))[0])
    torch.testing.assert_close(found[0], found[1], rtol=1e-9, atol=1e-12)


def test_float32_states_meet_late_jumps_at_the_times_of_the_data() -> None:
    # 1e5 + 0.01 is no float32: stage times are rounded, the series' own times are not.
    times = 1e5 + np.arange(6) * 0.01
    model = loads_model("input q(t) hold\nstate u\ninit u = 0\ndt(u) = q\n")
    values = np.array([1.0, -2.0, 5.0, 0.5, 3.0, 9.0])
    field = compile_model(model, dtype=torch.float32)
    found = simulate(field, times, inputs=only_inputs({"q": one(times, values)}, model), method="rk4")
    np.testing.assert_allclose(
        found.trajectories.state[0, :, 0], np.concatenate([[0], np.cumsum(0.01 * values[:-1])]), atol=1e-6
    )


# ------------------------------------------------------------------------------------------------- space

Wall = Callable[[np.ndarray, np.ndarray], np.ndarray]

HEAT = "space x in [0, 1]\ngrid x = {points} {place}\nstate u(x)\ndt(u) = 0.2*dxx(u)\ninit u = sin(2*x)\n"


def wall_data(field: VectorField, times: np.ndarray, wall: Wall) -> Trajectories:
    """Data whose outermost points hold a formula's values, and NaN inside, where nothing is read."""
    x = field.grid.axes[0].coordinates()
    state = np.full((1, len(times), 1, x.size), np.nan)
    for end in (0, -1):
        state[0, :, 0, end] = wall(times, x[end])
    return Trajectories(times[None], state, np.array([len(times)]), ("u",), field.grid.coordinates())


def test_walls_from_data_equal_the_formula_up_to_interpolation() -> None:
    text = HEAT.format(points=21, place="nodes")
    formula = "bc u = sin(3*t) at x = 0\nbc u = sin(2) + sin(3*t) at x = 1\n"
    field = compile_model(loads_model(text + "bc u = data at boundary\n"))
    known = compile_model(loads_model(text + formula))
    frames = np.array([0.0, 0.5, 1.0])
    exact = simulate(known, frames, method="rk4", step=1 / 400).trajectories.state
    errors = []
    for count in (20, 40):
        times = np.linspace(0, 1, count + 1)
        given = wall_data(field, times, lambda t, x: np.sin(2 * x) + np.sin(3 * t))
        found = simulate(field, frames, inputs=given, method="rk4", step=1 / 400).trajectories.state
        errors.append(np.abs(found - exact).max())
    assert errors[0] < 2e-3
    assert errors[0] / errors[1] == pytest.approx(4, abs=0.5)


@pytest.mark.parametrize("place", ["nodes", "cells"])
@pytest.mark.parametrize("order", [2, 4])
def test_solutions_keep_the_order_in_space_beside_walls_from_data(place: str, order: int) -> None:
    # u = exp(-0.2 k^2 t) sin(kx + 0.4) solves the heat equation; its values drive the outermost points.
    errors = []
    for points in (16, 32):
        text = HEAT.format(points=points, place=place).replace("sin(2*x)", "sin(3*x + 0.4)")
        text += f"scheme order = {order}\n"
        field = compile_model(loads_model(text + "bc u = data at boundary\n"))
        times = np.linspace(0, 0.5, 801)

        def exact(t: np.ndarray, x: np.ndarray) -> np.ndarray:
            return np.exp(-0.2 * 9 * t) * np.sin(3 * x + 0.4)

        found = simulate(field, times[[0, -1]], inputs=wall_data(field, times, exact), method="rk4", step=0.5 / 800)
        x = field.grid.axes[0].coordinates()
        errors.append(np.abs(found.trajectories.state[0, -1, 0] - exact(0.5, x)).max())
        assert found.trajectories.state[0, -1, 0, 0] == pytest.approx(exact(0.5, x[0]), abs=1e-12)
    assert np.log2(errors[0] / errors[1]) > order - 0.5


def test_a_wall_with_a_series_is_the_wall_with_its_formula() -> None:
    text = HEAT.format(points=16, place="nodes") + "bc u = {wall} at x = 0\n"
    times = np.linspace(0, 1, 11)
    field, given = driven("input q(t)\n" + text.format(wall="q"), q=one(times, 3 * times))
    found = simulate(field, times, inputs=given, rtol=1e-9).trajectories.state
    known = simulate(compile_model(loads_model(text.format(wall="3*t"))), times, rtol=1e-9).trajectories.state
    np.testing.assert_allclose(found, known, atol=1e-8)


def test_maps_and_driven_fields_reach_every_point() -> None:
    text = (
        "space x in [0, 1] periodic, y in [0, 1]\ngrid x = 8, y = 8\ninput k(x, y)\ninput f(x, y, t)\n"
        "state u(x, y)\ninit u = 1\ndt(u) = -k*u + f\n"
    )
    k = np.random.default_rng(0).uniform(0.5, 2, (8, 8))
    times = np.linspace(0, 1, 5)
    # f = k makes 1 the solution everywhere; f = k + t forces it upwards.
    field, given = driven(text, k=InputValues(k[None]), f=one(times, k + 0 * times[:, None, None]))
    np.testing.assert_allclose(simulate(field, times, inputs=given).trajectories.state, 1, atol=1e-9)
    field, given = driven(text, k=InputValues(k[None]), f=one(times, k + times[:, None, None]))
    found = simulate(field, times, inputs=given, rtol=1e-9).trajectories.state[0, -1, 0]
    np.testing.assert_allclose(found, 1 + 1 / k - (1 - np.exp(-k)) / k**2, atol=1e-6)


def test_a_map_inside_a_derivative_is_continued_beyond_the_walls() -> None:
    text = "space x in [0, 1]\ngrid x = 8\ninput h(x)\nstate u(x)\ninit u = 0\ndt(u) = dx(h)\n"
    field, given = driven(text, h=InputValues((3 * (np.arange(8) + 0.5) / 8)[None]))
    found = simulate(field, np.array([0.0, 1.0]), inputs=given).trajectories.state[0, -1, 0]
    np.testing.assert_allclose(found, 3, atol=1e-12)


# ------------------------------------------------------------------------------------------------- what is missing


def test_what_is_missing_is_named() -> None:
    field, given = driven(RELAXATION.format(rule=""), q=one(KNOTS, VALUES))
    with pytest.raises(UsageError, match="`q` is read from the data"):
        simulate(field, KNOTS)
    with pytest.raises(DataError, match="no values of the input `q`"):
        simulate(field, KNOTS, inputs=only_inputs({}, field.model))
    with pytest.raises(DataError, match="`q` is given from t = 0 to 2, but the times asked for go from 0 to 3"):
        simulate(field, np.array([0.0, 3.0]), inputs=given)


def test_a_map_on_another_grid_is_refused() -> None:
    text = "space x in [0, 1]\ngrid x = 8\ninput h(x)\nstate u(x)\ninit u = 0\ndt(u) = h\n"
    field, given = driven(text, h=InputValues(np.zeros((1, 9))))
    with pytest.raises(DataError, match="the input `h` has \\(9,\\) points, the grid has \\(8,\\)"):
        simulate(field, np.array([0.0, 1.0]), inputs=given)


def test_inputs_of_other_trajectories_are_refused() -> None:
    times = np.linspace(0, 1, 3)
    field, given = driven(
        OSCILLATOR.format(per="per trajectory"), q=InputValues(np.zeros((3, 3)), np.tile(times, (3, 1)))
    )
    with pytest.raises(UsageError, match="those of 3 trajectories, the state has 2"):
        simulate(field, times, inputs=given, initial=torch.zeros(2, 2, dtype=torch.float64))
