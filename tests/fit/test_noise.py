"""Noise: stated or fitted, what it becomes in rollouts, and where fits to noisy data end."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.noise import CASES, measure
from eqdsl.core.errors import UsageError
from eqdsl.data.split import Split
from eqdsl.data.trajectories import Trajectories
from eqdsl.fitting.fit import fit
from eqdsl.fitting.making import make_problem
from eqdsl.fitting.noise import SMALLEST, Noise
from eqdsl.fitting.objectives.table import OBJECTIVES
from eqdsl.fitting.problem import Problem
from eqdsl.fitting.run_folder import load_run
from tests.fit.systems import decay_data, model, quick
from tests.fit.test_resume import assert_equal_fits, stop_after

TWO = "state u, v\nparam k = fit 0.5 in (0, 5)\ndt(u) = -k*u\ndt(v) = -k*v\nobserve u noise fit\nobserve v noise fit\n"


def problem_of(text: str, data: Trajectories, *overrides: str) -> Problem:
    nothing = data.select([])
    return make_problem(model(text), Split(data, nothing, nothing, "all"), quick(*overrides))


def two_channels(noise: tuple[float, float], count: int = 40, frames: int = 12) -> Trajectories:
    """``exp(-1.3 t)`` twice, with noise of its own in each."""
    exact = decay_data(count=count, frames=frames)
    state = np.repeat(exact.state, 2, axis=2)
    state += np.array(noise) * np.random.default_rng(0).normal(size=state.shape)
    return Trajectories(exact.times, state, exact.lengths, ("u", "v"))


def noise_of(text: str, variance: dict[str, float]) -> Noise:
    return Noise(model(text), variance, torch.tensor(list(variance.values()), dtype=torch.float64))


def test_the_tolerance_needs_the_noise_of_everything_observed() -> None:
    text = "state u, v\nparam k = fit 1\ndt(u) = -k*u\ndt(v) = -v\n"
    both = noise_of(text + "observe u noise 0.1\nobserve v noise 0.3\n", {"u": 4.0, "v": 9.0})
    assert both.deviation.tolist() == pytest.approx([0.05, 0.1])
    assert both.tolerance(2 * both.deviation**2) == pytest.approx(0.05**2 + 0.1**2)
    one = noise_of(text + "observe u noise 0.1\nobserve v\n", {"u": 4.0, "v": 9.0})
    assert one.tolerance(one.deviation**2) is None
    fitted = noise_of(text + "observe u noise 0.1\nobserve v noise fit\n", {"u": 4.0, "v": 9.0})
    assert fitted.tolerance(fitted.deviation**2) is None
    assert fitted.weights().tolist() == [1.0, 1.0]


def test_fitted_noise_is_that_of_the_residuals_and_weighs_channels_by_precision() -> None:
    noise = noise_of(TWO, {"u": 4.0, "v": 1.0})
    for residuals in ([0.01, 0.08], [0.03, 0.24], [math.nan, 1.0]):
        noise.collect(torch.tensor(residuals, dtype=torch.float64))
    # Half of the misfit is what noisy starts become.
    noise.settle(torch.tensor([2.0, 2.0], dtype=torch.float64), last=False)
    assert noise.deviation.tolist() == pytest.approx([0.1, math.sqrt(0.08)])
    assert noise.values() == pytest.approx({"u": 0.2, "v": math.sqrt(0.08)})
    assert noise.weights().tolist() == pytest.approx([16 / 9, 2 / 9])
    # These weights make the gradient that of the likelihood: sum m_c/s_c^2, up to one factor.
    assert noise.weights()[0] / noise.weights()[1] == pytest.approx(0.08 / 0.01)
    noise.begin()
    noise.collect(torch.zeros(2, dtype=torch.float64))
    noise.settle(torch.ones(2, dtype=torch.float64), last=True)
    assert noise.deviation.tolist() == pytest.approx([SMALLEST, SMALLEST])


def test_noise_of_starts_fades_as_the_equation_says() -> None:
    # Of du/dt = -k u: s^2 (1 + mean_j exp(-2 k t_j)), times 0.1 apart.
    data = decay_data(count=4000, frames=6)
    problem = problem_of("state u\nparam k = fit 1.3\ndt(u) = -k*u\nobserve u noise 0.05\n", data)
    assert problem.noise is not None
    times = data.times[0, 1:]
    expected = float(problem.noise.deviation[0]) ** 2 * (1 + np.mean(np.exp(-2 * 1.3 * times)))
    options = {"horizon": 5, "windows": 4000, "substeps": 4, "seed": 0}
    found = OBJECTIVES["rollout"](problem, lambda: None).explained(problem.noise.deviation, **options)
    assert float(found[0]) == pytest.approx(expected, rel=0.03)


def test_fitted_starts_carry_no_noise() -> None:
    problem = problem_of(TWO, two_channels((0.1, 0.1)), "objective.chain=shooting")
    found = OBJECTIVES["shooting"](problem, lambda: None).explained(
        torch.tensor([0.1, 0.2]), horizon=4, windows=4, substeps=1, seed=0
    )
    assert found.tolist() == pytest.approx([0.01, 0.04])


def test_noise_is_found_and_a_resumed_fit_finds_the_same(tmp_path: Path) -> None:
    data, config = two_channels((0.02, 0.2)), quick()
    whole = fit(model(TWO), data, out=tmp_path / "whole", config=config)
    assert whole.state["noise"]["u"] == pytest.approx(0.02, rel=0.1)
    assert whole.state["noise"]["v"] == pytest.approx(0.2, rel=0.1)
    # Channels by precision: v, a hundred times as uncertain, hardly counts.
    assert whole.state["parameters"]["k"] == pytest.approx(1.3, abs=0.03)
    fit(model(TWO), data, out=tmp_path / "run", config=config, should_stop=stop_after(45))
    assert load_run(tmp_path / "run").state["status"] == "interrupted"
    resumed = fit(model(TWO), data, out=tmp_path / "run", resume=True)
    assert resumed.state["noise"] == whole.state["noise"]
    assert_equal_fits(whole, resumed)


def test_a_fit_ends_at_the_noise_on_training_and_held_out_data() -> None:
    short = replace(CASES["pendulum"], times=np.arange(12) * 0.5, count=16)
    extra = ("optimizer.steps=200", "optimizer.epoch_steps=20", "optimizer.polish=20")
    row = measure(short, 0.05, fitted=False, extra=extra)
    assert row.training / row.training_exact == pytest.approx(1, abs=0.05)
    assert row.held_out / row.held_out_exact == pytest.approx(1, abs=0.05)
    assert row.training == pytest.approx(1, abs=0.3)


@pytest.mark.parametrize("chain", ["derivative", "regression", "rollout,collocation"])
def test_noise_is_not_fitted_by_an_objective_that_does_not_tell_it(chain: str) -> None:
    """It would be reported as it began: as large as the data."""
    last = chain.rpartition(",")[2]
    with pytest.raises(UsageError, match=f"objective `{last}` does not tell the noise of `u`, which is to be fitted"):
        fit(model(TWO), two_channels((0.1, 0.1)), config=quick(f"objective.chain={chain}"))
