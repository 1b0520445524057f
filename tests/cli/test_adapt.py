"""`eqdsl adapt` and `simulate --environment` on the command line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from eqdsl.analysis.check import loads_model
from eqdsl.data.trajectories import Trajectories
from eqdsl.data.writing import write_trajectories
from tests.cli.support import Call

MODEL = "state u\nparam k per environment = fit 1 in (0, 5)\ndt(u) = -k*u\ninit u = 2\n"
QUICK = ("warm_start.steps=20", "optimizer.steps=20", "optimizer.polish=20", "data.validation=0", "run.dtype=float64")


def written(path: Path, rates: dict[int, float], *, told: bool = True) -> Path:
    """``exp(-k t)``, one trajectory in each environment."""
    times, k = np.linspace(0, 1, 6), np.array(list(rates.values()))
    state = np.exp(-k[:, None] * times)[..., None]
    count = len(k)
    data = Trajectories(np.tile(times, (count, 1)), state, np.full(count, 6), ("u",), environment=np.array(list(rates)))
    write_trajectories(path, data if told else replace(data, environment=None), model=loads_model(MODEL))
    return path


@pytest.fixture
def run(tmp_path: Path, call: Call) -> Path:
    """A fit of two environments."""
    (tmp_path / "m.eq").write_text(MODEL)
    data = written(tmp_path / "d.h5", {0: 0.5, 1: 1.5})
    settings = [part for setting in QUICK for part in ("--set", setting)]
    assert call("fit", tmp_path / "m.eq", data, "-o", tmp_path / "run", "--quiet", *settings).status == 0
    return tmp_path / "run"


def test_a_run_is_taken_to_a_new_environment(tmp_path: Path, run: Path, call: Call) -> None:
    new = written(tmp_path / "new.h5", {7: 2.5})
    refused = call("evaluate", run, new)
    assert refused.status == 1
    assert (
        "the environment 7 is not among those of the fit, 0, 1: `k` is another one in each environment" in refused.err
    )
    assert "`eqdsl adapt RUN DATA.h5 -o ADAPTED`" in refused.err
    adapted = call("adapt", run, new)
    assert adapted.status == 0
    assert "environment 7: new; what is shared stays as it is" in adapted.err
    assert "k = 1.501 in the mean; 0: 0.5, 1: 1.5, 7: 2.502" in adapted.out
    scores = json.loads(call("evaluate", tmp_path / "run-adapted", new, "--json").out)
    assert scores["mse"] < 1e-8
    assert scores["worst_environment"] == "7"
    found = json.loads(call("inspect", tmp_path / "run-adapted", "--json").out)
    assert found["environments"]["7"]["parameters"]["k"] == pytest.approx(2.5, rel=2e-3)
    assert found["parameters"]["k"]["own"]["1"] == pytest.approx(1.5, rel=1e-3)
    taken = call("adapt", run, new)
    assert taken.status == 2
    assert "run-adapted" in taken.err


def test_inspect_tells_of_each_environment_and_names_the_worst(tmp_path: Path, run: Path, call: Call) -> None:
    report = tmp_path / "r.html"
    shown = call("inspect", run, "--report", report)
    assert shown.status == 0
    lines = shown.out.splitlines()
    table = lines[lines.index("Environments") + 1 : lines.index("Environments") + 4]
    assert table[0].split() == ["environment", "error", "k"]
    assert [row.split()[0] for row in table[1:]] == ["0", "1"]
    assert sum(row.endswith("the worst") for row in table) == 1
    assert "k is another one per environment: value is their mean, low and high their extremes." in shown.out
    assert "<h2>Environments</h2>" in report.read_text()


def test_a_simulation_says_in_which_environment(tmp_path: Path, run: Path, call: Call) -> None:
    times = ("--until", 1, "--every", 0.5)
    asked = call("simulate", "--run", run, "-o", tmp_path / "a.h5", *times)
    assert asked.status == 2
    assert "`k` is another one in each environment, and whose is meant is not said" in asked.err
    assert "give `--environment 0`, or start from data that tell it: `--from FILE.h5`" in asked.err
    assert call("simulate", "--run", run, "-o", tmp_path / "a.h5", *times, "--environment", 1).status == 0
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["u"][0, -1] == pytest.approx(2 * np.exp(-1.5), rel=1e-3)
        assert file["environment"][:].tolist() == [1]
    assert call("simulate", "--run", run, "--from", tmp_path / "d.h5", "-o", tmp_path / "b.h5").status == 0
    with h5py.File(tmp_path / "b.h5") as file:
        assert file["u"][:, -1] == pytest.approx(np.exp([-0.5, -1.5]), rel=1e-3)
    model = call("simulate", tmp_path / "m.eq", "-o", tmp_path / "c.h5", *times, "--environment", 1)
    assert "nothing of the simulated model is another one in each environment" in model.err


def test_a_simulation_from_data_that_do_not_tell_takes_the_environment_that_is_given(
    tmp_path: Path, run: Path, call: Call
) -> None:
    silent = written(tmp_path / "silent.h5", {7: 2.5}, told=False)
    assert call("simulate", "--run", run, "--from", silent, "-o", tmp_path / "a.h5").status == 1
    given = call("simulate", "--run", run, "--from", silent, "--environment", 1, "-o", tmp_path / "a.h5")
    assert given.status == 0
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["u"][0, -1] == pytest.approx(np.exp(-1.5), rel=1e-3)


def test_trajectories_of_the_fit_are_simulated_with_their_own_numbers(tmp_path: Path, call: Call) -> None:
    """Also those of a learned term whose inputs are looked at afterwards."""
    (tmp_path / "m.eq").write_text(
        "state u\nhidden state h\nparam k per trajectory = fit 1 in (0, 5)\nlearned g(u) by mlp(2)\n"
        "dt(u) = -k*u + 0*(g + h)\ndt(h) = -h\ninit u = 2\ninit h = fit 1\n"
    )
    data = written(tmp_path / "d.h5", {0: 0.5, 1: 1.5})
    settings = [part for setting in QUICK for part in ("--set", setting)]
    assert call("fit", tmp_path / "m.eq", data, "-o", tmp_path / "run", "--quiet", *settings).status == 0
    assert call("simulate", "--run", tmp_path / "run", "--from", data, "-o", tmp_path / "a.h5").status == 0
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["u"][:, -1] == pytest.approx(np.exp([-0.5, -1.5]), rel=2e-2)


def test_data_that_do_not_tell_are_refused(tmp_path: Path, run: Path, call: Call) -> None:
    silent = written(tmp_path / "silent.h5", {7: 2.5}, told=False)
    outcome = call("adapt", run, silent)
    assert outcome.status == 1
    assert "write a dataset `environment` with one whole number for each trajectory; known are 0, 1" in outcome.err


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([0.5, 1.0], "holds 0.5 for trajectory 0, which is no whole number"),
        ([0, np.nan], "holds nan for trajectory 1, which is no whole number"),
        ([0, 1, 2], "has shape (3,), and there are 2 trajectories"),
        (["a", "b"], "holds variable-length objects or text, not numbers"),
    ],
    ids=["fractions", "missing", "too many", "text"],
)
def test_a_dataset_that_is_no_environment_is_refused(
    tmp_path: Path, call: Call, values: list[object], said: str
) -> None:
    (tmp_path / "m.eq").write_text(MODEL)
    data = written(tmp_path / "d.h5", {0: 0.5, 1: 1.5})
    with h5py.File(data, "a") as file:
        del file["environment"]
        file["environment"] = values
    outcome = call("fit", tmp_path / "m.eq", data, "-o", tmp_path / "run", "--quiet")
    assert outcome.status == 1
    assert f"dataset `environment`: {said}" in outcome.err
