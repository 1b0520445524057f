"""`eqdsl fit --ensemble`: members in processes, kills, resuming, and what inspect makes of them."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from eqdsl.cli import ensemble
from eqdsl.cli.main import run as run_command
from eqdsl.data.writing import write_trajectories
from eqdsl.fitting.checkpoint import read_tensors
from eqdsl.fitting.fit import fit
from eqdsl.fitting.run_folder import load_run
from eqdsl.inspection.ensemble import Ensemble, Spread, ensemble_of
from tests.cli.support import Call
from tests.fit.systems import decay_data, model, quick

LEARNED = "model growth\nstate u\nparam k = fit 0.5 in (0, 5)\nlearned f(u) by mlp(8)\ndt(u) = -k*u + f\n"
QUICK = (
    "optimizer.steps=25", "optimizer.epoch_steps=5", "warm_start.steps=5", "optimizer.polish=2", "run.dtype=float64",
    "run.checkpoint_seconds=0",
)  # fmt: skip
SETS = [word for text in QUICK for word in ("--set", text)]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a model and its data."""
    (tmp_path / "m.eq").write_text(LEARNED)
    write_trajectories(tmp_path / "d.h5", decay_data(), model=model(LEARNED))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def weights(run: Path) -> dict[str, torch.Tensor]:
    return read_tensors(run / "weights.safetensors")[0]


