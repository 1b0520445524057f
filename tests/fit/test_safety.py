"""Steps that are not finite are skipped, taken back, bounded in number, and explained."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from eqdsl.core.errors import ComputationError
from eqdsl.fitting.fit import fit
from eqdsl.fitting.objectives.rollout import RolloutObjective
from eqdsl.fitting.problem import Problem
from eqdsl.fitting.run_folder import load_run
from eqdsl.fitting.training_data import Batch
from eqdsl.numerics.integrators.integrate import Memory
from tests.fit.systems import DECAY, decay_data, model, quick

LEARNED = "state u\nparam k = fit 0.5 in (0, 5)\nlearned f(u) by mlp(8)\ndt(u) = -k*u + f\n"
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


def break_trajectories(monkeypatch: pytest.MonkeyPatch, *rows: int) -> None:
    """Batches whose first window is of these trajectories blow up: an error in one, no number in the other half."""
    original = RolloutObjective.misfit

    def misfit(self: RolloutObjective, batch: Batch, substeps: int, memory: Memory = "stored") -> torch.Tensor:
        if torch.is_grad_enabled() and int(batch.rows[0]) in rows:
            if int(batch.frames[0]) % 2:
                raise ComputationError("the step became too small")
            return original(self, batch, substeps, memory) * math.nan
        return original(self, batch, substeps, memory)

    monkeypatch.setattr(RolloutObjective, "misfit", misfit)


@pytest.mark.parametrize("hurt", [1, 3])
def test_a_fit_with_blow_ups_is_resumed_bit_for_bit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, hurt: int) -> None:
    """Reduced rates, the shortened horizon and the count of bad steps are part of the checkpoint."""
    break_trajectories(monkeypatch, 1, 3)
    config = quick("optimizer.steps=80", "optimizer.epoch_steps=5", "optimizer.windows=4")
    whole = fit(model(LEARNED), decay_data(), out=tmp_path / "whole", config=config)
    assert sum(row["bad_steps"] for row in whole.history()) > 5
    epochs: list[int] = []
    cut = fit(
        model(LEARNED), decay_data(), out=tmp_path / "run", config=config,
        events=lambda event: epochs.append(event.get("bad_steps") or 0),
        should_stop=lambda: sum(bad > 0 for bad in epochs) == hurt,
    )  # fmt: skip
    assert cut.state["status"] == "interrupted"
    assert cut.checkpoint()["progress"]["rate_scale"] < 1
    resumed = fit(model(LEARNED), decay_data(), out=tmp_path / "run", resume=True)
    assert [{**row, "seconds": 0} for row in resumed.history()] == [{**row, "seconds": 0} for row in whole.history()]
    before, after = whole.field.state_dict(), resumed.field.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_an_integrator_that_gives_up_before_the_first_step_is_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory of a window and the number of substeps are measured by rollouts, which may fail too."""
    original, calls = Problem.rollout, [0]

    def rollout(self: Problem, *args: object, **options: object) -> torch.Tensor:
        calls[0] += 1
        if calls[0] <= 2:
            raise ComputationError("the step became too small")
        return original(self, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Problem, "rollout", rollout)
    run = fit(model(DECAY), decay_data(), config=quick("warm_start.enabled=false", "integrator.method=dopri5"))
    assert run.state["status"] == "done"
    assert run.state["parameters"]["k"] == pytest.approx(1.3, rel=1e-3)
