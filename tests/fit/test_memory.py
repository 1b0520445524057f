"""What rollouts of a fit keep for gradients: the same fit, whatever it is; chosen by a budget; refused in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from eqdsl.core.errors import UsageError
from eqdsl.data.trajectories import Trajectories
from eqdsl.fitting.fit import fit
from eqdsl.fitting.integrator import diffusive
from eqdsl.fitting.run_folder import Run
from tests.fit.systems import DECAY, HEAT, OSCILLATOR, decay_data, model, quick, trajectories


def fitted(text: str, data: Trajectories, *sets: str) -> tuple[Run, list[dict[str, Any]]]:
    events: list[dict[str, Any]] = []
    run = fit(model(text), data, config=quick("optimizer.polish=5", *sets), events=events.append)
    return run, events


def texts(events: list[dict[str, Any]]) -> str:
    return "\n".join(str(e["text"]) for e in events if e["event"] == "announce")


def oscillations() -> Trajectories:
    times = np.linspace(0, 2, 11)
    phase = 1.5 * times[None, :] + np.linspace(0, 1, 6)[:, None]
    state = np.stack([np.cos(phase), -1.5 * np.sin(phase)], axis=2)
    order = ["q", "dt(q)"]
    names = model(OSCILLATOR).channel_names
    return trajectories(times, state[:, :, [order.index(n) for n in names]], names)


def test_checkpoints_give_the_same_fit_to_the_last_bit() -> None:
    one, other = (fitted(DECAY, decay_data(), f"integrator.memory={m}")[0] for m in ("stored", "checkpoint"))
    assert one.state["parameters"] == other.state["parameters"]
    assert one.state["validation"] == other.state["validation"]


def test_a_small_budget_asks_for_checkpoints() -> None:
    run, events = fitted(DECAY, decay_data(), "optimizer.memory=1e-6")
    assert "are computed again in blocks for their gradients" in texts(events)
    plain, quiet = fitted(DECAY, decay_data())
    assert "computed again" not in texts(quiet)
    assert run.state["parameters"] == plain.state["parameters"]


def test_reversible_steps_choose_a_method_and_fit_as_well() -> None:
    run, events = fitted(OSCILLATOR, oscillations(), "integrator.memory=reversible", "integrator.tolerance=1e-5")
    assert run.method == "verlet"
    assert "integrator: verlet (reversible), because every state is second order in time" in texts(events)
    assert run.state["parameters"]["k"] == pytest.approx(2.25, rel=1e-3)


def test_reversible_steps_of_a_method_that_has_none() -> None:
    with pytest.raises(UsageError, match="steps of `rk4` cannot be undone") as caught:
        fitted(DECAY, decay_data(), "integrator.memory=reversible", "integrator.method=rk4")
    assert "`verlet` or `leapfrog` or `implicit_midpoint`" in str(caught.value)


@pytest.mark.slow
def test_the_adjoint_fits_and_warns_of_diffusion() -> None:
    run, events = fitted(DECAY, decay_data(), "integrator.memory=adjoint", "optimizer.steps=120")
    assert run.method == "torchdiffeq_dopri5"
    assert run.state["parameters"]["k"] == pytest.approx(1.3, rel=1e-2)
    assert "not that of the computed solution" not in texts(events)
    x = (np.arange(16) + 0.5) / 16
    times = np.linspace(0, 0.1, 3)
    state = np.exp(-0.02 * 39.5 * times)[None, :, None, None] * np.sin(2 * np.pi * x) * np.ones((4, 1, 1, 1))
    heat = trajectories(times, state, ["u"], x=x)
    text = HEAT.replace("learned s(u) by mlp(8)\n", "").replace(" + s", "")
    sets = ("integrator.memory=adjoint", "warm_start.steps=1", "optimizer.steps=1", "optimizer.polish=0")
    assert "the gradient is not that of the computed solution" in texts(fitted(text, heat, *sets)[1])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (HEAT, True),
        ("space x in [0, 1] periodic\nstate u(x)\nknown d = dxx(u)\ndt(u) = -dx(u) + 0.1*d\n", True),
        ("space x in [0, 1] periodic\nstate u(x)\nparam k = 1\ndt(u) = div(k*grad(u))\n", True),
        ("space x in [0, 1] periodic\nstate u(x)\ndt(u) = -dx(u)\n", False),
        ("space x in [0, 1] periodic\nstate w(x)\ndtt(w) = dxx(w)\n", False),
    ],
)
def test_diffusion_is_found_in_the_equations(text: str, found: bool) -> None:
    assert diffusive(model(text)) is found


def test_a_stiff_linear_part_does_not_limit_a_fit() -> None:
    """Spacing times rate is 12, four times what rk4 stands; the closed form is the decay of the data."""
    text = "state u\nparam k = fit 100 in (0, 500)\ndt(u) = -k*u + 1\n"
    times = np.linspace(0, 1, 9)
    start = torch.linspace(0.5, 2, 6).numpy()
    state = 1 / 120 + (start[:, None] - 1 / 120) * np.exp(-120 * times)
    run, events = fitted(text, trajectories(times, state[:, :, None], ["u"]), "integrator.substeps=1")
    assert run.method == "etdrk4"
    assert "integrator: etdrk4 (exponential), because linear terms limit explicit steps to 0.028" in texts(events)
    assert run.state["parameters"]["k"] == pytest.approx(120, rel=1e-3)