class Ended:
    """A fit that has run in this process, as a process that has ended."""

    def __init__(self, status: int) -> None:
        self.returncode = status

    def poll(self) -> int:
        return self.returncode


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Members are fitted in this process; the member folders they were begun for."""
    begun: list[str] = []

    def begin(arguments: Sequence[str], log: Path, lock: int) -> Ended:
        begun.append(Path(arguments[arguments.index("-o") + 1]).name + (" resumed" if "--resume" in arguments else ""))
        with log.open("a") as file, contextlib.redirect_stderr(file), contextlib.redirect_stdout(io.StringIO()):
            return Ended(run_command(list(arguments)))

    monkeypatch.setattr(ensemble, "begin", begin)
    return begun


def test_an_ensemble_is_that_of_single_fits(place: Path, call: Call, in_process: list[str]) -> None:
    """Members have seeds of their own and hold out the same trajectories; what is done is not done again."""
    done = call("fit", "m.eq", "d.h5", "-o", "run", "--ensemble", "2", "--json", *SETS)
    assert done.status == 0, done.err
    events = [json.loads(line) for line in done.out.splitlines()]
    assert [(e["seed"], e["status"]) for e in events if e["event"] == "member"] == [(1, "done")]
    assert events[-1]["event"] == "ensemble" and events[-1]["seeds"] == [0, 1]
    assert call("fit", "m.eq", "d.h5", "-o", "alone", "--seed", "1", "--set", "data.seed=0", *SETS).status == 0
    one, member = weights(place / "alone"), weights(place / "run" / "members" / "seed-1")
    assert all(torch.equal(one[name], member[name]) for name in one)
    # A member that was stopped goes on; the first run, and the one that is done, stay.
    cut = json.loads((place / "run" / "members" / "seed-1" / "state.json").read_text())
    (place / "run" / "members" / "seed-1" / "state.json").write_text(json.dumps({**cut, "status": "interrupted"}))
    assert call("fit", "m.eq", "d.h5", "-o", "run", "--ensemble", "3", "--resume").status == 0
    assert in_process == ["seed-1", "seed-1 resumed", "seed-2"]
    told = call("inspect", "run", "--json").json["ensemble"]
    assert told["seeds"] == [0, 1, 2]
    assert told["parameters"]["k"]["values"][0] == load_run(place / "run").state["parameters"]["k"]


@pytest.mark.slow
def test_an_ensemble_killed_is_resumed(place: Path, call: Call) -> None:
    command = [sys.executable, "-m", "eqdsl", "fit", "m.eq", "d.h5", "-o", "run", "--ensemble", "3"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    with subprocess.Popen([*command, *SETS], env=environment, stderr=subprocess.PIPE, text=True) as process:
        end = time.monotonic() + 120
        while not (place / "run" / "members" / "seed-1" / "state.json").exists():
            assert time.monotonic() < end and process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    done = call("fit", "m.eq", "d.h5", "-o", "run", "--ensemble", "3", "--resume", "--json")
    assert done.status == 0, done.err
    events = [json.loads(line) for line in done.out.splitlines()]
    assert [(e["seed"], e["status"]) for e in events if e["event"] == "member"] == [(1, "done"), (2, "done")]
    assert events[-1]["event"] == "ensemble" and events[-1]["seeds"] == [0, 1, 2]
    alone = call("fit", "m.eq", "d.h5", "-o", "alone", "--seed", "1", "--set", "data.seed=0", *SETS)
    assert alone.status == 0
    one, member = weights(place / "alone"), weights(place / "run" / "members" / "seed-1")
    assert all(torch.equal(one[name], member[name]) for name in one)


def test_a_finished_ensemble_is_replaced_only_with_nothing_else_in_it(place: Path, call: Call) -> None:
    fit(model(LEARNED), "d.h5", out="run", config=quick("optimizer.steps=5", "optimizer.polish=0"))
    member = place / "run" / "members" / "seed-1"
    fit(model(LEARNED), "d.h5", out=place / "other", config=quick("optimizer.steps=5", "optimizer.polish=0"))
    (place / "run" / "members").mkdir()
    (place / "other").rename(member)
    (member.parent / "seed-1.log").write_text("")
    (member / "thesis.tex").write_text("years of work")
    refused = call("fit", "m.eq", "d.h5", "-o", "run", "--force", *SETS)
    assert refused.status == 2
    assert "holds members/seed-1/thesis.tex, which is no part of a run" in refused.err
    (member / "thesis.tex").unlink()
    assert call("fit", "m.eq", "d.h5", "-o", "run", "--force", *SETS).status == 0
    assert not (place / "run" / "members").exists()


def test_a_member_that_fails_is_told_and_the_others_go_on(place: Path, call: Call, in_process: list[str]) -> None:
    """A file in the way of one member."""
    fit(model(LEARNED), "d.h5", out="run", config=quick("optimizer.steps=5", "optimizer.polish=0"))
    (place / "run" / "members").mkdir()
    (place / "run" / "members" / "seed-1").write_text("in the way")
    done = call("fit", "m.eq", "d.h5", "-o", "run", "--ensemble", "3", "--resume", "--jobs", "2")
    assert done.status == 3
    assert "seed 1: failed: run/members/seed-1: exists and is not a folder" in done.err
    assert "seed 2: validation" in done.err
    assert "Ensemble of 2 seeds" in done.out


def test_jobs_without_an_ensemble_are_refused(place: Path, call: Call) -> None:
    refused = call("fit", "m.eq", "d.h5", "-o", "run", "--jobs", "2")
    assert refused.status == 2
    assert "--jobs is for the members of an ensemble" in refused.err


def test_what_a_spread_means_is_said() -> None:
    found = Ensemble(
        (0, 1, 2, 3), (1e-5, 1.5e-5, 1.2e-5, 3e-4),
        (Spread("k", (1.0, 1.1, 1.2), 1.1, 0.1), Spread("c", (2.0, 2.0, 2.01), 2.003, 0.006)), (),
    )  # fmt: skip
    assert found.good == (0, 1, 2)
    assert found.sentences() == (
        "Seed 3: a misfit more than 10 times that of seed 0. The fit can end in more than one place; the spread is "
        "that of the best seeds.",
        "k differs by 9.09 % between seeds that fit equally well: these data leave it open.",
    )


def test_the_spread_of_a_learned_term_is_taken_at_the_same_states(tmp_path: Path) -> None:
    """Two runs whose f differ by a constant c have a spread of c/sqrt(2), whatever f is."""
    config = quick("optimizer.steps=5", "optimizer.polish=0")
    runs = [fit(model(LEARNED), decay_data(), out=tmp_path / name, config=config) for name in "ab"]
    with torch.no_grad():
        term = runs[1].field.terms_by_name["f"]
        last = [p for name, p in term.named_parameters() if name.endswith("bias")][-1]
        last += 0.5 / term.output_scale[0]
    found = ensemble_of(runs)
    assert found is not None
    (spread,) = found.learned
    assert spread.deviation == pytest.approx(0.5 / np.sqrt(2))
    assert found.parameters[0].deviation == 0
