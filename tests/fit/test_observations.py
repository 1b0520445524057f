"""Fits to what data hold of the states: sums, sensors, masks; states that start from formulas; missing values."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

from eqdsl.cli.main import run as command
from eqdsl.core.errors import DataError, UsageError
from eqdsl.data.reading import read_data
from eqdsl.data.split import Split, split_trajectories
from eqdsl.data.trajectories import Trajectories
from eqdsl.data.writing import write_trajectories
from eqdsl.fitting.evaluate import evaluate
from eqdsl.fitting.fit import fit
from eqdsl.fitting.objectives.table import OBJECTIVES
from eqdsl.fitting.problem import make_problem
from eqdsl.fitting.run_folder import Run
from eqdsl.inspection.inspect import inspect_run
from eqdsl.lowering.vector_field import compile_model
from eqdsl.simulation import simulate
from eqdsl.simulation.observing import observed_trajectories
from tests.fit.systems import model, quick

SUM = """\
state u, v
param a = fit 0.9 in (0, 3)
param v0 = fit 0.5
dt(u) = -a*v
dt(v) = a*u
init u = 1
init v = v0
observe p = u + 2*v
"""
ROD = """\
space x in [0, 1]
state u(x)
param D = fit 0.07 in (0, 1)
param height = fit 0.9
dt(u) = D*dxx(u)
bc u = 0 at x = 0
init u = height*x
observe left = sample(u, 0.3)
observe total = integral(u)
grid x = 16
"""
MASKED = """\
space x in [0, 1] periodic
grid x = 8
state u(x)
param k = fit 0.5 in (0, 5)
dt(u) = -k*u
observe u = u*(1 - x)
"""


def seen(text: str, values: dict[str, float], times: np.ndarray, initial: torch.Tensor | None = None) -> Trajectories:
    """What the data hold of an exact solution; NaN for what is not observed."""
    field = compile_model(model(text))
    for name, value in values.items():
        field.physical.set_value(name, value)
    rolled = simulate(field, times, initial=initial, method="dopri5", rtol=1e-10, atol=1e-12).trajectories
    found = observed_trajectories(field, rolled)
    state = found.state.copy()
    state[:, :, [i for i, n in enumerate(found.channels) if n in field.model.unobserved]] = np.nan
    return replace(found, state=state)


def all_of(data: Trajectories) -> Split:
    nothing = data.select([])
    return Split(data, nothing, nothing, "all")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The sum of two states, with gaps, at times of each trajectory's own, from a file that holds nothing else."""
    times = np.sort(np.random.default_rng(0).uniform(0, 4, (4, 24)), axis=1)
    times[:, 0] = 0.0
    u, v = (np.cos(1.3 * times + phase) for phase in (0.0, -np.pi / 2))
    p = (u - 0.8 * v) + 2 * (v + 0.8 * u)
    p[0, 4:7] = p[1, 0] = np.nan
    folder = tmp_path_factory.mktemp("sum")
    with h5py.File(folder / "data.h5", "w") as file:
        file["t"], file["p"] = times, p
    config = quick("optimizer.polish=60", "integrator.substeps=4")
    return fit(model(SUM), folder / "data.h5", out=folder / "run", config=config)


def test_rate_and_start_follow_from_a_sum_of_states(run: Run) -> None:
    assert run.state["parameters"]["a"] == pytest.approx(1.3, abs=1e-3)
    assert run.state["parameters"]["v0"] == pytest.approx(0.8, abs=1e-3)
    assert set(run.state["scores"]["validation"]["per_state"]) == {"p"}
    assert run.state["scores"]["validation"]["mse"] < 1e-6


def test_scores_and_inspection_are_in_observed_quantities(run: Run) -> None:
    sample = run.sample()
    assert sample["train"].channels == ("u", "v", "p")
    assert np.isnan(sample["train"].state[:, :, :2]).all()
    assert set(evaluate(run, sample["train"]).per_state) == {"p"}
    inspection = inspect_run(run, plots=False)
    assert inspection.horizon is not None
    assert set(inspection.horizon.per_channel) == {"p"}
    assert inspection.horizon.overall < 1e-6
    # The ledger looks at rollouts, as the data hold no state: a*v and a*u share the motion.
    rms = {t.name: t.rms for e in inspection.ledger.equations for t in e.terms}
    amplitude = 1.3 * np.sqrt((1 + 0.8**2) / 2)
    assert rms["-a*v"] == pytest.approx(amplitude, rel=0.2)
    assert rms["a*u"] == pytest.approx(amplitude, rel=0.2)
    # v0 acts through the start alone, which the sensitivity of the equations does not see.
    assert not [text for text in inspection.caveats if "v0" in text]


