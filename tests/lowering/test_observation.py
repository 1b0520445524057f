"""Trajectories of states as the data hold them: closed forms, order of point sensors, gradients, starts by formula."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from eqdsl.analysis.check import loads_model
from eqdsl.data.trajectories import InputValues, Trajectories
from eqdsl.lowering.observation import observed_path, with_given_starts
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.simulation import simulate
from eqdsl.simulation.observing import observed_trajectories

SEEN = """\
space x in [0, 1], y in [0, 1]
grid x = 6, y = 7
state u(x, y)
vector state w(x, y)
param c = fit 2
input land(x, y)
dt(u) = lap(u)
dt(w) = lap(w)
observe u = u*(1 - land)
observe w
observe speed = norm(w)
observe total = integral(c*u)
observe drift = t*u + x
observe both = (u, c*w.y)
"""


def test_what_is_observed_stands_beside_the_states_in_the_order_of_the_data() -> None:
    model = loads_model(SEEN)
    assert model.data_channel_names == ("u", "w.x", "w.y", "speed", "total", "drift", "both.x", "both.y")
    field = compile_model(model)
    states = torch.rand(2, 3, 3, 6, 7, dtype=torch.float64)
    land = np.random.default_rng(0).random((1, 6, 7))
    driven = field.driven(
        Trajectories(
            np.zeros((2, 3)), states.numpy(), np.full(2, 3), model.channel_names, inputs={"land": InputValues(land)}
        )
    )
    times = torch.tensor([[0.0, 1.0, 2.0], [5.0, 6.0, 7.0]], dtype=torch.float64)
    seen = observed_path(driven, times, states)
    u, wx, wy = states.unbind(2)
    x = (torch.arange(6, dtype=torch.float64)[:, None] + 0.5) / 6
    expected = [
        u * (1 - torch.as_tensor(land)[0]), wx, wy, torch.hypot(wx, wy),
        (2 * u.mean((-1, -2), keepdim=True)).expand_as(u), times[..., None, None] * u + x, u, 2 * wy,
    ]  # fmt: skip
    torch.testing.assert_close(seen, torch.stack(expected, dim=2))


def test_states_observed_as_they_are_cost_nothing() -> None:
    field = compile_model(loads_model("state u, v\ndt(u) = -v\ndt(v) = u\nobserve u\nobserve v noise 0.1\n"))
    states = torch.rand(2, 3, 2, dtype=torch.float64)
    assert observed_path(field, torch.zeros(3), states) is states


@pytest.mark.parametrize(("order", "least"), [(2, 1.9), (4, 3.8)])
@pytest.mark.parametrize("walls", ["", " periodic"])
def test_a_point_sensor_converges_with_the_order_of_the_scheme(order: int, least: float, walls: str) -> None:
    # u = cos(pi x) obeys the walls' du/dn = 0; its period is 2.
    ends = "[0, 2]" if walls else "[0, 1]"
    places = [0.002, 0.1, 0.271, 0.313, 0.5, 0.77, 0.94]
    sensors = "".join(f"observe a{n} = sample(u, {place})\n" for n, place in enumerate(places))
    text = f"space x in {ends}{walls}\nscheme order = {order}\nstate u(x)\ndt(u) = dxx(u)\ninit u = 0\n{sensors}"
    exact = torch.cos(math.pi * torch.tensor(places, dtype=torch.float64))
    errors = []
    for points in (32, 64, 128):
        field = compile_model(loads_model(f"grid x = {points}\n" + text))
        x = torch.as_tensor(field.grid.axes[0].coordinates())
        seen = field.observed(0.0, torch.cos(math.pi * x)[None, None])
        errors.append(float((seen[0, 1:, 0] - exact).abs().max()))
    assert math.log2(errors[0] / errors[-1]) / 2 > least
    assert errors[-1] < (4e-4 if order == 2 else 2e-7)


def test_a_point_sensor_in_two_dimensions_is_exact_for_bilinear_fields() -> None:
    text = "space x in [0, 1], y in [0, 2]\ngrid x = 6 nodes, y = 7 nodes\nstate u(x, y)\ndt(u) = dxx(u)\n"
    field = compile_model(loads_model(text + "init u = 0\nobserve a = sample(u, 0.37, 1)\n"))
    x, y = (torch.as_tensor(a.coordinates()) for a in field.grid.axes)
    state = (1 + 2 * x[:, None] - y + 3 * x[:, None] * y)[None, None]
    assert float(field.observed(0.0, state)[0, 1, 0, 0]) == pytest.approx(1 + 2 * 0.37 - 1 + 3 * 0.37, abs=1e-12)


def test_a_point_sensor_can_stand_in_an_equation() -> None:
    # A controller that sees one point: d mean(u)/dt = -u(x0), with a kernel and without.
    text = "space x in [0, 1] periodic\ngrid x = 1024\nstate u(x)\ndt(u) = 1e-3*dxx(u) - sample(u, 0.4)\n"
    state = torch.rand(2, 1, 1024, dtype=torch.float64)
    plain, fused = (compile_model(loads_model(text), kernels=k)(0.0, state) for k in (False, True))
    torch.testing.assert_close(plain, fused, rtol=1e-12, atol=1e-9)
    position = 0.4 * 1024 - 0.5
    left = math.floor(position)
    value = torch.lerp(state[..., left], state[..., left + 1], position - left)
    torch.testing.assert_close(plain.mean((1, 2)), -value[:, 0], rtol=1e-9, atol=1e-9)


def test_gradients_pass_from_observations_to_states_parameters_and_starts() -> None:
    text = (
        "space x in [0, 1]\ngrid x = 6\nstate u(x), n\nparam a = fit 0.3\nparam h = fit 1\ndt(u) = a*dxx(u)\n"
        "dt(n) = -n\ninit u = h^2*x\ninit n = h\nobserve p = a*sample(u, 0.4)^2 + n*integral(u)\n"
    )
    field = compile_model(loads_model(text))
    both = _StartsAndObservations(field)

    def seen(states: torch.Tensor, *raw: torch.Tensor) -> torch.Tensor:
        return torch.func.functional_call(both, dict(zip(names, raw, strict=True)), (states,))

    names = [name for name, _ in both.named_parameters()]
    states = torch.rand(1, 2, 2, 6, dtype=torch.float64, requires_grad=True)
    raw = [p.detach().clone().requires_grad_() for p in both.parameters()]
    assert len(raw) == 2
    assert torch.autograd.gradcheck(seen, (states, *raw))


class _StartsAndObservations(torch.nn.Module):
    def __init__(self, field: VectorField) -> None:
        super().__init__()
        self.field = field

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        times = torch.tensor([0.0, 0.1], dtype=torch.float64)
        start = with_given_starts(self.field, times[:1], states[:, 0])
        return torch.cat([start.flatten(), observed_path(self.field, times, states).flatten()])


def test_only_states_that_are_not_observed_start_from_formulas() -> None:
    field = compile_model(loads_model("state u, v\ndt(u) = v\ndt(v) = -u\ninit u = 7\ninit v = 2*t\nobserve u\n"))
    state = torch.rand(3, 2, dtype=torch.float64)
    started = with_given_starts(field, torch.tensor([0.0, 1.0, 4.0], dtype=torch.float64), state)
    torch.testing.assert_close(started[:, 0], state[:, 0])
    torch.testing.assert_close(started[:, 1], torch.tensor([0.0, 2.0, 8.0], dtype=torch.float64))


def test_what_is_solved_for_can_be_observed() -> None:
    # -p'' = u with p = 0 at both walls: for u = sin(pi x), p = u/pi^2 up to the scheme.
    text = "space x in [0, 1]\ngrid x = 64\nstate u(x), p(x)\ndt(u) = 0*u\n0 = dxx(p) + u for p\nbc p = 0 at boundary\n"
    field = compile_model(loads_model(text + "init u = sin(pi*x)\nobserve u\nobserve p\n"))
    found = observed_trajectories(field, simulate(field, np.array([0.0, 1.0])).trajectories)
    assert found.channels == ("u", "p")
    np.testing.assert_allclose(found.state[:, :, 1], found.state[:, :, 0] / math.pi**2, rtol=2e-3)
