"""data info, simulate, fit, evaluate and inspect, on an exponential decay."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from eqdsl.fitting.run_folder import load_run
from tests.cli.support import DECAY, LEARNED, Call

RATE = 0.8
QUICK = ["--set", "optimizer.steps=25", "--set", "warm_start.steps=25", "--set", "optimizer.polish=2"]
HEAT = """model heat
space x in [0, 1] periodic
grid x = 16
state u(x)
param D = 0.01
dt(u) = D*dxx(u)
init u = sin(2*pi*x)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models, data and a fitted run; not to be changed."""
    place = tmp_path_factory.mktemp("numeric")
    (place / "decay.eq").write_text(DECAY)
    (place / "unknown.eq").write_text(LEARNED)
    (place / "heat.eq").write_text(HEAT)
    times = np.arange(0, 2.01, 0.1)
    with h5py.File(place / "data.h5", "w") as file:
        file["t"] = times
        file["u"] = np.linspace(0.5, 2, 6)[:, None] * np.exp(-RATE * times)
    done = subprocess.run(
        [sys.executable, "-m", "eqdsl", "fit", "unknown.eq", "data.h5", "-o", "run", "--json", *QUICK],
        cwd=place, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (place / "events.txt").write_text(done.stdout)
    return place


# ---------------------------------------------------------------- simulate


def test_simulate_follows_the_closed_form(call: Call, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "o.h5"
    shown = call("simulate", folder / "decay.eq", "-o", out, "--until", 2, "--every", 0.5, "--param", "k=3", "--json")
    assert shown.status == 0
    assert set(shown.json) == {"out", "times", "states", "shapes", "wall_seconds", "steps", "integrator", "observed"}
    assert shown.json["integrator"]["method"] == "tsit5"
    assert shown.err.splitlines() == ["integrator: tsit5 (adaptive), because nothing in the equations is stiff"]
    assert shown.json["times"] == [0, 0.5, 1, 1.5, 2]
    assert shown.json["states"] == ["u"]
    assert shown.json["shapes"] == {"u": [1, 5]}
    assert shown.json["steps"] > 0
    with h5py.File(out) as file:
        assert file["u"][0] == pytest.approx(np.exp(-3 * file["t"][:]), abs=1e-5)


def test_simulate_takes_a_parameter_on_its_bound_as_it_is(call: Call, tmp_path: Path) -> None:
    """Its range is open there: a fit stays off the bound, a simulation need not."""
    model, out = tmp_path / "m.eq", tmp_path / "o.h5"
    model.write_text("state u\nparam j = fit 1 in (0, 2)\ndt(u) = j\ninit u = 0\n")
    assert call("simulate", model, "-o", out, "--until", 1, "--every", 1, "--param", "j=0").status == 0
    with h5py.File(out) as file:
        assert not file["u"][:].any()


def test_simulate_on_another_grid(call: Call, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "o.h5"
    shown = call(
        "simulate", folder / "heat.eq", "-o", out, "--until", 1, "--every", 1, "--grid", "x=32", "--dtype", "float32",
        "--json",
    )  # fmt: skip
    assert shown.json["shapes"] == {"u": [1, 2, 32]}
    with h5py.File(out) as file:
        decay = np.exp(-0.01 * (2 * np.pi) ** 2)
        assert file["u"][0, 1] == pytest.approx(decay * np.sin(2 * np.pi * file["x"][:]), abs=5e-3)


def test_simulate_from_the_first_frames_of_data(call: Call, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "o.h5"
    shown = call("simulate", folder / "decay.eq", "-o", out, "--from", folder / "data.h5", "--param", f"k={RATE}")
    assert shown.status == 0
    with h5py.File(out) as got, h5py.File(folder / "data.h5") as wanted:
        assert got["t"][:] == pytest.approx(wanted["t"][:])
        assert got["u"][:] == pytest.approx(wanted["u"][:], abs=1e-5)


def test_simulate_tells_its_integrator_only_where_it_chose(call: Call, folder: Path, tmp_path: Path) -> None:
    frames = ("--until", 1, "--every", 1)
    chosen = call("simulate", folder / "heat.eq", "-o", tmp_path / "a.h5", *frames)
    assert [line.split(",")[0] for line in chosen.err.splitlines()] == ["integrator: rk4 (explicit)"]
    assert call("simulate", folder / "heat.eq", "-o", tmp_path / "b.h5", *frames, "--method", "etdrk4").err == ""


def test_simulate_estimates_its_errors(call: Call, folder: Path, tmp_path: Path) -> None:
    """In the file, in JSON and in words: the same numbers; the true error of space is within a factor 2."""
    out, frames = tmp_path / "o.h5", ("--until", 1, "--every", 0.5, "--estimate-error")
    shown = call("simulate", folder / "heat.eq", "-o", out, *frames, "--json")
    errors = shown.json["errors"]["u"]
    with h5py.File(out) as file:
        assert file.attrs["relative error of u, time"] == errors["time"]
        assert file.attrs["relative error of u, space"] == errors["space"]
        exact = np.exp(-0.01 * (2 * np.pi) ** 2 * file["t"][:])[:, None] * np.sin(2 * np.pi * file["x"][:])
        true = np.sqrt(np.square(file["u"][0] - exact).mean(1)).max() / np.sqrt(np.square(exact).mean(1)).max()
    assert true / 2 <= errors["space"] <= 2 * true
    words = call("simulate", folder / "heat.eq", "-o", out, *frames, "--force").out.splitlines()[1]
    assert words == f"u: relative error about {errors['time']:.1g} of time, {errors['space']:.1g} of space"


@pytest.fixture
def different_starts(tmp_path: Path) -> Path:
    """Two trajectories of the decay, from time 0 and from time 3."""
    data = tmp_path / "starts.h5"
    with h5py.File(data, "w") as file:
        file["t"] = np.array([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])
        file["u"] = np.array([[1.0, 0.5, 0.2], [2.0, 1.0, 0.4]])
    return data


def test_simulate_from_starts_at_different_times(
    call: Call, folder: Path, different_starts: Path, tmp_path: Path
) -> None:
    out = tmp_path / "o.h5"
    common = ("simulate", folder / "decay.eq", "--from", different_starts, "-o", out, "--param", "k=1")
    refused = call(*common, "--until", 6, "--every", 1)
    assert refused.status == 2 and not out.exists()
    assert "start at different times, 0 to 3" in refused.err
    assert "leave out --until and --every" in refused.err
    assert call(*common).status == 0
    with h5py.File(out) as file:
        assert file["t"][:].tolist() == [[0, 1, 2], [3, 4, 5]]
        assert file["u"][:] == pytest.approx(np.array([[1.0], [2.0]]) * np.exp(-np.arange(3.0)), abs=1e-5)


def test_fit_has_a_short_form_for_memory(call: Call, folder: Path, tmp_path: Path) -> None:
    arguments = ("fit", folder / "unknown.eq", folder / "data.h5", "-o", tmp_path / "run", "--memory", "reversible")
    refused = call(*arguments, "--set", "integrator.method=rk4")
    assert refused.status == 2
    assert "`verlet` or `leapfrog` or `implicit_midpoint`" in refused.err


SPRING = "model spring\nstate q\nparam k = 4\ndtt(q) = -k*q\n"


@pytest.fixture
def positions(tmp_path: Path) -> Path:
    """Positions of an oscillator that starts at q = 0 with velocities 2 and 4; no velocities."""
    data, times = tmp_path / "positions.h5", np.linspace(0, 1, 41)
    with h5py.File(data, "w") as file:
        file["t"], file["q"] = times, np.array([[1.0], [2.0]]) * np.sin(2 * times)
    return data


@pytest.mark.parametrize(
    ("line", "velocities", "words"),
    [("", [2, 4], "estimated from the first frames"), ("init dt(q) = 3\n", [3, 3], "as the model's `init` says")],
)
def test_simulate_from_data_without_velocities(
    line: str, velocities: list[float], words: str, call: Call, positions: Path, tmp_path: Path
) -> None:
    """No `init q` is asked for: the file holds q."""
    model, out = tmp_path / "spring.eq", tmp_path / "o.h5"
    model.write_text(SPRING + line)
    outcome = call("simulate", model, "--from", positions, "-o", out)
    assert outcome.status == 0, outcome.err
    assert f"note: {positions} holds no `dt(q)`; it" in outcome.err
    assert words in outcome.err
    with h5py.File(out) as file:
        assert file["dt(q)"][:, 0] == pytest.approx(velocities, rel=1e-2)
        assert file["q"][:, 0] == pytest.approx([0, 0])


def test_simulate_from_one_frame_without_velocities(call: Call, tmp_path: Path) -> None:
    model, data = tmp_path / "spring.eq", tmp_path / "one.h5"
    model.write_text(SPRING)
    with h5py.File(data, "w") as file:
        file["t"], file["q"] = np.zeros(1), np.ones((2, 1))
    outcome = call("simulate", model, "--from", data, "-o", tmp_path / "o.h5", "--until", 1, "--every", 1)
    assert outcome.status == 1
    assert "init dt(q) = …" in outcome.err


def test_simulate_a_run_needs_no_model_file(call: Call, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "o.h5"
    assert call("simulate", "--run", folder / "run", "-o", out, "--until", 1, "--every", 0.5).status == 0
    other = call(
        "simulate", folder / "decay.eq", "--run", folder / "run", "-o", out, "--until", 1, "--every", 1, "--force"
    )
    assert other.status == 0
    assert "the run's own model is used" in other.err


def test_simulate_refuses_terms_that_are_not_learned(call: Call, folder: Path, tmp_path: Path) -> None:
    outcome = call("simulate", folder / "unknown.eq", "-o", tmp_path / "o.h5", "--until", 1, "--every", 1)
    assert outcome.status == 2
    assert "`f` have not been learned yet" in outcome.err
    assert "--run RUN" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--until", 1], "--every"),
        (["--until", 1, "--every", 0.3], "does not divide"),
        (["--until", -1, "--every", 0.1], "makes no frames"),
        (["--until", "nan", "--every", 0.1], "makes no frames"),
        (["--until", 1e9, "--every", 1e-3], "too many"),
        (["--until", 1, "--every", 1e-320], "inf frames are too many"),
        (["--until", 1, "--every", 1, "--seed", 10**30], "--seed"),
        (["--until", 1, "--every", 1, "--plot", "/"], "is a folder"),
        (["--until", 1, "--every", 1, "--param", "q=1"], "it has k"),
        (["--until", 1, "--every", 1, "--param", "k=9"], "from 0 to 5"),
        (["--until", 1, "--every", 1, "--param", "k=fast"], "not a finite number"),
        (["--until", 1, "--every", 1, "--param", "k"], "name=value"),
        (["--until", 1, "--every", 1, "--grid", "x=big"], "x=64"),
        (["--until", 1, "--every", 1, "--grid", "z=8"], "no axis `z`"),
        (["--until", 1, "--every", 1, "--method", "rk5"], "rk4"),
        (["--until", 1, "--every", 1, "-o", "/no/such/folder/o.h5"], "mkdir -p"),
    ],
)
def test_simulate_refuses_what_it_cannot_do(
    arguments: list[object], word: str, call: Call, folder: Path, tmp_path: Path
) -> None:
    outcome = call("simulate", folder / "decay.eq", "-o", tmp_path / "o.h5", *arguments)
    assert outcome.status == 2
    assert word in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_simulate_overwrites_nothing_unasked(call: Call, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "o.h5"
    out.write_text("precious")
    command = ["simulate", folder / "decay.eq", "-o", out, "--until", 1, "--every", 1]
    assert call(*command).status == 2
    assert out.read_text() == "precious"
    assert call(*command, "--force").status == 0


def test_simulate_that_diverges_is_a_failed_computation(call: Call, tmp_path: Path) -> None:
    model = tmp_path / "explosion.eq"
    model.write_text("state u\ndt(u) = u^2\ninit u = 1\n")
    outcome = call("simulate", model, "-o", tmp_path / "o.h5", "--until", 2, "--every", 1)
    assert outcome.status == 3
    assert "Traceback" not in outcome.err
    assert not (tmp_path / "o.h5").exists()


@pytest.mark.parametrize("name", ["decay", "heat"])
def test_simulate_draws_a_picture(name: str, call: Call, folder: Path, tmp_path: Path) -> None:
    picture = tmp_path / "o.png"
    command = ["simulate", folder / f"{name}.eq", "-o", tmp_path / "o.h5", "--until", 1, "--every", 0.25]
    assert call(*command, "--plot", picture).status == 0
    assert picture.read_bytes()[:4] == b"\x89PNG"


# ---------------------------------------------------------------- fit


def test_a_model_that_follows_its_flow_needs_no_option(call: Call, tmp_path: Path) -> None:
    """From frame to frame the wave crosses four cells; simulated, fitted and scored with the defaults."""
    text = (
        "space x in [0, 1] periodic\ngrid x = 32\nstate u(x)\nparam c = fit {} in (0, 3)\n"
        "scheme advect = semilagrangian\ndt(u) = -advect(c, u) - 0.2*u\ninit u = sin(2*pi*x)\n"
    )
    model, guess, data = tmp_path / "known.eq", tmp_path / "guess.eq", tmp_path / "data.h5"
    model.write_text(text.format(1))
    guess.write_text(text.format(0.9))
    done = call("simulate", str(model), "-o", str(data), "--until", "1", "--every", "0.125", "--json")
    assert done.status == 0
    assert done.json["steps"] == 8
    with h5py.File(data) as file:
        u = file["u"][0, -1]
    x = (np.arange(32) + 0.5) / 32
    assert np.abs(u - np.exp(-0.2) * np.sin(2 * np.pi * (x - 1))).max() < 2e-3
    run = tmp_path / "run"
    options = ["warm_start.steps=20", "optimizer.steps=40", "optimizer.polish=20"]
    sets = [word for option in options for word in ("--set", option)]
    fitted = call("fit", str(guess), str(data), "-o", str(run), *sets, "--json")
    assert fitted.status == 0
    assert json.loads((run / "state.json").read_text())["parameters"]["c"] == pytest.approx(1, rel=2e-3)
    again = ["simulate", model, "-o", data, "--until", 1, "--every", 0.1, "--force"]
    refused = call(*again, "--method", "ab2")
    assert refused.status == 2
    assert "`ab2` cannot be used with `scheme advect = semilagrangian`" in refused.err


def test_fit_prints_one_event_per_line_and_scores_last(folder: Path) -> None:
    events = [json.loads(line) for line in (folder / "events.txt").read_text().splitlines()]
    assert events[0]["event"] == "start"
    assert {"announce", "stage", "epoch"} <= {event["event"] for event in events}
    assert [event["event"] for event in events].index("done") == len(events) - 1
    assert "mse" in events[-1]["scores"]["validation"]


def test_fit_finds_the_parameter(call: Call, folder: Path, tmp_path: Path) -> None:
    config = tmp_path / "fit.toml"
    config.write_text("[optimizer]\nsteps = 25\npolish = 20\n[warm_start]\nsteps = 25\n")
    run = tmp_path / "run"
    outcome = call(
        "fit", folder / "decay.eq", folder / "data.h5", "-o", run, "--config", config, "--seed", 3, "--dtype", "float64"
    )
    assert outcome.status == 0
    assert f"k = {RATE}" in outcome.out
    assert "epoch" in outcome.err
    assert json.loads((run / "state.json").read_text())["parameters"]["k"] == pytest.approx(RATE, abs=1e-5)
    written = (run / "config.toml").read_text()
    assert "seed = 3" in written
    assert 'dtype = "float64"' in written


def test_fit_takes_objectives_in_order_and_names_those_it_has(call: Call, folder: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    words = ["fit", folder / "decay.eq", folder / "data.h5", "-o", run, "--quiet", *QUICK]
    assert call(*words, "--objective", "derivative,shooting").status == 0
    assert 'chain = "derivative,shooting"' in (run / "config.toml").read_text()
    stages = [row["stage"] for row in load_run(run).history()]
    assert list(dict.fromkeys(stages)) == ["warm start", "shooting", "polish"]
    refused = call(*words, "--force", "--objective", "shoting")
    assert refused.status == 2
    assert "`shoting` is no objective of a fit" in refused.err
    assert "did you mean `shooting`? there are collocation, derivative, regression, rollout, shooting" in refused.err
    assert run.exists()


def test_fit_maps_names_and_the_run_remembers(call: Call, folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "other.h5"
    with h5py.File(folder / "data.h5") as source, h5py.File(data, "w") as file:
        file["values"], file["clock"] = source["u"][:], source["t"][:]
    run = tmp_path / "run"
    names = ["--map", "u=values", "--map", "t=clock"]
    outcome = call("fit", folder / "decay.eq", data, "-o", run, "--quiet", *names, *QUICK)
    assert outcome.status == 0
    assert outcome.err == "" or all(line.startswith("note: ") for line in outcome.err.splitlines())
    assert call("evaluate", run, data).status == 0


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--set", "optimizer.stps=3"], "did you mean `optimizer.steps`"),
        (["--set", "steps"], "section.key=value"),
        (["--set", "steps.x=3"], "no such section"),
        (["--minutes", 0], "--minutes"),
        (["--seed", -1], "--seed"),
        (["--device", "abacus"], "--device"),
        (["--config", "no.toml"], "no.toml"),
    ],
)
def test_fit_refuses_wrong_options(
    arguments: list[object], word: str, call: Call, folder: Path, tmp_path: Path
) -> None:
    outcome = call("fit", folder / "decay.eq", folder / "data.h5", "-o", tmp_path / "run", *arguments)
    assert outcome.status == 2
    assert word in outcome.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["fit", "simulate"])
def test_a_gpu_that_is_not_there_is_told(
    command: str, call: Call, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    rest = [folder / "data.h5"] if command == "fit" else ["--until", 1, "--every", 1]
    outcome = call(command, folder / "decay.eq", *rest, "-o", tmp_path / "out", "--device", "cuda")
    assert outcome.status == 2
    assert "device `cuda`: this computer or this torch has no GPU" in outcome.err and "`--device auto`" in outcome.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [None, b"", b"\x89HDF\r\n\x1a\n broken"])
def test_fit_to_no_data(content: bytes | None, call: Call, folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data.h5"
    if content is not None:
        data.write_bytes(content)
    outcome = call("fit", folder / "decay.eq", data, "-o", tmp_path / "run")
    assert outcome.status == 1
    assert str(data) in outcome.err
    assert not (tmp_path / "run").exists()


def test_fit_overwrites_nothing_unasked(call: Call, folder: Path) -> None:
    before = (folder / "run" / "state.json").read_bytes()
    outcome = call("fit", folder / "unknown.eq", folder / "data.h5", "-o", folder / "run")
    assert outcome.status == 2
    assert "--force" in outcome.err
    assert (folder / "run" / "state.json").read_bytes() == before


def test_resume_without_a_run(call: Call, folder: Path, tmp_path: Path) -> None:
    outcome = call("fit", folder / "decay.eq", folder / "data.h5", "-o", tmp_path / "run", "--resume")
    assert outcome.status == 1
    assert "no such run folder" in outcome.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_leaves_a_run_to_resume(number: signal.Signals, call: Call, folder: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    arguments = ["fit", str(folder / "unknown.eq"), str(folder / "data.h5"), "-o", str(run)]
    process = subprocess.Popen(
        [sys.executable, "-m", "eqdsl", *arguments, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line)["event"] == "epoch":
            break
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert json.loads(out.splitlines()[-1])["event"] == "interrupted"
    assert "with a usable run left" in err
    assert call("evaluate", run, folder / "data.h5").status == 0
    assert call(*arguments, "--resume", "--minutes", 0.05, "--quiet").status == 0
    assert json.loads((run / "state.json").read_text())["status"] == "done"


# ---------------------------------------------------------------- evaluate, inspect, data info


def test_evaluate_prints_the_scores(call: Call, folder: Path) -> None:
    shown = call("evaluate", folder / "run", folder / "data.h5", "--json")
    assert shown.status == 0
    keys = {"mse", "log10_mse", "log10_mse_without_first", "per_state", "trajectories", "frames", "outside"}
    assert set(shown.json) == keys
    assert (shown.json["trajectories"], shown.json["frames"]) == (6, 126)
    assert shown.json["per_state"] == {"u": pytest.approx(shown.json["mse"])}
    assert "mse" in call("evaluate", folder / "run", folder / "data.h5").out


@pytest.mark.parametrize("state", ["{}", "[]", "{", "3"])
def test_a_state_that_is_none(state: str, call: Call, tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text(state)
    outcome = call("inspect", tmp_path)
    assert outcome.status == 1
    assert f"{tmp_path / 'state.json'}: is " in outcome.err


@pytest.mark.parametrize("name", ["evaluate", "inspect"])
def test_what_is_no_run(name: str, call: Call, folder: Path, tmp_path: Path) -> None:
    data = [folder / "data.h5"] if name == "evaluate" else []
    for path in (tmp_path, tmp_path / "missing", folder / "decay.eq"):
        outcome = call(name, path, *data)
        assert outcome.status == 1
        assert "run folder" in outcome.err


@pytest.fixture
def own_run(folder: Path, tmp_path: Path) -> Path:
    """A copy of the fitted run, to be changed."""
    return Path(shutil.copytree(folder / "run", tmp_path / "run"))


def test_inspect_json_has_the_keys_of_the_contract(call: Call, own_run: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    shown = call("inspect", own_run, "--json", "--report", page)
    assert shown.status == 0
    assert {"parameters", "learned", "equations"} <= set(shown.json)
    assert {"rms", "share", "formula", "r2"} <= set(shown.json["learned"]["f"])
    assert set(shown.json["equations"]) == {"u"}
    assert "<html" in page.read_text()
    assert shown.json["plots"] == str(own_run / "plots")
    assert call("inspect", own_run, "--report", page).status == 2


def test_inspect_draws_into_the_run(call: Call, own_run: Path) -> None:
    for _ in range(2):
        shown = call("inspect", own_run)
        assert shown.status == 0
        names = {path.name for path in (own_run / "plots").iterdir()}
        assert {"ledger.png", "learned_f.png", "horizon.png", "rollout.png", "training.png"} == names
        assert shown.out.rstrip().endswith(f"Pictures: {own_run / 'plots'} (5 files)")


def test_inspect_without_a_place_for_pictures(call: Call, own_run: Path) -> None:
    (own_run / "plots").write_text("mine")
    shown = call("inspect", own_run, "--json")
    assert shown.status == 0 and shown.json["plots"] is None
    assert "note: " in shown.err and "the pictures cannot be written" in shown.err
    assert (own_run / "plots").read_text() == "mine"


def test_inspect_names_a_sample_that_is_gone(call: Call, own_run: Path) -> None:
    (own_run / "sample_train.h5").unlink()
    shown = call("inspect", own_run)
    assert shown.status == 1
    assert "sample_train.h5: is missing" in shown.err and "put the file back" in shown.err


def test_data_info(call: Call, folder: Path) -> None:
    shown = call("data", "info", folder / "data.h5", "--model", folder / "decay.eq")
    assert shown.status == 0
    assert "u" in shown.out
    assert call("data", "info", folder / "data.h5", "--json").json["datasets"]
    assert call("data", "info", folder / "missing.h5").status == 1


def test_inputs_that_no_model_reads_are_refused(call: Call, decay: Path, tmp_path: Path) -> None:
    told = call("simulate", decay, "-o", tmp_path / "o.h5", "--until", 1, "--every", 1, "--inputs", tmp_path / "in.h5")
    assert told.status == 2
    assert "the model reads nothing from data, so --inputs would have no effect" in told.err
    assert not (tmp_path / "o.h5").exists()


def test_simulate_reads_what_drives_the_model(call: Call, tmp_path: Path) -> None:
    (tmp_path / "m.eq").write_text("input q(t)\nstate u\ninit u = 0\ndt(u) = q\n")
    with h5py.File(tmp_path / "in.h5", "w") as file:
        file["t"], file["q"] = [0.0, 1.0, 2.0], [0.0, 2.0, 0.0]
    out = tmp_path / "out.h5"
    arguments = ["simulate", tmp_path / "m.eq", "-o", out, "--every", 1]
    unsaid = call(*arguments, "--until", 2)
    assert unsaid.status == 2 and "`q` from a data file, and none is given" in unsaid.err
    late = call(*arguments, "--until", 3, "--inputs", tmp_path / "in.h5")
    assert late.status == 1 and "`q` is given from t = 0 to 2" in late.err
    done = call(*arguments, "--until", 2, "--inputs", tmp_path / "in.h5", "--estimate-error")
    assert done.status == 0
    with h5py.File(out) as file:
        assert file["u"][0] == pytest.approx([0, 1, 2], abs=1e-6)
        assert file["q"][:].tolist() == [0, 2, 0]
    with h5py.File(out) as file:
        assert file.attrs["relative error of u, time"] < 1e-6
    # What was written drives the next simulation.
    again = call(*arguments, "--until", 2, "--from", out, "--force")
    assert again.status == 0


@pytest.mark.parametrize(("rule", "start"), [("aphynity", 1.0), ("fixed", 100.0)])
def test_fit_takes_a_rule_of_the_multiplier(call: Call, folder: Path, tmp_path: Path, rule: str, start: float) -> None:
    arguments = [folder / "unknown.eq", folder / "data.h5", "-o", tmp_path / "run", "--quiet", *QUICK]
    assert call("fit", *arguments, "--multiplier", rule).status == 0
    rows = (tmp_path / "run" / "history.csv").read_text().splitlines()
    head, first = rows[0].split(","), rows[1].split(",")
    assert {"misfit", "penalty", "multiplier"} <= set(head)
    assert float(first[head.index("multiplier")]) == start
    wrong = call("fit", *arguments, "--multiplier", "other")
    assert wrong.status == 2
    assert "'auto', 'aphynity', 'fixed'" in wrong.err
