"""`eqdsl sweep` as a user meets it: processes, interruptions, kills, failures, wrong command lines."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import h5py
import pytest
import torch

from eqdsl.cli.sweeping import perform
from eqdsl.cli.sweeping.place import Place
from eqdsl.cli.sweeping.study import Trial
from eqdsl.cli.sweeping.trials import Running
from eqdsl.data.writing import write_trajectories
from eqdsl.fitting.checkpoint import read_tensors
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.fit import fit
from eqdsl.fitting.run_folder import load_run
from tests.cli.support import Call
from tests.fit.systems import DECAY, decay_data, model

LEARNED = "model growth\nstate u\nparam k = fit 0.5 in (0, 5)\nlearned f(u) by mlp(8)\ndt(u) = -k*u + f\n"
QUICK = (
    "optimizer.steps=25", "warm_start.steps=25", "optimizer.polish=2", "run.dtype=float64", "run.checkpoint_seconds=0",
)  # fmt: skip
SETS = [word for text in QUICK for word in ("--set", text)]
GRID = ["--grid", "optimizer.parameter_learning_rate=1e-3,1e-2", "--grid", "run.seed=0,1"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models, data and a finished sweep; not to be changed."""
    place = tmp_path_factory.mktemp("sweep")
    (place / "decay.eq").write_text(DECAY)
    (place / "learned.eq").write_text(LEARNED)
    write_trajectories(place / "data.h5", decay_data(), model=model(DECAY))
    write_trajectories(place / "other.h5", decay_data(rate=1.4), model=model(DECAY))
    done = subprocess.run(
        [*SWEEP, "decay.eq", "data.h5", "-o", "S", *SETS, *GRID, "--jobs", "2", "--json"],
        cwd=place, capture_output=True, text=True, check=False, env=environment(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (place / "sweep-output.json").write_text(done.stdout)
    return place


SWEEP = [sys.executable, "-m", "eqdsl", "sweep"]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}


def rows(sweep: Path) -> list[dict[str, str]]:
    with (sweep / "sweep.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_grid_leaves_ordinary_runs_a_table_and_a_plot(folder: Path) -> None:
    found = json.loads((folder / "sweep-output.json").read_text())
    assert [(t["trial"], t["state"], *t["settings"].values()) for t in found["trials"]] == [
        (1, "COMPLETE", "1e-3", "0"), (2, "COMPLETE", "1e-3", "1"),
        (3, "COMPLETE", "1e-2", "0"), (4, "COMPLETE", "1e-2", "1"),
    ]  # fmt: skip
    for row, trial in zip(rows(folder / "S"), found["trials"], strict=True):
        run = load_run(folder / "S" / row["run"])
        assert run.state["status"] == "done"
        assert run.config.run.seed == int(row["run.seed"]) == int(trial["settings"]["run.seed"])
        assert run.config.optimizer.parameter_learning_rate == float(row["optimizer.parameter_learning_rate"])
        assert run.state["validation"] == float(row["validation"]) == trial["validation"]
        assert run.state["parameters"]["k"] == float(row["param.k"]) == pytest.approx(1.3, rel=1e-2)
        assert "drawn with seed 0" in run.state["split"]
    assert found["best"]["validation"] == min(t["validation"] for t in found["trials"])
    assert found["not_run"] == 0
    assert (folder / "S" / "sweep.png").read_bytes().startswith(b"\x89PNG")


def test_a_trial_is_the_same_fit_as_one_by_hand(folder: Path, tmp_path: Path, call: Call) -> None:
    arguments = ["--set", "optimizer.parameter_learning_rate=1e-3", "--seed", 1, "--set", "data.seed=0", "--quiet"]
    assert call("fit", folder / "decay.eq", folder / "data.h5", "-o", tmp_path / "run", *SETS, *arguments).status == 0
    same_run(tmp_path / "run", folder / "S" / "trial-0002")


def same_run(one: Path, other: Path) -> None:
    first, second = ([{**row, "seconds": 0} for row in load_run(path).history()] for path in (one, other))
    assert first == second
    a, b = (read_tensors(path / "weights.safetensors")[0] for path in (one, other))
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_a_finished_sweep_runs_nothing_again_and_takes_nothing_else(folder: Path, call: Call) -> None:
    def resumed(model: str = "decay.eq", data: str = "data.h5", *more: str) -> tuple[int, str]:
        done = call("sweep", folder / model, folder / data, "-o", folder / "S", "--resume", *more)
        return done.status, done.err.splitlines()[0] if done.status else done.out

    before = {path: path.stat().st_mtime_ns for path in (folder / "S").glob("trial-*/*")}
    status, shown = resumed()
    assert status == 0
    assert shown.splitlines()[0].split() == [
        "trial", "state", "optimizer.parameter_learning_rate", "run.seed", "validation", "epochs", "time",
    ]  # fmt: skip
    assert shown.count("COMPLETE") == 4
    assert "best: " in shown
    assert resumed("decay.eq", "data.h5", *GRID)[0] == 0
    keeps = f"error: {folder / 'S'}: a resumed sweep keeps what it varies, but these differ: "
    assert resumed("decay.eq", "data.h5", "--grid", "run.seed=0,1") == (2, keeps + "--grid")
    assert resumed("decay.eq", "data.h5", "--search", "9") == (2, keeps + "--grid, --search")
    assert resumed("decay.eq", "data.h5", "--set", "optimizer.steps=26") == (2, keeps + "optimizer.steps")
    assert resumed("learned.eq")[0] == 1
    status, shown = resumed("decay.eq", "other.h5")
    assert (status, "is not the data of" in shown) == (1, True)
    assert before == {path: path.stat().st_mtime_ns for path in (folder / "S").glob("trial-*/*")}


def test_interrupted_then_killed_then_resumed_equals_uninterrupted(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "S"
    second = out / "trial-0002"
    fresh = [*SWEEP, folder / "learned.eq", folder / "data.h5", "-o", out]
    command = [*fresh, *SETS, "--grid", "optimizer.steps=25,200"]

    def epochs() -> int:
        return load_run(second).state["epochs"] if (second / "state.json").exists() else 0

    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        until(lambda: epochs() > 1)
        process.send_signal(signal.SIGINT)
        shown, _ = process.communicate(timeout=120)
    assert process.returncode == 130
    assert [row["state"] for row in rows(out)] == ["COMPLETE", "INTERRUPTED"]
    assert "INTERRUPTED" in shown
    kept, reached = (out / "trial-0001" / "state.json").read_text(), epochs()

    with subprocess.Popen([*fresh, "--resume"], env=environment(), stdout=subprocess.DEVNULL) as process:
        until(lambda: epochs() > reached)
        process.kill()
    assert load_run(second).state["status"] != "done"

    done = subprocess.run([*fresh, "--resume"], env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [row["state"] for row in rows(out)] == ["COMPLETE", "COMPLETE"]
    assert (out / "trial-0001" / "state.json").read_text() == kept
    fit(model(LEARNED), folder / "data.h5", out=tmp_path / "whole", config=load_run(second).config)
    same_run(tmp_path / "whole", second)


def test_failed_and_killed_trials_are_rows_and_the_killed_one_can_go_on(
    folder: Path, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    start = perform.start

    def killed(place: Place, trial: Trial, *more: object) -> Running:
        running = start(place, trial, *more)  # type: ignore[arg-type]
        if running.trial.number == 2:
            running.process.kill()
        return running

    monkeypatch.setattr(perform, "start", killed)
    command = ["sweep", folder / "decay.eq", folder / "data.h5", "-o", tmp_path / "S"]
    done = call(*command, *SETS, "--set", "data.test=0.5", "--grid", "data.validation=0.2,0.3,0.6", "--quiet")
    assert done.status == 3
    assert done.err == ""
    found = rows(tmp_path / "S")
    assert [row["state"] for row in found] == ["COMPLETE", "INTERRUPTED", "FAIL"]
    assert found[2]["message"] == "cannot hold out the shares 0.6 for validation and 0.5 for test"
    assert found[2]["message"] in done.out
    monkeypatch.undo()
    assert call(*command, "--resume", "--quiet").status == 0
    assert [row["state"] for row in rows(tmp_path / "S")] == ["COMPLETE", "COMPLETE", "FAIL"]


def test_a_search_in_which_every_trial_fails_says_so_with_status_3(folder: Path, tmp_path: Path, call: Call) -> None:
    text = (folder / "decay.eq").read_text().replace("\n", "\r\n")
    (tmp_path / "dos.eq").write_bytes(text.encode())
    command = ["sweep", tmp_path / "dos.eq", folder / "data.h5", "-o", tmp_path / "S"]
    done = call(*command, "--search", 1, "--set", "data.validation=0.6", "--set", "data.test=0.5", "--json", "--quiet")
    assert done.status == 3
    assert done.json["best"] is None
    assert [(t["state"], t["settings"]) for t in done.json["trials"]] == [
        ("FAIL", {"optimizer.parameter_learning_rate": "0.01", "run.seed": "0"})
    ]
    assert call(*command, "--resume", "--quiet").status == 3
    assert not (tmp_path / "S" / "sweep.png").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--grid", "optimizer.learning_rat=1e-3,1e-2", "--grid", "run.seed=0,x"],
         "error: --grid: 2 problems\n- `optimizer.learning_rat`: no such key; did you mean `optimizer.learning_rate`?\n"
         "- `run.seed`: 'x' is not allowed; give a valid integer "
         "(Seed of the weights, the split and the order of windows.)\n"),
        (["--grid", "multiplier.rule=auto,fixd"],
         "error: --grid: `multiplier.rule`: 'fixd' is not allowed; give 'auto', 'aphynity' or 'fixed' (auto: rises "
         "while the misfit exceeds the tolerance, falls below it; aphynity: grows by rate*misfit; fixed.)\n"),
        (["--grid", "multiplier.weights.g=1,2"],
         "error: multiplier.weights: `g` is not a learned term\n  = help: the model has none\n"),
        ([], "error: a sweep needs either --grid or --search\n"
             "  = help: for example `--grid optimizer.learning_rate=1e-3,1e-2`, or `--search 20`\n"),
        (["--search", "2", "--set", "run.sed=1"],
         "error: --set: `run.sed`: no such key; did you mean `run.seed`?\n"),
    ],
)  # fmt: skip
def test_a_wrong_command_line_is_one_error_before_anything_runs(
    folder: Path, tmp_path: Path, call: Call, arguments: list[str], message: str
) -> None:  # fmt: skip
    done = call("sweep", folder / "decay.eq", folder / "data.h5", "-o", tmp_path / "S", *arguments)
    assert (done.status, done.err, done.out) == (2, message, "")
    assert list(tmp_path.iterdir()) == []


def test_places_and_files_that_will_not_do(folder: Path, tmp_path: Path, call: Call) -> None:
    def sweep(data: str, out: Path, *more: str) -> tuple[int, str]:
        done = call("sweep", folder / "decay.eq", folder / data, "-o", out, *(more or GRID))
        return done.status, done.err.splitlines()[0]

    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("years of work")
    assert sweep("data.h5", tmp_path / "thesis") == (2, f"error: {tmp_path}/thesis: exists and is not a sweep")
    assert sweep("data.h5", folder / "S") == (2, f"error: {folder}/S: exists already")
    assert sweep("nowhere.h5", tmp_path / "S")[0] == 1
    assert sweep("data.h5", tmp_path / "S", "--resume") == (1, f"error: {tmp_path}/S: there is no such sweep")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis"]


def test_without_optuna_the_message_names_the_extra(
    folder: Path, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setitem(sys.modules, "optuna", None)
    done = call("sweep", folder / "decay.eq", folder / "data.h5", "-o", tmp_path / "S", *GRID)
    assert (done.status, done.err) == (
        2, "error: a sweep needs optuna\n  = help: install it with `pip install 'eqdsl[sweep]'`\n",
    )  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_the_help_names_the_ranges_of_the_search(call: Call) -> None:
    text = " ".join(call("sweep", "--help").out.split())
    assert "optimizer.learning_rate a number from 0.0003 to 0.03 (uniform in its logarithm)" in text
    assert "run.seed an integer from 0 to 9" in text


def test_a_sweep_takes_scattered_points_as_a_fit_does(tmp_path: Path) -> None:
    points = {"t": [[0.0, 1.0, 2.0]], "x": [[0.1, 0.5, 0.9]], "u": [[1.0, 2.0, 1.5]]}
    with h5py.File(tmp_path / "d.h5", "w") as file:
        for name, values in points.items():
            file[name] = values
    heat = model("space x in [0, 1]\ngrid x = 8\nstate u(x)\nparam a = fit 0.1\ndt(u) = a*dxx(u)\n")
    request = perform.Request("", str(tmp_path / "d.h5"), tmp_path, (), None, 1, None, (), (), False, True, False)
    assert perform._data(request, heat, FitConfig())["trajectories"] == 1
