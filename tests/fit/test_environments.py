"""Numbers and functions of each environment are found by a fit, scored by environment, and resumed bit for bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eqdsl.core.errors import DataError, UsageError
from eqdsl.data.trajectories import Trajectories
from eqdsl.data.writing import write_trajectories
from eqdsl.fitting.evaluate import evaluate
from eqdsl.fitting.fit import fit
from eqdsl.fitting.run_folder import load_run
from eqdsl.learned.adapting import Adapting
from tests.fit.systems import model, quick, trajectories
from tests.fit.test_resume import assert_equal_fits, stop_after

RATES = {4: 0.7, 1: 1.3, 2: 1.9}
"""Decay rate of each environment."""
DECAY = "state u\nparam k per environment = fit 1 in (0, 5)\nparam s = fit 0.5\ndt(u) = -k*u + s\n"
PER_TRAJECTORY = "state u\nparam k per trajectory = fit 1 in (0, 5)\ndt(u) = -k*u\n"
CONTEXT = "state u\nlearned f(u) adapts environment by mlp(16, context = 1)\ndt(u) = f\n"


def decays(rates: dict[int, float] = RATES, *, each: int = 4, source: float = 0.3, frames: int = 12) -> Trajectories:
    """``u = s/k + (u0 - s/k) exp(-k t)``, environment by environment in turn."""
    times = np.linspace(0, 1.1, frames)
    labels = np.tile(list(rates), each)
    k = np.array([rates[int(label)] for label in labels])[:, None]
    rest = source / k
    start = np.linspace(0.5, 2.0, len(labels))[:, None]
    state = rest + (start - rest) * np.exp(-k * times)
    return replace(trajectories(times, state[..., None], ["u"]), environment=labels)


def test_numbers_of_each_environment_are_recovered_beside_a_shared_one(tmp_path: Path) -> None:
    run = fit(model(DECAY), decays(), out=tmp_path / "run", config=quick("optimizer.polish=60"))
    assert run.state["members"] == {"environments": [1, 2, 4], "trajectories": []}
    assert {int(e): k for e, k in run.state["own"]["k"].items()} == pytest.approx(RATES, rel=1e-4)
    assert run.state["parameters"]["s"] == pytest.approx(0.3, rel=1e-3)
    assert run.state["parameters"]["k"] == pytest.approx(np.mean(list(RATES.values())), rel=1e-4)
    assert run.state["split"].startswith("by trajectory in each environment, drawn with seed 0: 9 to train, 3 for val")
    scores = evaluate(load_run(tmp_path / "run"), decays(each=2))
    assert set(scores.environments) == set(RATES)
    assert max(scores.environments.values()) < 1e-7
    assert scores.mse == pytest.approx(np.mean(list(scores.environments.values())))
    assert scores.as_json()["worst_environment"] == str(scores.worst)


def test_scores_name_the_worst_environment(tmp_path: Path) -> None:
    run = fit(model(DECAY), decays(), out=tmp_path / "run", config=quick("optimizer.polish=60"))
    scores = evaluate(run, decays({**RATES, 2: 2.5}))
    assert scores.worst == 2
    assert scores.environments[2] > 1e3 * scores.environments[1]
    assert f"environment 2      mse {scores.environments[2]:.4g}, the worst" in str(scores)
    # A sum of the parts is the whole.
    assert scores.mse == pytest.approx(np.mean(list(scores.environments.values())))


def test_environments_of_few_trajectories_are_divided_by_time(tmp_path: Path) -> None:
    run = fit(model(DECAY), decays(each=1), out=tmp_path / "run", config=quick("optimizer.polish=60"))
    assert run.state["split"].startswith("by time, because each trajectory has numbers of its own: trained up to")
    assert {int(e): k for e, k in run.state["own"]["k"].items()} == pytest.approx(RATES, rel=1e-3)
    with_two = fit(model(DECAY), decays(each=2), config=quick("optimizer.steps=0", "optimizer.polish=0"))
    assert with_two.state["split"].startswith("by time, because in environment 1 there are 2 trajectories: ")


def test_numbers_of_each_trajectory_are_recovered_and_known_again_on_the_same_data(tmp_path: Path) -> None:
    data = replace(decays(each=1, source=0.0), environment=None)
    run = fit(model(PER_TRAJECTORY), data, out=tmp_path / "run", config=quick("optimizer.polish=60"))
    assert list(run.state["own"]["k"].values()) == pytest.approx(list(RATES.values()), rel=1e-3)
    assert evaluate(load_run(tmp_path / "run"), data).mse < 1e-6
    with pytest.raises(DataError, match="`k` is another one in each trajectory, and these are other trajectories"):
        evaluate(run, decays(each=2, source=0.0))


def test_without_environments_in_the_data_a_value_is_shared_and_that_is_said() -> None:
    said: list[dict[str, Any]] = []
    data = replace(decays({0: 1.3}), environment=None)
    run = fit(model(DECAY), data, config=quick("optimizer.polish=60"), events=said.append)
    texts = [e["text"] for e in said if e["event"] == "announce"]
    assert "the data hold no dataset `environment`: `k` is the same for all trajectories" in texts
    assert run.state["parameters"]["k"] == pytest.approx(1.3, rel=1e-3)
    assert run.state["own"] == {}
    assert evaluate(run, data).environments == {}


def test_an_environment_that_the_run_does_not_know_is_sent_to_adapt(tmp_path: Path) -> None:
    run = fit(model(DECAY), decays(), out=tmp_path / "run", config=quick("optimizer.steps=0", "optimizer.polish=0"))
    with pytest.raises(DataError) as caught:
        evaluate(run, decays({4: 0.7, 9: 1.0}))
    assert str(caught.value) == (
        "the environment 9 is not among those of the fit, 1, 2, 4: `k` is another one in each environment\n"
        "  = help: fit what is their own first: `eqdsl adapt RUN DATA.h5 -o ADAPTED`"
    )


def test_a_context_of_one_number_orders_the_environments() -> None:
    config = quick("optimizer.steps=0", "optimizer.polish=80", "warm_start.steps=100", "optimizer.learning_rate=0.01")
    run = fit(model(CONTEXT), decays(source=0.0), config=config)
    assert evaluate(run, decays(source=0.0)).mse < 1e-4
    family = run.field.terms_by_name["f"].family
    assert isinstance(family, Adapting)
    one, two, four = family.context.detach()[:, 0].tolist()
    # The only thing that differs is the rate, so contexts lie in its order.
    assert (four < one < two) or (four > one > two)
    assert "context" in run.path.joinpath("model.eq").read_text()


@pytest.mark.parametrize("text", [DECAY, CONTEXT], ids=["numbers", "contexts"])
def test_a_resumed_fit_equals_an_uninterrupted_one_bit_for_bit(tmp_path: Path, text: str) -> None:
    few = ("warm_start.steps=10", "optimizer.steps=20", "optimizer.epoch_steps=5", "optimizer.polish=10")
    config = quick("invariance.kind=vrex", *few)
    whole = fit(model(text), decays(), out=tmp_path / "whole", config=config)
    fit(model(text), decays(), out=tmp_path / "cut", config=config, should_stop=stop_after(60))
    resumed = fit(model(text), decays(), out=tmp_path / "cut", resume=True)
    assert_equal_fits(whole, resumed)
    assert resumed.state["own"] == whole.state["own"]


def test_a_resumed_fit_refuses_data_with_other_environments(tmp_path: Path) -> None:
    fit(model(DECAY), decays(), out=tmp_path / "run", config=quick(), should_stop=stop_after(30))
    other = replace(decays(), environment=np.sort(np.asarray(decays().environment)))
    with pytest.raises(DataError, match="is not the data that"):
        fit(model(DECAY), other, out=tmp_path / "run", resume=True)


def test_environments_pass_through_a_file(tmp_path: Path) -> None:
    write_trajectories(tmp_path / "d.h5", decays(), model=model(DECAY))
    run = fit(model(DECAY), tmp_path / "d.h5", out=tmp_path / "run", config=quick("optimizer.polish=60"))
    assert {int(e): k for e, k in run.state["own"]["k"].items()} == pytest.approx(RATES, rel=1e-4)
    sample = load_run(tmp_path / "run").sample()
    assert sample["train"].environment is not None
    assert sorted(set(sample["train"].environment.tolist())) == [1, 2, 4]


def test_a_regression_of_a_function_of_each_environment_says_what_is_in_the_way() -> None:
    text = "state u\nlearned f(u) per environment by library(2)\ndt(u) = f\n"
    with pytest.raises(UsageError, match="`f` is another one in each environment, and it solves for shared") as caught:
        fit(model(text), decays(), config=quick("objective.chain=regression"))
    assert "leave out `per environment`" in str(caught.value.help)
