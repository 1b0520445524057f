"""Interrupted fits go on as if nothing had happened, and leave a usable run at any time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from eqdsl.core.errors import DataError, UsageError
from eqdsl.data.trajectories import Trajectories
from eqdsl.data.writing import write_trajectories
from eqdsl.fitting.checkpoint import read_tensors
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.config_file import config_text
from eqdsl.fitting.fit import fit
from eqdsl.fitting.run_folder import Run, load_run
from tests.fit.systems import DECAY, OSCILLATOR, decay_data, model, oscillator_data, quick

LEARNED = "state u\nparam k = fit 0.5 in (0, 5)\nlearned f(u) by mlp(8)\ndt(u) = -k*u + f\n"


@dataclass(frozen=True)
class Whole:
    """An uninterrupted fit."""

    text: str
    data: Trajectories
    run: Run
    looks: int


def stop_after(calls: int) -> Any:
    """A `should_stop` that says yes from the given look on."""
    seen = [0]

    def asked() -> bool:
        seen[0] += 1
        return seen[0] > calls

    return asked


def weights(run: Run) -> dict[str, torch.Tensor]:
    return read_tensors(run.path / "weights.safetensors")[0]


def course(run: Run) -> list[dict[str, Any]]:
    """The history without the clock."""
    return [{name: value for name, value in row.items() if name != "seconds"} for row in run.history()]


def assert_equal_fits(one: Run, other: Run) -> None:
    """The same course and the same weights, bit for bit."""
    assert course(one) == course(other)
    before, after = weights(one), weights(other)
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


def resumed_like_whole(
    text: str, data: Trajectories, config: FitConfig, share: float, out: Path
) -> tuple[Run, Run, Run]:
    """A fit without interruption, one that stopped at a share of it, and that one resumed, equal to the first."""
    looks = [0]

    def asked() -> bool:
        looks[0] += 1
        return False

    whole = fit(model(text), data, config=config, should_stop=asked)
    first = fit(model(text), data, out=out, config=config, should_stop=stop_after(int(share * looks[0])))
    assert first.state["status"] == "interrupted"
    resumed = fit(model(text), data, out=out, resume=True)
    assert_equal_fits(whole, resumed)
    return whole, first, resumed


@pytest.fixture(scope="module", params=["learned", "velocities"])
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """A fit without interruption, and how often it looked whether to stop."""
    learned = request.param == "learned"
    text, data = (LEARNED, decay_data()) if learned else (OSCILLATOR, oscillator_data(velocity=False))
    looks = [0]

    def asked() -> bool:
        looks[0] += 1
        return False

    out = tmp_path_factory.mktemp(request.param) / "run"
    return Whole(text, data, fit(model(text), data, out=out, config=quick(), should_stop=asked), looks[0])


@pytest.mark.parametrize("share", [0.03, 0.4, 0.7, 0.97, 2.0])
def test_a_resumed_fit_equals_an_uninterrupted_one_bit_for_bit(tmp_path: Path, whole: Whole, share: float) -> None:
    text, data, out = whole.text, whole.data, tmp_path / "run"
    first = fit(model(text), data, out=out, config=quick(), should_stop=stop_after(int(share * whole.looks)))
    assert first.state["status"] == ("interrupted" if share < 1 else "done")
    resumed = fit(model(text), data, out=out, resume=True)
    assert resumed.state["status"] == "done"
    assert resumed.state["scores"] == whole.run.state["scores"]
    assert_equal_fits(whole.run, resumed)


SCRIPT = """
import sys
from eqdsl.analysis.check import load_model
from eqdsl.fitting.config_file import load_config
from eqdsl.fitting.fit import fit
resume = sys.argv[1] == "resume"
fit(load_model("m.eq"), "d.h5", out="run", config=load_config("c.toml"), resume=resume,
    events=lambda e: print(e["event"], flush=True))
