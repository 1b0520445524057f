"""Formulas are the data's, not the network's: its error neither hides a term nor feigns one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from eqdsl.analysis.check import loads_model
from eqdsl.data.trajectories import Trajectories
from eqdsl.inspection.data_fit import DataFit, Place
from eqdsl.inspection.inspect import inspect_run
from eqdsl.inspection.library import Candidate
from eqdsl.lowering.vector_field import VectorField, compile_model
from tests.inspection.teaching import MemoryRun, teach, truth_rollouts

LEARNED = "state u, v\nlearned Ru(u, v), Rv(u, v) by mlp(24, 24)\ndt(u) = Ru\ndt(v) = 0.2*u + Rv\n"
TRUTH = "state u, v\ndt(u) = u - u^3 - v - 0.05\ndt(v) = u - 0.8*v\n"
RU = Place("Ru", 0, tuple(Candidate(p) for p in ((1, 0), (3, 0), (0, 1), (0, 0))), np.ones(4))
RV = Place("Ru", 1, tuple(Candidate(p) for p in ((1, 0), (0, 1))), np.ones(2))


def wrong_reaction(state: np.ndarray) -> np.ndarray:
    """The truth with a smooth error of a few per cent that looks like other terms."""
    u, v = state[:, 0], state[:, 1]
    return u - u**3 - v - 0.05 + 0.04 * np.sin(3 * u) * np.cos(2 * v)


@pytest.fixture(scope="module")
def data() -> Trajectories:
    initial = np.random.default_rng(0).uniform(-1.2, 1.2, (12, 2))
    return truth_rollouts(TRUTH, initial, 0.1 * np.arange(21))


@pytest.fixture(scope="module")
def taught(data: Trajectories) -> VectorField:
    field = compile_model(loads_model(LEARNED, "reaction.eq"), seed=1)
    teach(field, data, {"Ru": wrong_reaction, "Rv": lambda s: 0.8 * s[:, 0] - 0.8 * s[:, 1] + 0.02 * s[:, 0] ** 2})
    return field


def test_the_true_formula_comes_out_of_a_wrong_network(taught: VectorField, data: Trajectories, tmp_path: Path) -> None:
    run = MemoryRun(tmp_path, taught.model, taught, data)
    found = inspect_run(run, distil=True, plots=False).distillation
    assert found is not None and found.comparison is not None
    assert found.formulas["Ru"].text == "u - v - u^3 - 0.05"
    assert found.formulas["Rv"].text == "0.8*u - 0.8*v"
    assert found.comparison.formula_to_data < 1e-3 * found.comparison.network_to_data


def test_gauss_newton_finds_the_coefficients(taught: VectorField, data: Trajectories) -> None:
    judge = DataFit(taught, data, method="rk4", substeps=4)
    result = judge.best([RU, RV], np.array([0.5, -0.5, -0.5, 0.0, 0.5, -0.5]), iterations=6)
    assert result.coefficients == pytest.approx([1, -1, -1, -0.05, 0.8, -0.8], abs=1e-5)
    assert result.misfit < 1e-10
    assert (result.slopes > 0).all()


def test_slopes_are_the_derivatives_of_the_rollouts(taught: VectorField, data: Trajectories) -> None:
    """Against central differences with a tenth of the nudge."""
    judge, at = DataFit(taught, data, method="rk4", substeps=2), np.array([0.9, -1.1, -0.9, 0.02])
    slopes = judge.slopes([RU], at, judge.residuals([RU], at[None])[0])
    step = 1e-5 * np.eye(4)
    exact = ((judge.residuals([RU], at + step) - judge.residuals([RU], at - step)) / 2e-5).T
    assert np.abs(slopes - exact).max() < 1e-3 * np.abs(exact).max()


def test_the_vector_field_is_left_as_it_was(taught: VectorField, data: Trajectories) -> None:
    state = torch.as_tensor(data.state[:, 0])
    before = taught(0.0, state)
    DataFit(taught, data, method="rk4", substeps=2).given([RU], np.ones(4)).best([RV], np.ones(2), iterations=2)
    assert torch.equal(taught(0.0, state), before)


def test_data_without_two_complete_frames_cannot_judge(taught: VectorField, data: Trajectories) -> None:
    state = data.state.copy()
    state[:, 1::2, 0] = np.nan
    gaps = Trajectories(data.times, state, data.lengths, data.channels, data.axes)
    assert not DataFit(taught, gaps, method="rk4", substeps=2).usable
