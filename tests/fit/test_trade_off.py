"""Small fits in which the multiplier and the norm decide what the learned term takes over."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from eqdsl.core.errors import UsageError
from eqdsl.fitting.checkpoint import read_tensors
from eqdsl.fitting.config import MultiplierSection
from eqdsl.fitting.fit import fit
from eqdsl.fitting.penalty import check_weights
from eqdsl.fitting.run_folder import Run
from eqdsl.learned.norms import NORMS
from tests.fit.systems import decay_data, model, quick

SHARED = "state u\nparam k = fit 0.5 in (0, 5)\nlearned f(u) by mlp(8)\ndt(u) = -k*u + f\n"
"""The learned term can do all of the decay, or none."""
UNKNOWN = "state u\nlearned f(u) by mlp(8)\ndt(u) = -0.3*u + f\n"
"""Without the learned term the data (rate 1.3) are out of reach."""
TWO = "state u\nlearned f(u) by mlp(8)\nlearned g(u) by mlp(8)\ndt(u) = f + g\n"


def settings(rule: str, *more: str) -> list[str]:
    return [f"multiplier.rule={rule}", "optimizer.steps=300", "optimizer.polish=100", "run.seed=1", *more]


def last(run: Run) -> dict[str, float]:
    return run.history()[-1]


def test_a_small_fixed_weight_keeps_the_norm_small_and_a_large_one_the_misfit() -> None:
    small, large = (
        last(fit(model(UNKNOWN), decay_data(), config=quick(*settings("fixed", f"multiplier.start={start}"))))
        for start in (0.05, 1e4)
    )
    assert small["penalty"] < 0.2 * large["penalty"]
    assert large["misfit"] < 1e-3 * small["misfit"]
    assert small["multiplier"] == 0.05


def test_the_released_rule_adds_the_misfits_of_the_history() -> None:
    rows = fit(model(SHARED), decay_data(), config=quick(*settings("aphynity", "multiplier.rate=10"))).history()
    sums = 1.0
    for row in rows:
        sums += 10 * row["misfit"] if row["stage"] == "rollout" else 0.0
        assert row["multiplier"] == pytest.approx(sums, rel=1e-12)
    assert sums > 1.001


@pytest.mark.parametrize("rule", ["auto", "aphynity", "fixed"])
def test_every_rule_resumes_bit_for_bit(tmp_path: Path, rule: str) -> None:
    looks = [0]

    def stop() -> bool:
        looks[0] += 1
        return looks[0] > 60

    config = quick(f"multiplier.rule={rule}", "multiplier.norm=relative", "multiplier.weights.f=2")
    whole = fit(model(SHARED), decay_data(), out=tmp_path / "whole", config=config)
    broken = fit(model(SHARED), decay_data(), out=tmp_path / "broken", config=config, should_stop=stop)
    assert broken.state["status"] == "interrupted"
    resumed = fit(model(SHARED), decay_data(), out=tmp_path / "broken", resume=True)
    assert [{**row, "seconds": 0} for row in resumed.history()] == [{**row, "seconds": 0} for row in whole.history()]
    one, other = (read_tensors(run.path / "weights.safetensors")[0] for run in (whole, resumed))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_of_two_terms_that_can_stand_for_each_other_the_lighter_one_works() -> None:
    config = quick(*settings("fixed", "multiplier.weights.f=100"))
    row = last(fit(model(TWO), decay_data(), config=config))
    assert row["share.g"] > 10 * row["share.f"]
    assert row["misfit"] < 1e-3


def test_the_relative_norm_in_closed_form() -> None:
    output, variance = torch.tensor([[2.0], [2.0]]), torch.tensor([4.0, 1.0])
    state = torch.tensor([[[2.0], [1.0]], [[0.0], [0.0]]])
    assert NORMS["relative"](output, state, variance).flatten().tolist() == pytest.approx([4 / 1.01**2, 4e4])
    assert NORMS["l2"](output, state, variance).flatten().tolist() == [4.0, 4.0]


def test_a_weight_of_an_unknown_term_is_named() -> None:
    with pytest.raises(UsageError, match=r"`h` is not a learned term\n.*the learned terms are f, g"):
        check_weights(model(TWO), MultiplierSection(weights={"h": 2.0}))
    with pytest.raises(UsageError, match="is not a learned term"):
        fit(model(TWO), decay_data(), config=quick("multiplier.weights.h=2"))
