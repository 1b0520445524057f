"""Fits to data that drive the model: maps, series per trajectory, walls; resuming, scoring, inspecting."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from eqdsl.data.inputs import only_inputs, with_wall_series
from eqdsl.data.split import split_trajectories
from eqdsl.data.trajectories import InputValues, Trajectories
from eqdsl.data.writing import write_trajectories
from eqdsl.fitting.evaluate import evaluate
from eqdsl.fitting.fit import fit
from eqdsl.fitting.making import make_problem
from eqdsl.inspection.inspect import inspect_run
from eqdsl.lowering.vector_field import compile_model
from eqdsl.simulation import simulate
from tests.fit.systems import model, quick

TEXT = (
    "space x in [0, 1] periodic\ngrid x = 16\ninput land(x)\ninput q(t) per trajectory\nparam k = fit 0.5 in (0, 5)\n"
    "state u(x)\nparam a = fit 1 in (0, 5)\ndt(u) = 0.01*dxx(u) - k*land*u + a*q\n"
)
WALLS = (
    "space x in [0, 1]\ngrid x = 12\nstate u(x)\nparam k = fit 0.05 in (0, 1)\n"
    "dt(u) = k*dxx(u)\nbc u = data at boundary\n"
)


def driven_data(text: str = TEXT, count: int = 6) -> Trajectories:
    """Rollouts with k = 2 and a = 1.5, each with a force of its own."""
    true = model(text)
    field = compile_model(true)
    field.physical.set_value("k", 2.0)
    field.physical.set_value("a", 1.5)
    times = np.linspace(0, 1, 11)
    x = field.grid.axes[0].coordinates()
    force = np.stack([np.sin((1 + row) * times + row) for row in range(count)])
    land = (1 + np.sin(2 * np.pi * x))[None]
    given = only_inputs({"land": InputValues(land), "q": InputValues(force, np.tile(times, (count, 1)))}, true)
    start = torch.as_tensor(np.stack([np.cos(2 * np.pi * (x + row / 7)) for row in range(count)])[:, None])
    return simulate(field, times, inputs=given, initial=start, rtol=1e-9, atol=1e-11).trajectories


def wall_data() -> Trajectories:
    """``exp(-k m^2 t) sin(m x + p)`` with k = 0.2: nothing but the equation and the outermost points know k."""
    x, times = (np.arange(12) + 0.5) / 12, np.linspace(0, 1, 21)
    waves = [np.exp(-0.2 * m**2 * times)[:, None] * np.sin(m * x + m) for m in (1.0, 2.0, 3.0, 4.0)]
    return Trajectories(np.tile(times, (4, 1)), np.stack(waves)[:, :, None], np.full(4, 21), ("u",), {"x": x})


def test_the_integrator_of_a_driven_ordinary_equation_is_chosen() -> None:
    """``u' = k (q - u)`` with k = 2: the Jacobian that tells of stiffness needs the series."""
    text = "input q(t) per trajectory\nstate u\nparam k = fit 0.5 in (0, 5)\ndt(u) = k*(q - u)\n"
    true = model(text)
    field, times = compile_model(true), np.linspace(0, 3, 16)
    field.physical.set_value("k", 2.0)
    force = np.stack([np.sin((1 + row) * times) for row in range(6)])
    given = only_inputs({"q": InputValues(force, np.tile(times, (6, 1)))}, true)
    start = torch.linspace(-1, 1, 6, dtype=torch.float64)[:, None]
    data = simulate(field, times, inputs=given, initial=start, method="tsit5").trajectories
    run = fit(true, data, config=quick("integrator.method=auto"))
    assert run.state["integrator"]["method"] == "rk4"
    assert run.state["parameters"]["k"] == pytest.approx(2.0, rel=1e-3)


def test_the_factor_of_a_map_and_of_a_force_per_trajectory_are_recovered(tmp_path: Path) -> None:
    data = driven_data()
    run = fit(model(TEXT), data, out=tmp_path / "run", config=quick())
    assert run.state["parameters"]["k"] == pytest.approx(2.0, rel=1e-3)
    assert run.state["parameters"]["a"] == pytest.approx(1.5, rel=1e-3)
    # The other trajectories' forces would not do.
    wrong = replace(data, inputs={**data.inputs, "q": data.inputs["q"].select(np.arange(6)[::-1])})
    assert evaluate(run, data).mse < 1e-6 < 1e-3 < evaluate(run, wrong).mse


def test_a_part_in_time_keeps_whole_series(tmp_path: Path) -> None:
    data = driven_data(count=1)
    run = fit(model(TEXT), data, out=tmp_path / "run", config=quick())
    assert run.state["parameters"]["k"] == pytest.approx(2.0, rel=5e-3)
    stored = run.sample()["validation"]
    assert stored.frames < data.frames
    np.testing.assert_array_equal(stored.inputs["q"].values, data.inputs["q"].values)
    assert evaluate(run, stored).mse < 1e-5


def test_a_resumed_fit_equals_an_uninterrupted_one_bit_for_bit(tmp_path: Path) -> None:
    data = driven_data(count=4)
    path = tmp_path / "d.h5"
    write_trajectories(path, data, model=model(TEXT))
    whole = fit(model(TEXT), path, out=tmp_path / "whole", config=quick())
    calls = 0

    def stop() -> bool:
        nonlocal calls
        calls += 1
        return calls > 35

    cut = fit(model(TEXT), path, out=tmp_path / "cut", config=quick(), should_stop=stop)
    assert cut.state["status"] == "interrupted"
    resumed = fit(model(TEXT), path, out=tmp_path / "cut", resume=True)
    assert resumed.state["parameters"] == whole.state["parameters"]
    assert resumed.state["scores"] == whole.state["scores"]


def test_a_run_is_inspected_with_its_inputs(tmp_path: Path) -> None:
    text = TEXT.replace("- k*land*u", "- f").replace("param k = fit 0.5 in (0, 5)\n", "")
    text += "learned f(u, land) by mlp(8)\n"
    run = fit(model(text), driven_data(), out=tmp_path / "run", config=quick())
    found = inspect_run(run, plots=False, distil=True)
    (equation,) = found.ledger.equations
    assert {"a*q", "- f"} & {term.name for term in equation.terms}
    assert found.horizon is not None and np.isfinite(found.horizon.overall)


@pytest.mark.slow
def test_points_that_follow_the_data_are_neither_fitted_nor_scored(tmp_path: Path) -> None:
    data, config = wall_data(), quick("data.validation=0")
    split = split_trajectories(with_wall_series(data, model(WALLS)), validation=0)
    problem = make_problem(model(WALLS), split, config)
    assert not problem.train.present[..., [0, -1]].any()
    assert problem.train.present[..., 1:-1].all()
    assert problem.derivative is not None
    assert torch.isnan(problem.derivative.slopes[..., [0, -1]]).all()
    run = fit(model(WALLS), data, out=tmp_path / "run", config=config)
    assert run.state["parameters"]["k"] == pytest.approx(0.2, rel=0.05)

    def inner(method: str) -> float:
        start, step = torch.as_tensor(data.state[:, 0]), 0.05 / run.substeps if method == "rk4" else None
        found = simulate(run.field, data.times, inputs=data, initial=start, method=method, step=step).trajectories
        return float(np.square(found.state - data.state)[..., 1:-1].mean())

    assert evaluate(run, data).mse == pytest.approx(inner("rk4"), rel=1e-3)
    found = inspect_run(run, plots=False, distil=False)
    assert found.horizon is not None
    assert found.horizon.overall == pytest.approx(inner("dopri5"), rel=0.02)