def test_point_sensors_and_an_integral_tell_conductivity_and_height() -> None:
    data = seen(ROD, {"D": 0.08, "height": 1.0}, np.linspace(0, 1.5, 6))
    assert data.channels == ("u", "left", "total")
    fitted = fit(model(ROD), data, config=quick("data.validation=0", "optimizer.steps=30", "optimizer.polish=50"))
    assert fitted.state["parameters"]["D"] == pytest.approx(0.08, rel=5e-3)
    assert fitted.state["parameters"]["height"] == pytest.approx(1.0, rel=5e-3)


def test_learned_terms_are_measured_where_rollouts_go() -> None:
    # q'' = -4 q - 0.5 q', of which q is seen and the friction is not known.
    text = "state q, v\nlearned f(v) by mlp(8) with f(0) = 0\ndt(q) = v\ndt(v) = -4*q + f\ninit v = 1\nobserve q\n"
    w, times = np.sqrt(4 - 0.0625), np.linspace(0, 2, 15)
    starts = np.linspace(-1, 1, 6)[:, None]
    q = np.exp(-0.25 * times) * (starts * np.cos(w * times) + (1 + 0.25 * starts) / w * np.sin(w * times))
    state = np.stack([q, np.full_like(q, np.nan)], axis=2)
    data = Trajectories(np.tile(times, (6, 1)), state, np.full(6, 15), ("q", "v"))
    fitted = fit(model(text), data, config=quick("optimizer.steps=80", "optimizer.polish=40"))
    assert fitted.state["scores"]["validation"]["mse"] < 1e-4
    field = fitted.field.double()
    friction = field.learned_outputs(0.0, torch.tensor([[0.0, 1.0], [0.5, -1.0]], dtype=torch.float64))["f"]
    np.testing.assert_allclose(friction.detach(), [-0.5, 0.5], atol=0.15)
    # In units of the output's scale: a measure at the zeros that stand for missing values would be nought.
    assert float(fitted.history()[-1]["share.f"]) > 0.05


def test_a_mask_is_seen_by_the_misfit_and_not_by_the_state() -> None:
    # Rollouts from the masked first frame stay masked, so the exact model sees the mask twice.
    times = np.linspace(0, 1, 6)
    initial = torch.ones(3, 1, 8, dtype=torch.float64)
    data = seen(MASKED, {"k": 2.0}, times, initial)
    x = (np.arange(8) + 0.5) / 8
    np.testing.assert_allclose(data.state[0, :, 0], np.exp(-2 * times)[:, None] * (1 - x), rtol=1e-8)
    problem = make_problem(model(MASKED), all_of(data), quick())
    problem.field.physical.set_value("k", 2.0)
    batch = problem.train.batch(problem.starts(5), 5)
    masked = data.state * (1 - x)
    expected = np.mean((masked[:, 1:] - data.state[:, 1:]) ** 2) / np.var(data.state)
    with torch.no_grad():
        misfit = OBJECTIVES["rollout"](problem, lambda: None).misfit(batch, 8)
    assert float(misfit) == pytest.approx(expected, rel=1e-6)


def test_the_states_of_data_are_not_asked_for_by_name() -> None:
    data = seen(SUM, {"a": 1.3, "v0": 0.8}, np.linspace(0, 3, 12))
    with pytest.raises(UsageError) as raised:
        fit(model(SUM), data, config=quick("objective.chain=derivative,rollout"))
    assert str(raised.value) == (
        "objective `derivative` needs the states at every frame, and the data hold `p` in their place\n"
        "  = help: take `--objective rollout`, or `shooting,rollout`"
    )


def test_segments_begin_at_fitted_states_of_which_none_is_observed() -> None:
    data = seen(SUM, {"a": 1.3, "v0": 0.8}, np.linspace(0, 5, 16))
    fitted = fit(
        model(SUM), data, config=quick("objective.chain=shooting,rollout", "optimizer.polish=60", "objective.segment=5")
    )
    assert fitted.state["parameters"]["a"] == pytest.approx(1.3, abs=1e-3)


