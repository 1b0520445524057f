"""`adapt` fits what belongs to the environments of new data, and moves nothing else by a bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from eqdsl.core.errors import DataError, UsageError
from eqdsl.fitting.adapt import adapt, config_for_adapting
from eqdsl.fitting.checkpoint import read_tensors
from eqdsl.fitting.config_file import with_overrides
from eqdsl.fitting.evaluate import evaluate
from eqdsl.fitting.fit import fit
from eqdsl.fitting.run_folder import Run, load_run
from tests.fit.systems import model, quick
from tests.fit.test_environments import DECAY, PER_TRAJECTORY, RATES, decays

NEW = {9: 1.6, 2: 1.0}
"""A new environment, and a known one in which the rate has changed."""
LEARNED = """
state u
param k per environment = fit 1 in (0, 5)
learned f(u) by mlp(6)
learned g(u) per environment by mlp(4)
learned h(u) per environment by poly(1)
learned c(u) adapts environment by mlp(4)
dt(u) = -k*u + f + g + h + c
"""
OWN = ("value_k", ".tables.", ".functions.", ".context")
"""What names tensors of single environments."""


def weights(run: Run) -> dict[str, torch.Tensor]:
    return {n: t.double() for n, t in read_tensors(run.path / "weights.safetensors")[0].items()}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_is_shared_keeps_its_bits(tmp_path: Path, dtype: str) -> None:
    few = ("warm_start.steps=5", "optimizer.steps=8", "optimizer.epoch_steps=4", "optimizer.polish=3")
    run = fit(model(LEARNED), decays(), out=tmp_path / "a", config=quick(f"run.dtype={dtype}", *few))
    adapted = adapt(run, decays(NEW), out=tmp_path / "b")
    assert adapted.state["members"]["environments"] == [1, 2, 4, 9]
    before, after = weights(run), weights(adapted)
    shared = [name for name in before if not any(word in name for word in OWN)]
    assert len(shared) > 10
    assert all(torch.equal(before[name], after[name]) for name in shared)
    for name in (n for n in before if any(word in n for word in OWN) and ".functions." not in n):
        # Rows 0 and 2 are the environments 1 and 4, of which the new data hold nothing; 1 and 3 are fitted.
        assert torch.equal(before[name][[0, 2]], after[name][[0, 2]])
        assert not torch.equal(before[name][1], after[name][1])
    for name in (n for n in before if ".functions." in n and "weight" in n):
        assert torch.equal(before[name], after[name]) == (".functions.1." not in name)
    # Environments that the new data do not hold are predicted as before.
    old = decays({1: 1.3, 4: 0.7})
    assert evaluate(adapted, old).mse == pytest.approx(evaluate(run, old).mse, rel=1e-6)


def test_new_numbers_are_found_and_old_ones_stay_known(tmp_path: Path) -> None:
    run = fit(model(DECAY), decays(), out=tmp_path / "a", config=quick("optimizer.polish=60"))
    adapted = adapt(run, decays(NEW, each=1), out=tmp_path / "b")
    found = {int(e): k for e, k in adapted.state["own"]["k"].items()}
    assert found == pytest.approx({**RATES, **NEW}, rel=1e-3)
    assert found[1] == run.state["own"]["k"]["1"]
    assert adapted.state["adapted"] == str(run.path)
    again = load_run(tmp_path / "b")
    assert evaluate(again, decays(NEW)).mse < 1e-6
    assert evaluate(again, decays({4: 0.7, 1: 1.3})).mse < 1e-6


def test_trajectories_of_new_data_get_their_numbers(tmp_path: Path) -> None:
    data = replace(decays(each=1, source=0.0), environment=None)
    run = fit(model(PER_TRAJECTORY), data, out=tmp_path / "a", config=quick())
    new = replace(decays({0: 0.5, 1: 2.2}, each=1, source=0.0), environment=None)
    adapted = adapt(run, new, out=tmp_path / "b")
    assert list(adapted.state["own"]["k"].values()) == pytest.approx([0.5, 2.2], rel=1e-3)
    assert evaluate(load_run(tmp_path / "b"), new).mse < 1e-6


def test_a_value_that_all_shared_is_the_start_of_each(tmp_path: Path) -> None:
    run = fit(model(DECAY), replace(decays({0: 1.2}), environment=None), out=tmp_path / "a", config=quick())
    config = with_overrides(config_for_adapting(run), ["optimizer.steps=0", "warm_start.steps=0", "optimizer.polish=0"])
    adapted = adapt(run, decays(NEW), out=tmp_path / "b", config=config)
    assert list(adapted.state["own"]["k"].values()) == pytest.approx([run.state["parameters"]["k"]] * 2)


def test_what_cannot_be_adapted_is_refused_in_words(tmp_path: Path) -> None:
    nothing = quick("optimizer.steps=0", "optimizer.polish=0", "warm_start.steps=0")
    run = fit(model(DECAY), decays(), out=tmp_path / "a", config=nothing)
    with pytest.raises(DataError, match="`k` is another one in each environment, and the data hold no dataset"):
        adapt(run, replace(decays(), environment=None), out=tmp_path / "b")
    assert not (tmp_path / "b").exists()
    with pytest.raises(UsageError, match="exists"):
        adapt(run, decays(NEW), out=tmp_path / "a")
    adapted = adapt(run, decays(NEW), out=tmp_path / "b")
    with pytest.raises(UsageError, match="an adapted run is not resumed: a fit would move what is shared"):
        fit(model(DECAY), decays(NEW), out=adapted.path, resume=True)
    shared = fit(model("state u\nparam k = fit 1\ndt(u) = -k*u\n"), decays(), out=tmp_path / "c", config=nothing)
    with pytest.raises(UsageError, match=r"nothing in `.*` is `per environment`, `per trajectory` or `adapts"):
        adapt(shared, decays(NEW), out=tmp_path / "d")


def test_after_a_regression_what_is_shared_stays_too(tmp_path: Path) -> None:
    """A regression solves for everything at once; to adapt, derivative matching takes its place."""
    run = fit(model(DECAY), decays(), out=tmp_path / "a", config=quick("objective.chain=regression"))
    config = with_overrides(config_for_adapting(run), ["optimizer.steps=30", "optimizer.polish=10"])
    assert config.objective.chain == "derivative"
    adapted = adapt(run, decays({9: 1.6}), out=tmp_path / "b", config=config)
    assert adapted.state["parameters"]["s"] == pytest.approx(run.state["parameters"]["s"], rel=1e-6)
    before, after = run.state["own"]["k"], adapted.state["own"]["k"]
    assert {label: after[label] for label in before} == pytest.approx(before, rel=1e-6)
    assert after["9"] == pytest.approx(1.6, rel=0.05)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("objective.chain=regression", "objective `regression` solves for everything, also for what is shared"),
        ("objective.chain=folding", "`folding` is no objective of a fit"),
        ("invariance.kind=vrex", "compares environments, and the data hold environment 9 only"),
        ("multiplier.weights.g=2", "`g` is not a learned term"),
    ],
)
def test_options_that_do_not_go_with_adapting_are_refused(tmp_path: Path, setting: str, said: str) -> None:
    run = fit(model(DECAY), decays(), out=tmp_path / "a", config=quick("optimizer.steps=1", "optimizer.polish=0"))
    config = with_overrides(config_for_adapting(run), [setting])
    with pytest.raises(UsageError, match=said):
        adapt(run, decays({9: 1.6}), out=tmp_path / "b", config=config)
    assert not (tmp_path / "b").exists()
