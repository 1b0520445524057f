"""Windows and masks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eqdsl.data.split import Split
from eqdsl.data.trajectories import Trajectories
from eqdsl.data.velocities import with_velocities
from eqdsl.fitting.objectives.table import OBJECTIVES
from eqdsl.fitting.problem import Problem, make_problem
from eqdsl.fitting.training_data import TrainingData
from tests.fit.systems import DECAY, decay_data, model, oscillator_data, quick, trajectories


def tensors(data: Trajectories) -> TrainingData:
    return TrainingData(data, data, device=torch.device("cpu"), dtype=torch.float64)


def problem_of(text: str, data: Trajectories, *overrides: str) -> Problem:
    nothing = data.select([])
    return make_problem(model(text), Split(data, nothing, nothing, "all"), quick(*overrides))


@st.composite
def gappy(draw: st.DrawFn) -> Trajectories:
    lengths = draw(st.lists(st.integers(2, 9), min_size=1, max_size=4))
    frames = max(lengths)
    state = np.arange(len(lengths) * frames, dtype=float).reshape(len(lengths), frames, 1)
    for row, length in enumerate(lengths):
        state[row, length:] = np.nan
        for frame in draw(st.lists(st.integers(0, length - 1), max_size=3)):
            state[row, frame] = np.nan
    times = np.tile(np.arange(frames, dtype=float), (len(lengths), 1))
    return Trajectories(times, state, np.array(lengths), ("u",))


@settings(deadline=None)
@given(gappy(), st.integers(1, 9))
def test_windows_start_at_whole_frames_and_hold_only_their_own_data(data: Trajectories, horizon: int) -> None:
    tensor = tensors(data)
    horizon = max(1, min(horizon, tensor.horizon))
    starts = tensor.starts(horizon)
    for row, frame in starts:
        assert np.isfinite(data.state[row, frame]).all()
        assert frame + 1 < data.lengths[row]
        assert frame + horizon < data.lengths[row] or frame == tensor.first[row]
    if not len(starts):
        return
    batch = tensor.batch(starts, horizon)
    assert torch.isfinite(batch.state).all()
    assert (batch.times.diff(dim=1) > 0).all()
    for w, (row, frame) in enumerate(starts):
        for j in range(horizon + 1):
            inside = frame + j < data.lengths[row]
            known = inside and bool(np.isfinite(data.state[row, frame + j, 0]))
            assert bool(batch.present[w, j, 0]) == known == bool(batch.complete[w, j])
            if known:
                assert float(batch.state[w, j, 0]) == data.state[row, frame + j, 0]
            if inside:
                assert float(batch.times[w, j]) == data.times[row, frame + j]
            else:
                assert float(batch.times[w, j]) == pytest.approx(data.times[row, data.lengths[row] - 1], abs=1e-9)


def test_first_only_gives_one_window_per_trajectory() -> None:
    assert tensors(decay_data(count=5)).starts(3, first_only=True).tolist() == [[i, 0] for i in range(5)]


@pytest.mark.parametrize("name", ["derivative", "rollout", "shooting"])
def test_missing_values_leave_misfit_and_gradient_finite_and_change_nothing_else(name: str) -> None:
    data = decay_data()
    state = data.state.copy()
    state[:, 5] = np.nan
    gaps = problem_of(DECAY, replace(data, state=state), f"objective.chain={name}", "objective.segment=4")
    objective = OBJECTIVES[name](gaps, lambda: None)
    horizon = objective.horizon(4)
    windows = gaps.train.batch(objective.starts(horizon), horizon)
    misfit = objective.misfit(windows, 4)
    misfit.backward()
    gradient = next(gaps.field.physical.parameters()).grad
    assert torch.isfinite(misfit)
    assert gradient is not None
    assert torch.isfinite(gradient)
    gaps.field.physical.set_value("k", 1.3)
    with torch.no_grad():
        exact = objective.misfit(windows, 4)
    assert exact.item() < 1e-4 * misfit.item()


def test_misfit_is_in_variances_and_means_over_channels() -> None:
    frozen = "state u, v\nparam k = fit 0 in (-1, 1)\ndt(u) = k\ndt(v) = k\n"
    times = np.array([0.0, 1.0])
    state = np.array([[[0.0, 0.0], [1.0, 100.0]], [[0.0, 0.0], [3.0, 100.0]]])
    problem = problem_of(frozen, trajectories(times, state, ["u", "v"]))
    misfit = OBJECTIVES["rollout"](problem, lambda: None).misfit(problem.train.batch(problem.starts(1), 1), 1)
    expected = ((1 + 9) / 2 / np.var([0, 1, 0, 3]) + 100**2 / np.var([0, 100, 0, 100])) / 2
    assert float(misfit) == pytest.approx(expected)


def test_a_uniform_channel_counts_as_much_as_a_field() -> None:
    mixed = "space x in [0, 1] periodic\nstate u(x)\nstate p\nparam k = fit 0 in (-1, 1)\ndt(u) = k\ndt(p) = k\n"
    x = (np.arange(6) + 0.5) / 6
    state = np.zeros((3, 2, 2, 6))
    state[:, 1, 0] = np.array([1.0, 2.0, 3.0])[:, None] * np.array([0, 0, 0, 0, 0, 1.0])
    state[:, 1, 1] = np.array([1.0, 2.0, 3.0])[:, None]
    problem = problem_of(mixed, trajectories(np.array([0.0, 1.0]), state, ["u", "p"], x=x))
    misfit = OBJECTIVES["rollout"](problem, lambda: None).misfit(problem.train.batch(problem.starts(1), 1), 1)
    field, plain = state[:, 1, 0], state[:, 1, 1, 0]
    expected = (np.mean(field**2) / np.var(state[:, :, 0]) + np.mean(plain**2) / np.var(state[:, :, 1, 0])) / 2
    assert float(misfit) == pytest.approx(expected)


def test_estimated_velocities_start_rollouts_but_are_never_compared_with() -> None:
    second = model("state q\nparam k = fit 4 in (0, 9)\ndtt(q) = -k*q\n")
    hidden = oscillator_data(velocity=False)
    filled = with_velocities(hidden, second)
    assert filled.state[:, 1:-1] == pytest.approx(oscillator_data().state[:, 1:-1], abs=0.02)
    data = TrainingData(hidden, filled, device=torch.device("cpu"), dtype=torch.float64)
    batch = data.batch(data.starts(3), 3)
    assert batch.complete.all()
    assert batch.present[:, :, 0].all()
    assert not batch.present[:, :, 1].any()