def test_what_is_held_out_in_time_is_reached_from_the_first_frame() -> None:
    data = seen(SUM, {"a": 1.3, "v0": 0.8}, np.linspace(0, 5, 11))
    split = split_trajectories(data, validation=0.3, from_start=True)
    assert split.train.lengths.tolist() == [8]
    assert split.validation.lengths.tolist() == [11]
    p = split.validation.state[0, :, 2]
    assert np.isnan(p[1:8]).all()
    np.testing.assert_array_equal(p[[0, 8, 9, 10]], data.state[0, [0, 8, 9, 10], 2])


def test_a_file_is_written_and_read_again(tmp_path: Path) -> None:
    data = seen(ROD, {}, np.linspace(0, 1, 4))
    write_trajectories(tmp_path / "rod.h5", data, model=model(ROD))
    with h5py.File(tmp_path / "rod.h5") as file:
        assert "u" not in file
        assert file["left"].shape == (1, 4)
    again = read_data(tmp_path / "rod.h5", model(ROD))
    assert again.channels == ("u", "left", "total")
    np.testing.assert_array_equal(again.state, data.state)


def test_the_grid_is_that_of_the_model_where_nothing_observed_varies_in_space(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "rod.h5", "w") as file:
        file["t"], file["left"], file["total"] = np.arange(3.0), np.random.rand(2, 3), np.random.rand(2, 3)
    found = read_data(tmp_path / "rod.h5", model(ROD))
    assert found.shape == (16,)
    assert "no coordinates `x`: taken from `grid x = 16`" in found.notes
    with pytest.raises(DataError) as raised:
        read_data(tmp_path / "rod.h5", model(ROD.replace("grid x = 16\n", "")))
    assert str(raised.value) == (
        f"{tmp_path}/rod.h5, dataset `x`: nothing in the data varies along `x`, so they do not say on which points "
        "it is computed\n  = help: write `grid x = 64` in the model, or store the coordinates as `x`"
    )


def test_a_missing_observation_is_told_with_where_to_find_it(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "sum.h5", "w") as file:
        file["t"], file["pressure"] = np.arange(3.0), np.random.rand(2, 3)
    with pytest.raises(DataError, match="no such dataset") as raised:
        read_data(tmp_path / "sum.h5", model(SUM))
    assert "--map p=" in str(raised.value)
    assert read_data(tmp_path / "sum.h5", model(SUM), mapping={"p": "pressure"}).channels == ("u", "v", "p")