"""


def test_kill_9_leaves_a_run_that_loads_and_resumes(tmp_path: Path) -> None:
    (tmp_path / "m.eq").write_text(LEARNED)
    (tmp_path / "c.toml").write_text(config_text(quick("optimizer.steps=20000", "optimizer.polish=0")))
    write_trajectories(tmp_path / "d.h5", decay_data(), model=model(LEARNED))
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    epochs = 0
    for attempt, delay in enumerate((0.05, 0.37, 0.61)):
        with subprocess.Popen(
            [sys.executable, "-c", SCRIPT, "resume" if attempt else "new"], cwd=tmp_path, env=environment,
            stdout=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            assert process.stdout is not None
            for line in process.stdout:
                if line.strip() == "epoch":
                    break
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
        run = load_run(tmp_path / "run")
        assert run.state["status"] == "running"
        assert run.checkpoint()["progress"]["epoch"] >= epochs
        epochs = run.checkpoint()["progress"]["epoch"]
        assert all(bool(torch.isfinite(t).all()) for t in run.field.state_dict().values())
        assert len(run.history()) <= epochs + 1
    done = fit(model(LEARNED), tmp_path / "d.h5", out=tmp_path / "run", resume=True, should_stop=stop_after(3))
    assert done.state["status"] == "interrupted"
    assert len(done.history()) == done.state["epochs"] >= epochs


def test_a_stop_before_the_first_step_leaves_a_usable_run(tmp_path: Path) -> None:
    seen: list[dict[str, Any]] = []
    run = fit(
        model(DECAY), decay_data(), out=tmp_path / "run", config=quick(), should_stop=lambda: True, events=seen.append
    )
    assert seen[-1]["event"] == "interrupted"
    assert run.state["status"] == "interrupted"
    again = load_run(tmp_path / "run")
    assert again.state["parameters"] == pytest.approx({"k": 0.5})
    assert again.history() == []


def test_a_time_budget_ends_cleanly_with_small_rates(tmp_path: Path) -> None:
    started = time.monotonic()
    run = fit(model(DECAY), decay_data(), config=quick("run.minutes=0.04", "optimizer.steps=1000000"))
    assert time.monotonic() - started < 10
    assert run.state["status"] == "done"
    stages = [row["stage"] for row in run.history()]
    assert stages[-1] == "polish" or "budget" in run.state["reason"]
    assert max(row["horizon"] for row in run.history()) == 11


def test_resuming_with_other_data_model_or_options_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "run"
    fit(model(DECAY), decay_data(), out=out, config=quick(), should_stop=stop_after(30))
    with pytest.raises(DataError, match=r"is not the data that .*run was fitted to"):
        fit(model(DECAY), decay_data(rate=1.31), out=out, resume=True)
    with pytest.raises(DataError, match="was fitted with another model"):
        fit(model(LEARNED), decay_data(), out=out, resume=True)
    with pytest.raises(UsageError, match=r"these differ: run\.seed, optimizer\.steps"):
        fit(model(DECAY), decay_data(), out=out, resume=True, config=quick("run.seed=3", "optimizer.steps=61"))
    with pytest.raises(DataError, match="there is no such run folder"):
        fit(model(DECAY), decay_data(), out=tmp_path / "nowhere", resume=True)
    done = fit(model(DECAY), decay_data(), out=out, resume=True, config=quick("run.minutes=5"))
    assert done.state["status"] == "done"
    assert load_run(out).config.run.minutes == 5


def test_an_existing_run_is_replaced_only_when_asked(tmp_path: Path) -> None:
    out = tmp_path / "run"
    fit(model(DECAY), decay_data(), out=out, config=quick("optimizer.steps=10"), should_stop=stop_after(0))
    with pytest.raises(UsageError, match="exists already"):
        fit(model(DECAY), decay_data(), out=out, config=quick())
    assert fit(
        model(DECAY), decay_data(), out=out, config=quick("run.seed=4"), should_stop=stop_after(0), force=True
    ).config.run.seed == 4  # fmt: skip
    other = tmp_path / "thesis"
    other.mkdir()
    (other / "chapter.tex").write_text("years of work")
    with pytest.raises(UsageError, match="exists and is not a run folder"):
        fit(model(DECAY), decay_data(), out=other, config=quick(), force=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run", "thesis"]


@pytest.mark.parametrize("name", ["state.json", "weights.safetensors", "config.toml"])
def test_a_damaged_run_is_named(tmp_path: Path, name: str) -> None:
    fit(model(DECAY), decay_data(), out=tmp_path / "run", config=quick(), should_stop=stop_after(0))
    (tmp_path / "run" / name).write_bytes(b"{")
    with pytest.raises((DataError, UsageError), match=name.replace(".", r"\.")):
        load_run(tmp_path / "run").field.eval()
