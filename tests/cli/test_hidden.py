"""Hidden states and histories on the command line."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from eqdsl.analysis.check import loads_model
from eqdsl.data.trajectories import Trajectories
from eqdsl.data.writing import write_trajectories
from eqdsl.fitting.fit import fit
from tests.cli.support import Call
from tests.fit.systems import quick, trajectories

LAG = "state u\nhidden state v\nlearned f(history(u, 2)) by poly(1)\ninit v = fit\ndt(u) = v\ndt(v) = f\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run and its data: ``dtt(u) = -u`` as seen through frames that stand still over an interval."""
    folder = tmp_path_factory.mktemp("lag")
    times, phase = np.linspace(0, 1, 11), np.linspace(0, 3, 6)[:, None]
    u = np.sin(times + phase)
    data = trajectories(times, np.stack([u, np.full_like(u, np.nan)], axis=-1), ["u", "v"])
    write_trajectories(folder / "data.h5", data, model=loads_model(LAG))
    fit(loads_model(LAG), data, out=folder / "run", config=quick("optimizer.steps=20", "optimizer.polish=40"))
    return folder


def test_scores_and_rollouts_of_a_run(place: Path, call: Call) -> None:
    run, data, out = str(place / "run"), str(place / "data.h5"), str(place / "out.h5")
    found = call("evaluate", run, data, "--json").json
    assert found["mse"] < 4e-4 and found["per_state"].keys() == {"u"}
    assert len(found["notes"]) == 2
    done = call("simulate", "--run", run, "--from", data, "-o", out, "--json")
    assert "the start of `v` is fitted to the first 9 frames" in done.err
    assert done.json["times"] == pytest.approx(np.linspace(0.1, 1, 10))
    with h5py.File(out) as file, h5py.File(data) as truth:
        assert np.abs(file["u"][()] - truth["u"][:, 1:]).max() < 0.06
        assert np.abs(file["v"][:, 0] - np.cos(0.1 + np.linspace(0, 3, 6))).max() < 0.2


def test_frames_of_another_spacing_are_refused(place: Path, call: Call) -> None:
    run, data = str(place / "run"), str(place / "data.h5")
    done = call("simulate", "--run", run, "--from", data, "-o", str(place / "x.h5"), "--until", "1", "--every", "0.3")
    assert done.status == 2 and "take `--every 0.1`" in done.err
    done = call("simulate", "--run", run, "--from", data, "-o", str(place / "y.h5"), "--until", "2", "--every", "0.1")
    assert done.status == 0


def test_a_hidden_start_needs_a_run_or_a_formula(tmp_path: Path, call: Call) -> None:
    text = "state u\nhidden state v\ninit v = {}\ndt(u) = v\ndt(v) = -u\n"
    write_trajectories(
        tmp_path / "u.h5", Trajectories(np.array([[0.0, 1.0]]), np.ones((1, 2, 1)), np.array([2]), ("u",))
    )
    for start, status in (("fit", 2), ("2", 0)):
        (tmp_path / "m.eq").write_text(text.format(start))
        out = tmp_path / f"{start}.h5"
        done = call("simulate", str(tmp_path / "m.eq"), "--from", str(tmp_path / "u.h5"), "-o", str(out))
        assert done.status == status
        assert ("known only to a fitted model" in done.err) == bool(status)
    with h5py.File(tmp_path / "2.h5") as file:
        assert file["v"][0, 0] == 2.0
        assert file["u"][0, 1] == pytest.approx(np.cos(1) + 2 * np.sin(1), abs=1e-5)


def test_show_tells_how_hidden_states_start(tmp_path: Path, call: Call) -> None:
    (tmp_path / "m.eq").write_text(
        "state u\nhidden state v in (0, inf)\ninit v = fit 2 in (0, 9)\ndt(u) = v\ndt(v) = -u\n"
    )
    shown = call("show", str(tmp_path / "m.eq")).out
    assert "v = fitted, from 2" in shown
    assert "the start of `v` is fitted for each trajectory" in shown
    assert "the data hold every state that is not hidden" in shown
