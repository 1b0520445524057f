"""Multiple shooting: where segments lie, what is minimised, and what it finds where rollouts do not."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp
from torch import Tensor, nn

from eqdsl.data.trajectories import Trajectories
from eqdsl.fitting.fit import fit
from eqdsl.fitting.objectives.shooting import JOINED, ShootingObjective
from eqdsl.fitting.objectives.table import OBJECTIVES
from eqdsl.fitting.problem import Problem
from eqdsl.fitting.run_folder import Run
from eqdsl.fitting.segments import segment_length
from tests.fit.systems import (
    DECAY,
    HEAT,
    OSCILLATOR,
    decay_data,
    heat_data,
    model,
    oscillator_data,
    quick,
    trajectories,
)
from tests.fit.test_resume import resumed_like_whole
from tests.fit.test_training_data import problem_of

LORENZ = """\
state x, y, z
param sigma = fit 4 in (0, 50)
param rho = fit 15 in (0, 100)
param beta = fit 1 in (0, 20)
dt(x) = sigma*(y - x)
dt(y) = x*(rho - z) - y
dt(z) = x*y - beta*z
"""
LOTKA_VOLTERRA = """\
state u, v in [0, inf)
param a = fit 0.5 in (0, 10)
param b = fit 0.5 in (0, 10)
param c = fit 0.5 in (0, 10)
param d = fit 0.5 in (0, 10)
dt(u) = a*u - b*u*v
dt(v) = c*u*v - d*v
"""
CHAOTIC = {"sigma": 10.0, "rho": 28.0, "beta": 8 / 3}
SHOOTING = (
    "objective.chain=shooting", "objective.segment=4", "warm_start.enabled=false", "optimizer.steps=400",
    "optimizer.epoch_steps=100", "optimizer.polish=200", "optimizer.windows=auto", "integrator.method=rk4",
    "integrator.substeps=2", "data.validation=0", "run.checkpoint_seconds=1000",
)  # fmt: skip


def lorenz(_: float, y: np.ndarray) -> list[float]:
    return [10 * (y[1] - y[0]), y[0] * (28 - y[2]) - y[1], y[0] * y[1] - 8 / 3 * y[2]]


def lotka_volterra(_: float, y: np.ndarray) -> list[float]:
    return [1.5 * y[0] - y[0] * y[1], 0.75 * y[0] * y[1] - y[1]]


@cache
def chaos() -> Trajectories:
    """One trajectory over 5 time units, in which errors grow a hundredfold."""
    times = np.linspace(0, 5, 101)
    solution = solve_ivp(lorenz, (0, 5), [2.2, -3.7, 17.7], t_eval=times, rtol=1e-10, atol=1e-10)
    return trajectories(times, solution.y.T[None], ["x", "y", "z"])


@cache
def prey() -> Trajectories:
    """Four trajectories of three cycles each with 5 % noise, a tenth of the values missing, at irregular times."""
    generator = np.random.default_rng(1)
    times = np.sort(generator.uniform(0, 20, 41))
    times[0], times[-1] = 0, 20
    paths = [
        solve_ivp(lotka_volterra, (0, 20), start, t_eval=times, rtol=1e-10, atol=1e-10).y.T
        for start in generator.uniform(0.5, 2.5, (4, 2))
    ]
    state = np.stack(paths)
    state = state + 0.05 * state.std((0, 1)) * generator.standard_normal(state.shape)
    state[:, 1:][generator.uniform(size=state[:, 1:].shape) < 0.1] = np.nan
    return trajectories(times, state, ["u", "v"])


def worst(run: Run, truth: dict[str, float]) -> float:
    """Largest relative error of a parameter."""
    return max(abs(run.state["parameters"][name] / value - 1) for name, value in truth.items())


def shooting(text: str, data: Trajectories, *overrides: str) -> tuple[Problem, ShootingObjective]:
    """A problem with segments, and its objective with a continuity of whole weight."""
    config = quick("objective.chain=shooting", *overrides)
    problem = problem_of(text, data, "objective.chain=shooting", *overrides)
    objective = OBJECTIVES["shooting"](problem, lambda: None, config.objective)
    assert isinstance(objective, ShootingObjective)
    objective.point = 1.0
    return problem, objective


class Whole(nn.Module):
    """All that a misfit depends on, as one module."""

    def __init__(self, problem: Problem, objective: ShootingObjective) -> None:
        super().__init__()
        self.problem, self.objective = problem, objective
        self.field, self.segments = problem.field, problem.segments

    def forward(self) -> Tensor:
        return misfit(self.problem, self.objective, 2)


def misfit(problem: Problem, objective: ShootingObjective, substeps: int = 8) -> Tensor:
    """The misfit of all segments."""
    horizon = objective.horizon(problem.train.horizon)
    return objective.misfit(problem.train.batch(objective.starts(horizon), horizon), substeps)


def test_a_chaotic_system_is_recovered() -> None:
    run = fit(model(LORENZ), chaos(), config=quick(*SHOOTING))
    assert worst(run, CHAOTIC) < 2e-3


@pytest.mark.slow
def test_rollouts_from_the_same_start_do_not_recover_it() -> None:
    rollouts = fit(
        model(LORENZ), chaos(),
        config=quick(*SHOOTING, "objective.chain=rollout", "optimizer.steps=100", "optimizer.polish=100",
                     "curriculum.enabled=false"),
    )  # fmt: skip
    assert worst(rollouts, CHAOTIC) > 0.2


def test_oscillations_are_recovered_from_noisy_incomplete_data_at_irregular_times() -> None:
    truth = {"a": 1.5, "b": 1.0, "c": 0.75, "d": 1.0}
    run = fit(model(LOTKA_VOLTERRA), prey(), config=quick(*SHOOTING))
    assert worst(run, truth) < 0.05
    # The misfit ends at the noise, 0.05^2, less what the starts and parameters take.
    assert 0.5 * 0.05**2 < run.history()[-1]["misfit"] < 1.1 * 0.05**2


@pytest.mark.parametrize(
    ("frames", "length", "expected"), [(12, 4, [0, 4, 7]), (9, 4, [0, 4]), (4, 3, [0]), (5, 1, [0, 1, 2, 3])]
)
def test_segments_cover_a_trajectory_and_end_with_it(frames: int, length: int, expected: list[int]) -> None:
    problem, objective = shooting(DECAY, decay_data(frames=frames, count=2), f"objective.segment={length}")
    assert objective.starts(1).tolist() == [[row, frame] for row in (0, 1) for frame in expected]
    assert problem.segments is not None
    assert problem.segments.follower.tolist()[len(expected) - 1] == -1
    ends = problem.segments.places[:, 1] + problem.segments.offset
    assert ends[: len(expected)].tolist() == [*expected[1:], frames - 1]


@pytest.mark.parametrize(("horizon", "expected"), [(100, 10), (101, 11), (15, 2), (1, 1)])
def test_segments_are_a_tenth_of_a_trajectory_unless_said(horizon: int, expected: int) -> None:
    assert segment_length("auto", horizon) == expected
    assert segment_length(7, horizon) == min(7, horizon)


def test_every_frame_counts_once_and_joints_by_their_weight() -> None:
    frozen = "state u\nparam k = fit 0 in (-1, 1)\ndt(u) = k\n"
    values = np.array([0.0, 1.0, 3.0, 6.0, 10.0])
    data = trajectories(np.arange(5.0), values[None, :, None], ["u"])
    problem, objective = shooting(frozen, data, "objective.segment=2", "objective.continuity=7")
    # Constant pieces from 0 and 3: frames 0, 1, 2 belong to the first, 3 and 4 to the second; the gap is 3.
    errors = [0, 1, 3, 3, 7]
    expected = (np.mean(np.square(errors)) + 7 * 3**2) / np.var(values)
    assert float(misfit(problem, objective)) == pytest.approx(expected)
    objective.point = JOINED / 2
    assert objective.weight == pytest.approx(math.sqrt(7))
    objective.point = 0.0
    assert objective.weight == 1.0


def test_the_exact_trajectory_has_no_misfit_whatever_the_weight() -> None:
    problem, objective = shooting(OSCILLATOR, oscillator_data(), "objective.segment=4", "integrator.method=rk4")
    problem.field.physical.set_value("k", 4.0)
    assert float(misfit(problem, objective, 64)) < 1e-12


def test_gradients_of_starts_and_parameters_are_exact() -> None:
    data = decay_data(count=2, frames=6)
    problem, objective = shooting(DECAY, data, "objective.segment=2", "integrator.method=rk4")
    assert problem.segments is not None
    whole = Whole(problem, objective)
    generator = torch.Generator().manual_seed(0)
    shift, raw = problem.segments.shift, problem.field.physical.get_parameter("raw.value_k")
    moved = 0.1 * torch.randn(shift.shape, generator=generator, dtype=shift.dtype)

    def value(start: Tensor, parameter: Tensor) -> Tensor:
        put = {"segments.shift": start, "field.physical.raw.value_k": parameter}
        return torch.func.functional_call(whole, put, ())  # type: ignore[no-any-return]

    assert torch.autograd.gradcheck(value, (moved.requires_grad_(), raw.detach().clone().requires_grad_()))


def test_starts_stay_within_the_range_of_their_state_and_can_leave_its_end() -> None:
    data = decay_data()
    data = replace(data, state=data.state - 0.6)
    problem, _ = shooting("state u in [0, 1]\nparam k = fit 1\ndt(u) = -k*u\n", data, "objective.segment=4")
    segments = problem.segments
    assert segments is not None
    every = torch.arange(len(segments.places))
    states = segments.states(every)
    assert float(states.detach().min()) == 0.0
    assert float(states.detach().max()) == 1.0
    below, above = segments.estimate < 0, segments.estimate > 1
    (inwards,) = torch.autograd.grad((torch.where(above, 1.0, -1.0) * states).sum(), segments.shift, retain_graph=True)
    assert bool((inwards != 0).all())
    (outwards,) = torch.autograd.grad((torch.where(above, -1.0, 1.0) * states).sum(), segments.shift)
    assert torch.equal(outwards == 0, below | above)


def test_a_start_that_is_missing_is_interpolated_in_time() -> None:
    times, values = np.array([0.0, 1.0, 3.0, 4.0, 6.0]), np.array([1.0, 2.0, np.nan, 8.0, 9.0])
    data = trajectories(times, values[None, :, None], ["u"])
    problem, objective = shooting(DECAY, data, "objective.segment=2")
    assert objective.starts(1).tolist() == [[0, 0], [0, 2]]
    assert problem.segments is not None
    assert problem.segments.estimate.flatten().tolist() == [1.0, 6.0]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("chain", ["shooting", "derivative,shooting,rollout"])
def test_a_resumed_fit_equals_an_uninterrupted_one_bit_for_bit(tmp_path: Path, chain: str, share: float) -> None:
    config = quick(f"objective.chain={chain}", "objective.segment=3", "optimizer.windows=5", "data.validation=0.4")
    data = oscillator_data(velocity=False, count=5, frames=13)
    whole, first, resumed = resumed_like_whole(OSCILLATOR, data, config, share, tmp_path / "run")
    assert first.checkpoint()["modules"]["segments"]["shift"].shape == (12, 2)
    starts = [run.checkpoint()["modules"]["segments"]["shift"] for run in (whole, resumed)]
    assert torch.equal(*starts)
    assert bool((starts[0] != 0).any())


def test_trajectories_of_different_lengths_that_begin_with_gaps_are_shot_too() -> None:
    data = decay_data(count=4)
    state = data.state.copy()
    state[0, 3:], state[1, :2] = np.nan, np.nan
    data = replace(data, state=state, lengths=np.array([3, 12, 12, 12]))
    problem, objective = shooting(DECAY, data, "objective.segment=5", "integrator.method=rk4")
    assert objective.starts(5).tolist() == [[0, 0], [1, 2], [1, 6], [2, 0], [2, 5], [2, 6], [3, 0], [3, 5], [3, 6]]
    problem.field.physical.set_value("k", 1.3)
    assert float(misfit(problem, objective)) < 1e-12


def test_states_on_a_grid_are_fitted_too() -> None:
    text = HEAT.replace("learned s(u) by mlp(8)\n", "").replace(" + s", "")
    config = quick(
        "objective.chain=shooting", "objective.segment=2", "optimizer.steps=100", "optimizer.polish=100",
        "data.validation=0", "warm_start.enabled=false", "integrator.method=rk4",
    )  # fmt: skip
    run = fit(model(text), heat_data(), config=config)
    assert run.checkpoint()["modules"]["segments"]["shift"].shape == (12, 1, 16)
    assert run.state["parameters"]["a"] == pytest.approx(0.05, rel=5e-3)
