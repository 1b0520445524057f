"""Steps that are not finite are skipped, taken back, bounded in number, and explained."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from eqdsl.core.errors import ComputationError
from eqdsl.fitting.fit import fit
from eqdsl.fitting.objectives.rollout import RolloutObjective
from eqdsl.fitting.run_folder import load_run
from eqdsl.fitting.training_data import Batch
from eqdsl.numerics.integrators.integrate import Memory
from tests.fit.systems import DECAY, decay_data, model, quick

EXPLOSIVE = "state u\nparam k = fit 900 in (0, 1000)\ndt(u) = k*u^3\n"


def break_steps(monkeypatch: pytest.MonkeyPatch, bad: range) -> None:
    """Make the rollout objective NaN, gradient included, in some of its calls."""
    original, calls = RolloutObjective.misfit, [0]

    def misfit(self: RolloutObjective, batch: Batch, substeps: int, memory: Memory = "stored") -> torch.Tensor:
        value = original(self, batch, substeps, memory)
        if torch.is_grad_enabled():
            calls[0] += 1
        return value * math.nan if calls[0] in bad else value

    monkeypatch.setattr(RolloutObjective, "misfit", misfit)


@pytest.mark.parametrize("rollback", ["true", "false"])
def test_a_few_bad_steps_cost_nothing_but_themselves(monkeypatch: pytest.MonkeyPatch, rollback: str) -> None:
    break_steps(monkeypatch, range(20, 27))
    run = fit(model(DECAY), decay_data(), config=quick("optimizer.steps=100", f"safety.rollback={rollback}"))
    bad = [row["bad_steps"] for row in run.history()]
    assert sum(bad) == 7
    assert run.state["parameters"]["k"] == pytest.approx(1.3, rel=1e-3)
    hurt = next(row for row in run.history() if row["bad_steps"])
    assert hurt["misfit"] is None or math.isfinite(hurt["misfit"])


def test_too_many_bad_steps_end_in_an_error_with_a_run_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    break_steps(monkeypatch, range(15, 10**6))
    out = tmp_path / "run"
    with pytest.raises(ComputationError, match=r"20 steps in a row failed \(stage rollout, epoch"):
        fit(model(DECAY), decay_data(), out=out, config=quick())
    run = load_run(out)
    assert run.state["status"] == "failed"
    assert "20 steps in a row" in run.state["reason"]
    assert all(bool(torch.isfinite(t).all()) for t in run.field.state_dict().values())


def test_a_failed_fit_leaves_what_it_had_reached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever the time between two checkpoints."""
    break_steps(monkeypatch, range(45, 10**6))
    out = tmp_path / "run"
    config = quick("run.checkpoint_seconds=1000", "optimizer.steps=200", "warm_start.enabled=false")
    with pytest.raises(ComputationError):
        fit(model(DECAY), decay_data(), out=out, config=config)
    run = load_run(out)
    # Four whole epochs before the bad steps, and those that bad steps ended early.
    assert run.state["epochs"] == len(run.history()) >= 4
    assert [row["bad_steps"] for row in run.history()[:4]] == [0, 0, 0, 0]
    assert run.state["parameters"]["k"] != 0.5


def test_lbfgs_obeys_the_ban_on_skipping(monkeypatch: pytest.MonkeyPatch) -> None:
    options = ("warm_start.enabled=false", "optimizer.steps=60")
    with monkeypatch.context() as broken:
        # One call measures the memory of a window.
        break_steps(broken, range(62, 10**6))
        assert fit(model(DECAY), decay_data(), config=quick(*options)).state["status"] == "done"
    break_steps(monkeypatch, range(62, 10**6))
    with pytest.raises(ComputationError, match="stage polish"):
        fit(model(DECAY), decay_data(), config=quick(*options, "safety.skip=false"))


def test_skipping_can_be_turned_off(monkeypatch: pytest.MonkeyPatch) -> None:
    break_steps(monkeypatch, range(15, 16))
    with pytest.raises(ComputationError, match="a step failed"):
        fit(model(DECAY), decay_data(), config=quick("safety.skip=false"))


def test_a_rollout_that_explodes_is_named_with_place_and_advice() -> None:
    with pytest.raises(ComputationError) as caught:
        fit(model(EXPLOSIVE), decay_data(), config=quick("warm_start.enabled=false", "integrator.substeps=4"))
    assert "the rollout of training trajectory" in caught.value.message
    assert "is not finite in `u` at t = " in caught.value.message
    assert caught.value.exit_code == 3
    assert caught.value.help is not None
    assert "narrow the bounds" in caught.value.help


def test_bad_steps_shorten_the_horizon_and_it_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    break_steps(monkeypatch, range(30, 35))
    config = quick("curriculum.enabled=false", "optimizer.steps=100", "optimizer.epoch_steps=5", "optimizer.polish=0")
    horizons = [r["horizon"] for r in fit(model(DECAY), decay_data(), config=config).history()]
    # Of 11, halved at the fourth and at the fifth bad step, doubled after every good epoch.
    assert [h for h, before in zip(horizons, [None, *horizons], strict=False) if h != before] == [1, 11, 5, 2, 4, 8, 11]
