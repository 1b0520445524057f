"""Rollouts that leave what a learned term has seen are flagged, at the time they leave."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from eqdsl.analysis.check import loads_model
from eqdsl.cli.main import run as command
from eqdsl.data.trajectories import Trajectories
from eqdsl.data.writing import write_trajectories
from eqdsl.fitting.evaluate import evaluate
from eqdsl.fitting.fit import fit
from eqdsl.fitting.run_folder import Run, load_run
from eqdsl.inspection.inspect import inspect_run
from eqdsl.lowering.vector_field import compile_model
from eqdsl.simulation.seen import Departure, departures, seen_ranges
from tests.fit.systems import decay_data, quick

RISING = "state u\nlearned f(2*u) by mlp(4)\ndt(u) = 1 + 0*f\n"


def line(start: list[float], frames: int = 11) -> Trajectories:
    """``u = start + t`` with frames 0.1 apart."""
    times = np.tile(0.1 * np.arange(frames), (len(start), 1))
    state = np.array(start)[:, None, None] + times[:, :, None]
    return Trajectories(times, state, np.full(len(start), frames), ("u",), {})


def test_the_first_frame_beyond_the_range_is_named() -> None:
    """Inputs of training reach from 0 to 2; u = 0.5 + t leaves 2*u <= 2 (and 1 % more) after t = 0.5."""
    field = compile_model(loads_model(RISING))
    seen = seen_ranges(field, line([0.0]))
    assert seen == {"f": [pytest.approx([0.0, 2.0])]}
    assert departures(field, line([0.0]), seen) == ()
    (found,) = departures(field, line([0.5, 0.2, -0.3]), seen)
    assert found == Departure("f", "2*u", 2, 0.0, pytest.approx(-0.6), 0.0, 2.0, 3, 3)
    (found,) = departures(field, line([0.5, 0.2]), seen)
    assert found == Departure("f", "2*u", 0, pytest.approx(0.6), pytest.approx(2.2), 0.0, 2.0, 2, 2)
    assert str(found) == (
        "`f` extrapolates from t = 0.6 on in trajectory 0: 2*u = 2.2, and the data it was fitted to hold 0 … 2 "
        "(2 of 2 rollouts leave)"
    )


def test_what_lies_past_the_end_of_a_trajectory_does_not_count() -> None:
    field = compile_model(loads_model(RISING))
    data = line([0.5])
    short = Trajectories(data.times, data.state, np.array([6]), ("u",), {})
    assert departures(field, short, {"f": [[0.0, 2.0]]}) == ()


LEARNED = "state u\nparam k = fit 0.5 in (0, 5)\nlearned f(u) by mlp(8)\ndt(u) = -k*u + f\n"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("seen") / "run"
    return fit(loads_model(LEARNED), decay_data(), out=out, config=quick("optimizer.steps=20", "optimizer.polish=0"))


def test_a_run_remembers_and_its_commands_tell(run: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    stored = run.state["seen"]["f"][0]
    larger = decay_data(unit=1.5)
    assert stored[1] == pytest.approx(2.0) or stored[1] < 2.0
    (found,) = evaluate(run, larger).outside
    assert (found.term, found.input, found.time) == ("f", "u", 0.0)
    assert f"note: {found}" in str(evaluate(run, larger))
    inside = evaluate(run, Trajectories(
        larger.times[:1, :3], np.full((1, 3, 1), np.mean(stored)), np.array([3]), ("u",), {}
    ))  # fmt: skip
    assert inside.outside == ()
    data, out = tmp_path / "larger.h5", tmp_path / "out.h5"
    write_trajectories(data, larger, model=run.model)
    assert command(["simulate", "--run", str(run.path), "--from", str(data), "-o", str(out), "--json"]) == 0
    told = capfd.readouterr()
    assert json.loads(told.out)["outside"][0]["term"] == "f"
    assert "note: `f` extrapolates from t = 0 on in trajectory" in told.err


def test_a_fit_that_was_killed_tells_by_its_sample(run: Run) -> None:
    killed = load_run(run.path)
    stored = killed.state.pop("seen")
    assert killed.seen()["f"][0] == pytest.approx(stored["f"][0])


def test_an_inspection_tells(run: Run) -> None:
    narrow = load_run(run.path)
    narrow.state["seen"] = {"f": [[0.0, 0.1]]}
    found = inspect_run(narrow, plots=False)
    assert found.outside[0].highest == 0.1
    assert "Outside the training data\n  `f` extrapolates from t = 0 on" in found.as_text()
    assert found.as_json()["outside"][0]["time"] == 0.0  # type: ignore[index]
