"""Fits of models that follow their flow: no option of the integrator is set, and steps cross several cells."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from eqdsl.fitting.evaluate import evaluate
from eqdsl.fitting.fit import fit
from tests.fit.systems import model, quick, trajectories

LINE = "space x in [0, 1] periodic\nstate u(x)\nscheme advect = semilagrangian({})\n"


def carried_waves(times: np.ndarray, points: int, speed: float, diffusivity: float) -> np.ndarray:
    """``sin(k*(x - c*t))*exp(-k^2*D*t)`` for two wave numbers and two phases, (4, T, 1, points)."""
    x = (np.arange(points) + 0.5) / points
    rows = []
    for waves in (1, 2):
        for phase in (0.0, 1.0):
            k = 2 * math.pi * waves
            wave = np.sin(k * (x[None] - speed * times[:, None]) + phase)
            rows.append(wave * np.exp(-(k**2) * diffusivity * times)[:, None])
    return np.stack(rows)[:, :, None]


@pytest.mark.parametrize("kernel", ["bicubic", "gaussian"])
def test_speed_and_diffusivity_from_frames_many_cells_apart(kernel: str) -> None:
    """The Courant number from frame to frame is 8; explicit transport would need 24 steps."""
    times, points = np.linspace(0, 1, 5), 32
    data = trajectories(times, carried_waves(times, points, 1.0, 2e-3), ["u"], x=(np.arange(points) + 0.5) / points)
    text = LINE.format(kernel) + "param c = fit 0.9 in (0, 3)\nparam D = fit 1e-3 in (0, 1)\n"
    run = fit(model(text + "dt(u) = -advect(c, u) + D*dxx(u)\n"), data, config=quick("optimizer.polish=60"))
    assert run.state["status"] == "done"
    assert run.state["integrator"]["substeps"] <= 2
    assert run.state["parameters"]["c"] == pytest.approx(1.0, rel=2e-3)
    assert run.state["parameters"]["D"] == pytest.approx(2e-3, rel=0.05)
    assert evaluate(run, run.sample()["validation"]).mse < 1e-3


def test_a_learned_velocity_from_what_it_carries() -> None:
    """``w = 1 + 0.5*sin(2*pi*x)`` seen through four states that follow it; paths by Runge-Kutta in NumPy."""
    times, points = np.linspace(0, 0.6, 7), 40
    x = (np.arange(points) + 0.5) / points
    place, starts = x.copy(), [x.copy()]
    for _ in range(6):
        for _ in range(50):
            place = _backwards(place, 0.1 / 50)
        starts.append(place.copy())
    state = np.stack([np.stack([np.sin(2 * math.pi * m * s + p) for s in starts]) for m in (1, 2) for p in (0, 1)])
    data = trajectories(times, state[:, :, None], ["u"], x=x)
    text = LINE.format("bicubic") + "learned w(sin(2*pi*x), cos(2*pi*x)) by mlp(8, act = tanh)\ndt(u) = -advect(w, u)\n"
    run = fit(model(text), data, config=quick("optimizer.steps=150", "optimizer.polish=80"))
    found = run.field.learned_outputs(0.0, torch.as_tensor(data.state[:1, 0]).to(run.field.dtype))["w"][0]
    error = found.detach().numpy() - (1 + 0.5 * np.sin(2 * math.pi * x))
    assert np.abs(error).max() < 0.05
    assert run.state["scores"]["validation"]["mse"] < 1e-3


def _backwards(place: np.ndarray, h: float) -> np.ndarray:
    def w(y: np.ndarray) -> np.ndarray:
        return 1 + 0.5 * np.sin(2 * math.pi * y)

    a = w(place)
    b = w(place - h / 2 * a)
    c = w(place - h / 2 * b)
    d = w(place - h * c)
    moved: np.ndarray = place - h * (a + 2 * b + 2 * c + d) / 6
    return moved
