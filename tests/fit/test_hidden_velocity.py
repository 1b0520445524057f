"""A velocity without divergence is found from what it carries, saved, loaded and inspected."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from eqdsl.analysis.check import loads_model
from eqdsl.data.trajectories import Trajectories
from eqdsl.fitting.calibration import calibrate
from eqdsl.fitting.fit import fit
from eqdsl.fitting.penalty import learned_modules
from eqdsl.fitting.run_folder import Run, load_run
from eqdsl.inspection.inspect import inspect_run
from eqdsl.lowering.vector_field import compile_model
from eqdsl.numerics.integrators.integrate import integrate
from tests.fit.systems import quick
from tests.fit.test_training_data import problem_of

BOX = """\
space x: m in [0, 1], y: m in [0, 1] periodic
grid x = 12, y = 12
time t: s
state u(x, y)
param D: m^2/s = 0.002
{velocity}
dt(u) = -advect(w, u) + D*lap(u)
"""
LEARNED = "learned w(x, y) -> vector: m/s by mlp(24, 24, act = tanh) with div(w) = 0\nknown divergence = div(w)"
TRUE = """\
param a: m/s = 0.4
param b: m/s = 0.3
let w = (a*sin(pi*x/s)*cos(2*pi*y/s), -a/2*cos(pi*x/s)*sin(2*pi*y/s) + b)
param s: m = 1
"""


@pytest.fixture(scope="module")
def data() -> Trajectories:
    """Eight blobs, carried by a row of vortices and a current along the walls."""
    field = compile_model(loads_model(BOX.format(velocity=TRUE)))
    x, y = np.meshgrid(*(a.coordinates(0) for a in field.grid.axes), indexing="ij")
    places = np.random.default_rng(0).uniform(0.2, 0.8, (8, 2))
    blobs = [np.exp(-((x - p) ** 2) / 0.05) * np.exp(np.cos(2 * np.pi * (y - q)) - 1) for p, q in places]
    times = np.linspace(0, 0.6, 7)
    start = torch.as_tensor(np.stack(blobs)[:, None])
    states = integrate(field, start, torch.as_tensor(times), method="rk4", substeps=4)
    return Trajectories(np.tile(times, (8, 1)), states.numpy(), np.full(8, 7), ("u",), field.grid.coordinates())


@pytest.fixture(scope="module")
def run(data: Trajectories, tmp_path_factory: pytest.TempPathFactory) -> Run:
    config = quick("warm_start.steps=300", "optimizer.steps=150", "optimizer.polish=60", "optimizer.windows=8")
    return fit(
        loads_model(BOX.format(velocity=LEARNED)), data, out=tmp_path_factory.mktemp("box") / "run", config=config
    )


def test_the_velocity_comes_back(run: Run, data: Trajectories) -> None:
    truth = compile_model(loads_model(BOX.format(velocity=TRUE.replace("let w", "known w"))))
    state = torch.as_tensor(data.state[:1, 0])
    with torch.no_grad():
        found, wanted = run.field.double().learned_outputs(0.0, state), truth.named(0.0, state)
        divergence = run.field.named(0.0, state)["divergence"]
    error = sum(float((found[n] - wanted[n]).square().mean()) for n in ("w.x", "w.y"))
    size = sum(float(wanted[n].square().mean()) for n in ("w.x", "w.y"))
    assert error < 0.05**2 * size
    assert divergence.abs().max() < 1e-12


def test_scales_follow_the_units(data: Trajectories) -> None:
    """In millimetres a velocity is a thousand times as large and a stream function a million times."""
    scales = []
    for length in (1, 1000):
        text = BOX.format(velocity=LEARNED).replace("[0, 1]", f"[0, {length}]").replace("0.002", f"{0.002 * length**2}")
        axes = {name: values * length for name, values in data.axes.items()}
        problem = problem_of(text, replace(data, axes=axes))
        calibrate(problem, 0)
        scales.append(learned_modules(problem.field)["w"])
    metres, millimetres = scales
    assert float(millimetres.output_scale[0] / metres.output_scale[0]) == pytest.approx(1e6)
    assert float(millimetres.output_scale[1] / metres.output_scale[1]) == pytest.approx(1e3)
    assert (millimetres.norm_scale / metres.norm_scale).tolist() == pytest.approx([1e3, 1e3])
    assert all(0.1 < scale < 1 for scale in metres.norm_scale.tolist())


def test_a_loaded_run_has_the_same_velocity(run: Run, data: Trajectories) -> None:
    loaded = load_run(run.path)
    state = torch.as_tensor(data.state[:2, 0])
    with torch.no_grad():
        saved, again = (r.field.double().learned_outputs(0.0, state) for r in (run, loaded))
    assert all(torch.equal(saved[name], again[name]) for name in ("w.x", "w.y"))


def test_its_inspection_tells_that_no_point_stands_for_itself(run: Run) -> None:
    found = inspect_run(run, distil=True)
    assert found.distillation is not None and found.distillation.text is None
    assert "many points" in found.distillation.refused["w.x"]
    assert {"w.x, w.y(x, y), output against input", "w.x, w.y(x, y) over the grid"} <= {p.title for p in found.pictures}
    assert found.ledger.output("w.x").rms == pytest.approx(0.4 / 2, rel=0.1)