def simulated(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[Any, str]:
    """What ``eqdsl simulate --json`` prints, and its notes."""
    assert command(["simulate", "--json", *arguments]) == 0
    printed = capsys.readouterr()
    return json.loads(printed.out), printed.err


def test_simulations_write_what_is_observed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rod, mask = tmp_path / "rod.eq", tmp_path / "mask.eq"
    rod.write_text(ROD)
    mask.write_text(MASKED + "init u = 1\n")
    call = ("--until", "1", "--every", "0.5", "-o")
    told, _ = simulated(capsys, str(rod), *call, str(tmp_path / "1.h5"))
    assert (told["states"], told["observed"]) == (["u"], ["left", "total"])
    assert told["shapes"] == {"u": [1, 3, 16], "left": [1, 3], "total": [1, 3]}
    simulated(capsys, str(rod), "--from", str(tmp_path / "1.h5"), "-o", str(tmp_path / "2.h5"))
    with h5py.File(tmp_path / "1.h5") as first, h5py.File(tmp_path / "2.h5") as second:
        np.testing.assert_allclose(first["u"], second["u"], rtol=1e-6)
    _, notes = simulated(capsys, str(mask), *call, str(tmp_path / "mask.h5"))
    assert f"`u` in {tmp_path / 'mask.h5'} is what is observed, u*(1 - x)" in notes


def test_a_start_from_data_is_read_and_not_compared(tmp_path: Path) -> None:
    text = SUM.replace("init v = v0", "init v = data").replace("param v0 = fit 0.5\n", "")
    times = np.linspace(0, 3, 10)
    p = seen(SUM, {"a": 1.3, "v0": 0.8}, times).state[0, :, 2]
    v = np.full((3, 10), np.nan)
    v[:2, 0] = 0.8
    with h5py.File(tmp_path / "sum.h5", "w") as file:
        file["t"], file["p"], file["v"] = times, np.stack([p] * 3), v
    data = read_data(tmp_path / "sum.h5", model(text))
    problem = make_problem(model(text), all_of(data), quick())
    # The third trajectory holds no start of v.
    assert problem.starts(9).tolist() == [[0, 0], [1, 0]]
    assert set(problem.observed) == {"p"}
    problem.field.physical.set_value("a", 1.3)
    with torch.no_grad():
        misfit = OBJECTIVES["rollout"](problem, lambda: None).misfit(problem.train.batch(problem.starts(9), 9), 16)
    assert float(misfit) < 1e-10


def test_gaps_are_announced_with_the_frames_that_rollouts_can_start_from() -> None:
    text = "state u, v\nparam k = fit 0.5\ndt(u) = -k*u\ndt(v) = -k*v\n"
    times = np.linspace(0, 1, 6)
    state = np.exp(-times)[None, :, None] * np.ones((4, 1, 2))
    state[0, 2] = state[1, 0, 1] = np.nan
    told: list[str] = []
    data = Trajectories(np.tile(times, (4, 1)), state, np.full(4, 6), ("u", "v"))
    fit(
        model(text), data, config=quick("data.validation=0", "optimizer.steps=1", "optimizer.polish=0"),
        events=lambda e: told.append(e["text"]) if e["event"] == "announce" else None,
    )  # fmt: skip
    assert (
        "3 of 48 training values (6.2 %) are missing: rollouts are compared where there are values, and start at the "
        "18 frames without a missing one"
    ) in told


def test_data_without_a_whole_frame_are_seen_under_another_name() -> None:
    text = "space x in [0, 1] periodic\ngrid x = 8\nstate u(x)\nparam k = fit 0.5\ndt(u) = -k*u\n"
    times, rng = np.linspace(0, 1, 6), np.random.default_rng(0)
    u = np.broadcast_to(np.exp(-2 * times)[:, None], (3, 6, 8)).copy()
    u[rng.random(u.shape) < 0.5] = np.nan
    x = {"x": (np.arange(8) + 0.5) / 8}
    data = Trajectories(np.tile(times, (3, 1)), u[:, :, None], np.full(3, 6), ("u",), x)
    with pytest.raises(DataError) as raised:
        make_problem(model(text), all_of(data), quick())
    assert str(raised.value) == (
        "no frame with a whole state is followed by another frame\n"
        "  = help: a rollout starts from a frame without missing values; where there is none, observe the state under "
        "another name and say where it starts: `observe u_seen = u`, `init u = …`"
    )
    seen_as = model(text + "observe u_seen = u\ninit u = 1\n")
    state = np.stack([np.full_like(u, np.nan), u], axis=2)
    fitted = fit(seen_as, replace(data, state=state, channels=("u", "u_seen")), config=quick("optimizer.steps=20"))
    assert fitted.state["parameters"]["k"] == pytest.approx(2.0, abs=1e-3)


@pytest.mark.parametrize("name", ["derivative", "rollout", "shooting"])
def test_points_channels_and_frames_may_be_missing(name: str) -> None:
    # Where the data are exact, whatever is missing, the exact model fits what is there.
    text = "space x in [0, 1] periodic\nstate u(x), n\nparam k = fit 0.5\ndt(u) = -k*u\ndt(n) = -n\n"
    times, rng = np.linspace(0, 0.5, 9), np.random.default_rng(1)
    start = rng.normal(size=(5, 1, 8))
    u = start * np.exp(-2 * times)[:, None]
    n = np.broadcast_to(np.exp(-times)[:, None], u.shape)
    state = np.stack([u, n], axis=2)
    state[0, 3] = np.nan
    state[1, :, 0, 2] = np.nan
    state[2, 4:, 1] = np.nan
    state[3][rng.random((9, 2, 8)) < 0.3] = np.nan
    x = (np.arange(8) + 0.5) / 8
    data = Trajectories(np.tile(times, (5, 1)), state, np.full(5, 9), ("u", "n"), {"x": x})
    problem = make_problem(model(text), all_of(data), quick(f"objective.chain={name}", "objective.segment=4"))
    problem.field.physical.set_value("k", 2.0)
    objective = OBJECTIVES[name](problem, lambda: None)
    horizon = objective.horizon(4)
    starts = objective.starts(horizon)
    misfit = objective.misfit(problem.train.batch(starts, horizon), 8)
    gradient = torch.autograd.grad(misfit, list(problem.field.physical.parameters()))[0]
    assert torch.isfinite(gradient).all()
    if name == "rollout":
        assert all(np.isfinite(state[row, frame]).all() for row, frame in starts)
        assert float(misfit) < 1e-12
