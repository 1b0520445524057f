"""Flows and fields that a solved state couples back: closed forms, conservation, every such model by command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from eqdsl.analysis.check import load_model, loads_model
from eqdsl.cli.main import run
from eqdsl.data.reading import read_data
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.numerics.grid import grid_from_model
from eqdsl.simulation.rolling import simulate

GOOD = Path(__file__).parents[1] / "models" / "good"
NU, UNTIL = 0.1, 0.5
SOLVED = {  # what each is simulated to, and with which step
    "chemotaxis": (0.02, 0.002),
    "darcy": (0.04, 0.02),
    "navier_stokes_pressure": (0.1, 0.05),
    "navier_stokes_stream": (0.1, 0.05),
    "schroedinger_poisson": (0.05, 0.005),
    "slow_manifold": (0.2, 0.1),
    "stirred_box": (0.1, 0.05),
}


def vortex(name: str, points: int, order: int = 2) -> tuple[VectorField, np.ndarray, np.ndarray, np.ndarray]:
    """The Taylor-Green vortex at the end, and where it is."""
    text = (GOOD / f"{name}.eq").read_text(encoding="utf-8")
    model = loads_model(f"{text}\nscheme order = {order}\n")
    field = compile_model(model, grid=grid_from_model(model, {"x": points, "y": points}))
    done = simulate(field, np.linspace(0, UNTIL, 2), method="rk4", step=0.05)
    x, y = np.meshgrid(*field.grid.coordinates().values(), indexing="ij")
    return field, done.trajectories.state[:, -1], x, y


def pressure_errors(points: int, order: int) -> tuple[float, float]:
    """Largest error of the velocity, and root mean square of its divergence."""
    field, state, x, y = vortex("navier_stokes_pressure", points, order)
    decay = np.exp(-2 * NU * UNTIL)
    exact = np.stack([np.sin(x) * np.cos(y), -np.cos(x) * np.sin(y)]) * decay
    square = float(field.laws(UNTIL, torch.as_tensor(state))["divergence"].detach()) / (4 * np.pi**2)
    return float(np.abs(state[0] - exact).max()), square**0.5


def stream_error(points: int, order: int) -> float:
    _, state, x, y = vortex("navier_stokes_stream", points, order)
    return float(np.abs(state[0, 0] - 2 * np.sin(x) * np.sin(y) * np.exp(-2 * NU * UNTIL)).max())


@pytest.mark.parametrize("order", [2, 4])
def test_a_vortex_decays_as_it_must_in_velocity_and_pressure(order: int) -> None:
    """Velocity and divergence converge with the order of the scheme: the pressure's Laplacian is the compact one."""
    coarse, fine = (pressure_errors(points, order) for points in (16, 32))
    for before, after in zip(coarse, fine, strict=True):
        assert np.log2(before / after) > order - 0.3
    assert fine[0] < (2e-2 if order == 2 else 5e-4)


@pytest.mark.parametrize("order", [2, 4])
def test_a_vortex_decays_as_it_must_in_vorticity_and_stream_function(order: int) -> None:
    coarse, fine = (stream_error(points, order) for points in (16, 32))
    assert np.log2(coarse / fine) > order - 0.2


def test_the_velocity_of_a_stream_function_has_no_divergence() -> None:
    model = loads_model((GOOD / "navier_stokes_stream.eq").read_text(encoding="utf-8") + "known spread = div(w)\n")
    field = compile_model(model)
    state = torch.randn(1, 1, 32, 32, dtype=torch.float64, generator=torch.Generator().manual_seed(9))
    state = state - state.mean()
    assert float(field.named(0.0, state)["spread"].abs().max()) < 1e-12


def test_a_learned_stream_function_is_a_learned_velocity_without_divergence() -> None:
    """What the message about `with div(w) = 0` proposes."""
    model = loads_model(
        "space x in [0, 1] periodic, y in [0, 1] periodic\ngrid x = 12, y = 13\nstate u(x, y)\n"
        "learned psi(u) by mlp(8)\nlet w = (dy(psi), -dx(psi))\nknown spread = div(w)\ndt(u) = -advect(w, u)\n"
    )
    field = compile_model(model)
    state = torch.rand(2, 1, 12, 13, dtype=torch.float64, generator=torch.Generator().manual_seed(10))
    assert bool((field(0.0, state).abs() > 1e-6).any())
    assert bool((field.named(0.0, state)["spread"].abs() < 1e-12).all())


def test_the_pressure_of_a_vortex() -> None:
    """``p = (cos 2x + cos 2y)/4``, mean zero."""
    errors = []
    for points in (32, 64):
        model = load_model(GOOD / "navier_stokes_pressure.eq")
        field = compile_model(model, grid=grid_from_model(model, {"x": points, "y": points}))
        x, y = np.meshgrid(*field.grid.coordinates().values(), indexing="ij")
        p = field.solved(0.0, field.initial_state())["p"][0].detach().numpy()
        errors.append(np.abs(p - (np.cos(2 * x) + np.cos(2 * y)) / 4).max())
    assert np.log2(errors[0] / errors[1]) > 1.8


def test_cells_and_the_norm_of_a_wave_are_kept() -> None:
    for name, law in (("chemotaxis", "cells"), ("schroedinger_poisson", "norm")):
        field = compile_model(load_model(GOOD / f"{name}.eq"))
        until, step = SOLVED[name]
        done = simulate(field, np.array([0.0, until]), method="rk4", step=step)
        first, last = (float(field.laws(0.0, torch.as_tensor(done.trajectories.state[:, i]))[law]) for i in (0, 1))
        assert last == pytest.approx(first, rel=1e-11)


def test_a_balanced_reaction_follows_its_closed_form() -> None:
    """``c = k1 T s/(k1 s + k2 + 1)``, and ``ds/dt = -c``: Michaelis-Menten."""
    field = compile_model(load_model(GOOD / "slow_manifold.eq"))
    s = torch.tensor([[0.3], [1.0]], dtype=torch.float64)
    c = 2 * s / (2 * s + 1.5)
    assert torch.allclose(field(0.0, s), -c, rtol=1e-13)


@pytest.mark.parametrize("name", SOLVED)
def test_the_command_line_simulates_each_model(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, (until, step) = tmp_path / "out.h5", SOLVED[name]
    words = [str(GOOD / f"{name}.eq"), "-o", str(out), "--until", str(until), "--every", str(until)]
    assert run(["simulate", *words, "--method", "rk4", "--step", str(step)]) == 0
    captured = capsys.readouterr()
    assert "warning" not in captured.err
    model = load_model(GOOD / f"{name}.eq")
    data = read_data(str(out), model, minimum_frames=1)
    assert data.channels == model.channel_names
    assert np.isfinite(data.state).all()


def test_a_warning_is_one_line_without_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = tmp_path / "m.eq"
    model.write_text("space x in [0, 1]\ngrid x = 8\nstate u(x), p(x)\ndt(u) = -p\n0 = dxx(p) - u for p\ninit u = 1\n")
    assert run(["simulate", str(model), "-o", str(tmp_path / "o.h5"), "--until", "1", "--every", "1"]) == 0
    said = [line for line in capsys.readouterr().err.splitlines() if "solves" in line]
    assert said == [
        "warning: no `p` solves `0 = dxx(p) - u for p` on this domain: the rest of the equation has a mean, up to 1, "
        "that nothing balances; it is taken off"
    ]
