"""The objectives in order: what each stage takes of the budget, and what wrong names are told."""

from __future__ import annotations

import pytest

from eqdsl.core.errors import UsageError
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.config_file import with_overrides
from eqdsl.fitting.fit import fit
from eqdsl.fitting.objectives.table import check_objectives
from eqdsl.fitting.stages import Stage, stages_of
from tests.fit.systems import DECAY, decay_data, model, quick


def stages(*overrides: str) -> tuple[Stage, ...]:
    return stages_of(with_overrides(FitConfig(), overrides))


def test_the_default_is_a_warm_start_then_rollouts() -> None:
    warm, polish = Stage("warm start", "derivative", 400, 0.1), Stage("polish", "rollout", 500, 1.0)
    assert stages() == (warm, Stage("rollout", "rollout", 4000, 0.7, decides=True), polish)
    assert stages("objective.chain=derivative,rollout") == stages()
    assert stages("warm_start.enabled=false") == stages()[1:] == stages("objective.chain=rollout")
    assert stages("optimizer.polish=0")[1].until == 1.0


def test_stages_share_steps_and_time() -> None:
    chain = "objective.chain=derivative, shooting, rollout"
    assert [(s.name, s.objective, s.steps, s.until) for s in stages(chain)] == [
        ("warm start", "derivative", 400, 0.1), ("shooting", "shooting", 2000, pytest.approx(0.4)),
        ("rollout", "rollout", 2000, 0.7), ("polish", "rollout", 500, 1.0),
    ]  # fmt: skip
    shared = stages(chain, "objective.shares=[1, 1, 2]", "optimizer.steps=401")
    assert [(s.steps, s.until) for s in shared] == [
        (100, pytest.approx(0.175)), (100, pytest.approx(0.35)), (201, 0.7), (500, 1.0),
    ]  # fmt: skip
    assert [s.decides for s in shared] == [False, False, True, False]
    assert [s.name for s in stages("objective.chain=derivative")] == ["derivative", "polish"]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ("objective.chain=rolout",),
            "`rolout` is no objective of a fit\n= help: did you mean `rollout`? there are collocation, derivative, "
            "regression, rollout, shooting; several are minimised in order: `derivative,rollout`",
        ),
        (
            ("objective.chain=derivative,,rollout",),
            "`` is no objective of a fit\n= help: there are collocation, derivative, regression, rollout, "
            "shooting; several are minimised in order: `derivative,rollout`",
        ),
        (
            ("objective.chain=rollout,derivative,rollout",),
            "objective `rollout` is named twice\n= help: name each objective once, in order",
        ),
        (
            ("objective.chain=shooting,rollout", "objective.shares=[1.0]"),
            "objective.shares: 1 shares for 2 objectives (shooting, rollout)\n= help: give 2, or `auto`",
        ),
    ],
)
def test_what_a_wrong_chain_is_told(overrides: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        fit(model(DECAY), decay_data(), config=quick(*overrides))
    assert f"{caught.value.message}\n= help: {caught.value.help}" == message
    with pytest.raises(UsageError):
        check_objectives(quick(*overrides))


def test_a_chain_runs_its_stages_in_order() -> None:
    config = quick("objective.chain=derivative,shooting,rollout", "objective.segment=3")
    run = fit(model(DECAY), decay_data(), config=config)
    rows = run.history()
    assert list(dict.fromkeys(row["stage"] for row in rows)) == ["warm start", "shooting", "rollout", "polish"]
    horizons = {stage: [r["horizon"] for r in rows if r["stage"] == stage] for stage in ("shooting", "rollout")}
    assert set(horizons["shooting"]) == {3}
    # Rollouts go on from the length of the segments.
    assert (horizons["rollout"][0], horizons["rollout"][-1]) == (3, 11)
    assert run.state["parameters"]["k"] == pytest.approx(1.3, rel=1e-4)


@pytest.mark.parametrize("chain", ["derivative", "shooting", "rollout", "rollout,shooting"])
def test_every_objective_can_be_the_only_or_the_last_one(chain: str) -> None:
    config = quick(f"objective.chain={chain}", "optimizer.steps=200", "optimizer.windows=auto", "optimizer.polish=100")
    run = fit(model(DECAY), decay_data(frames=40), config=config)
    assert run.state["parameters"]["k"] == pytest.approx(1.3, rel=5e-3)
    assert run.state["status"] == "done"
