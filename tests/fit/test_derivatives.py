"""Derivative matching: test functions, the methods, and what noise does to each."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp
from torch import Tensor, nn

from eqdsl.core.errors import DataError
from eqdsl.data.trajectories import Trajectories
from eqdsl.fitting.derivatives.bumps import average_weights, bump_weights
from eqdsl.fitting.derivatives.weak import WeakForm, averaged
from eqdsl.fitting.fit import fit
from eqdsl.fitting.objectives.derivative import DerivativeObjective
from eqdsl.fitting.objectives.table import OBJECTIVES
from eqdsl.fitting.problem import Problem
from eqdsl.fitting.regression.solve import solve_by_regression
from eqdsl.numerics.grid import Grid, GridAxis
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
from tests.fit.test_training_data import problem_of

METHODS = ("differences", "polynomials", "weak")
RIVALS = """\
state u, v in [0, inf)
param a = fit 0.5 in (0, 10)
param b = fit 0.5 in (0, 10)
param c = fit 0.5 in (0, 10)
param d = fit 0.5 in (0, 10)
dt(u) = a*u - b*u*v
dt(v) = c*u*v - d*v
"""
TRUTH = {"a": 1.5, "b": 1.0, "c": 0.75, "d": 1.0}
PURE_HEAT = HEAT.replace("learned s(u) by mlp(8)\n", "").replace(" + s", "")


def rate(_: float, y: np.ndarray) -> list[float]:
    return [1.5 * y[0] - y[0] * y[1], 0.75 * y[0] * y[1] - y[1]]


@cache
def rivals(seed: int, noise: float, *, irregular: bool = False, missing: float = 0.0) -> Trajectories:
    """Four trajectories of Lotka and Volterra's equations over three cycles."""
    generator = np.random.default_rng(seed)
    times = np.linspace(0, 20, 201)
    if irregular:
        times[1:-1] = np.sort(generator.uniform(0, 20, 199))
    state = np.stack([
        solve_ivp(rate, (0, 20), start, t_eval=times, rtol=1e-10, atol=1e-10).y.T
        for start in generator.uniform(0.5, 2.5, (4, 2))
    ])  # fmt: skip
    state = state + noise * state.std((0, 1)) * generator.standard_normal(state.shape)
    state[generator.uniform(size=state.shape) < missing] = np.nan
    return trajectories(times, state, ["u", "v"])


def problem(text: str, data: Trajectories, method: str) -> Problem:
    return problem_of(text, data, "objective.chain=derivative", f"objective.derivative={method}", "data.validation=0")


def objective(problem: Problem) -> DerivativeObjective:
    found = OBJECTIVES["derivative"](problem, lambda: None)
    assert isinstance(found, DerivativeObjective)
    return found


def misfit(problem: Problem) -> Tensor:
    """Over all windows."""
    found = objective(problem)
    horizon = found.horizon(problem.train.horizon)
    return found.misfit(problem.train.batch(found.starts(horizon), horizon), 1)


def error(data: Trajectories, method: str) -> float:
    """Largest relative error of a parameter where the method's misfit is least."""
    found = problem(RIVALS, data, method)
    assert found.derivative is not None
    solve_by_regression(found.field, found.derivative, found.rate, lambda text: None, lambda: None)
    return max(abs(float(found.field.physical.value(n)) / value - 1) for n, value in TRUTH.items())


# ------------------------------------------------------------------ test functions


@pytest.mark.parametrize("radius", [1, 2, 3, 8])
def test_bumps_integrate_polynomials_by_parts_exactly_at_any_times(radius: int) -> None:
    times = np.sort(np.random.default_rng(0).uniform(0, 3, (2, 24)), axis=1)
    value, first, second = bump_weights(times, radius)
    windows = np.lib.stride_tricks.sliding_window_view(times, 2 * radius + 1, axis=1)
    np.testing.assert_allclose(value.sum(-1), 1.0, rtol=1e-12)
    for power in range(min(radius, 5) + 1):
        x, dx, ddx = (np.polyval(np.polyder([1.0] + [0.0] * power, k), windows) for k in range(3))
        scale = np.abs(first).sum(-1) * np.abs(x).max()
        assert np.max(np.abs((value * dx).sum(-1) + (first * x).sum(-1)) / scale) < 1e-12
        scale = np.abs(second).sum(-1) * np.abs(x).max()
        assert np.max(np.abs((value * ddx).sum(-1) - (second * x).sum(-1)) / scale) < 1e-12


def test_the_error_of_weak_slopes_of_a_sine_falls_like_that_of_a_method_of_fourth_order() -> None:
    errors = []
    for frames in (21, 41, 81):
        times = np.linspace(0, 2, frames)[None]
        value, first, _ = bump_weights(times, 3)
        windows = np.lib.stride_tricks.sliding_window_view(times, 7, axis=1)
        errors.append(np.max(np.abs((value * np.cos(windows)).sum(-1) + (first * np.sin(windows)).sum(-1))))
    assert errors[2] < 1e-6
    assert np.log2(errors[0] / errors[1]) > 3.5
    assert np.log2(errors[1] / errors[2]) > 3.5


def test_averages_over_neighbours_leave_out_what_they_cannot_see() -> None:
    assert average_weights(3).sum() == pytest.approx(1.0)
    values = torch.arange(12.0, dtype=torch.float64).reshape(1, 1, 1, 12).expand(1, 1, 2, 12).clone()
    known = torch.ones_like(values, dtype=torch.bool)
    known[0, 0, 1, 6] = False
    walled = Grid((GridAxis("x", 0.0, 1.0, 12, False, "cells"),))
    mean, whole = averaged(values, known, 3, 2, walled)
    assert torch.allclose(mean[0, 0, 0, 2:10], values[0, 0, 0, 2:10])
    assert whole[0, 0].tolist() == [
        [False] * 2 + [True] * 8 + [False] * 2, [False] * 2 + [True] * 2 + [False] * 5 + [True] + [False] * 2
    ]  # fmt: skip
    around = Grid((GridAxis("x", 0.0, 1.0, 12, True, "cells"),))
    assert bool(averaged(values, known, 3, 2, around)[1][0, 0, 0].all())


# ------------------------------------------------------------------ methods


@pytest.mark.parametrize(("method", "bound"), [("differences", 1e-6), ("polynomials", 1e-5), ("weak", 1e-11)])
def test_the_exact_vector_field_has_no_misfit(method: str, bound: float) -> None:
    decays, heats = problem(DECAY, decay_data(frames=24), method), problem(PURE_HEAT, heat_data(frames=24), method)
    decays.field.physical.set_value("k", 1.3)
    heats.field.physical.set_value("a", 0.05)
    assert float(misfit(decays).detach()) < bound
    # The stencils of order 6 on 16 points leave 1e-7.
    assert float(misfit(heats).detach()) < max(bound, 1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_gradients_are_exact(method: str) -> None:
    found = problem(DECAY, decay_data(count=2, frames=10), method)
    raw = found.field.physical.get_parameter("raw.value_k")

    class Whole(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.field = found.field

        def forward(self) -> Tensor:
            return misfit(found)

    def value(parameter: Tensor) -> Tensor:
        return torch.func.functional_call(Whole(), {"field.physical.raw.value_k": parameter}, ())  # type: ignore[no-any-return]

    assert torch.autograd.gradcheck(value, (raw.detach().clone().requires_grad_(),))


@pytest.mark.parametrize("method", METHODS)
def test_gaps_ends_and_precision(method: str) -> None:
    data = decay_data(count=4, frames=30)
    state = data.state.copy()
    state[0, 12:14], state[1, :2], state[2, 5] = np.nan, np.nan, np.nan
    found = problem(DECAY, replace(data, state=state, lengths=np.array([30, 30, 30, 4])), method)
    found.field.physical.set_value("k", 1.3)
    assert float(misfit(found).detach()) < 1e-4
    single = found.to(torch.float32)
    assert misfit(single).dtype == torch.float32
    assert float(misfit(single).detach()) < 1e-4


def test_windows_hold_every_bump_and_all_of_one_trajectory() -> None:
    found = problem(DECAY, decay_data(count=2, frames=24), "weak")
    method = found.derivative
    assert isinstance(method, WeakForm)
    assert (method.radius, method.horizon) == (3, 12)
    places = method.starts()
    assert places.tolist() == [[row, frame] for row in (0, 1) for frame in (0, 7, 11)]
    centres = {frame + 3 + k for row, frame in places if row == 0 for k in range(12 - 6 + 1)}
    assert centres == set(range(3, 21)) == set(np.flatnonzero(np.isfinite(method.slopes[0, :, 0].numpy())).tolist())


def test_a_velocity_that_was_never_observed_is_not_differenced_twice() -> None:
    data = oscillator_data(velocity=False, frames=80)
    noisy = replace(data, state=data.state + 0.05 * np.random.default_rng(0).standard_normal(data.state.shape))
    errors = {}
    for method in ("differences", "weak"):
        found = problem(OSCILLATOR, noisy, method)
        assert found.derivative is not None
        solve_by_regression(found.field, found.derivative, found.rate, lambda text: None, lambda: None)
        errors[method] = abs(float(found.field.physical.value("k")) / 4 - 1)
    assert errors["weak"] < 0.05 < errors["differences"]


def test_too_short_trajectories_are_told() -> None:
    with pytest.raises(DataError, match="no trajectory has three frames in a row, which the weak form needs"):
        problem(DECAY, decay_data(frames=2), "weak")


# ------------------------------------------------------------------ noise


@pytest.mark.parametrize(("irregular", "missing", "times_better"), [(False, 0.2, 3), (True, 0.0, 10), (True, 0.2, 10)])
def test_with_noise_the_weak_form_finds_parameters_several_times_better(
    irregular: bool, missing: float, times_better: float
) -> None:
    data = [rivals(seed, 0.05, irregular=irregular, missing=missing) for seed in range(2)]
    weak, plain = (np.mean([error(d, method) for d in data]) for method in ("weak", "differences"))
    assert weak < 0.02
    assert weak < plain / times_better


def test_noise_on_a_field_is_averaged_in_space_too() -> None:
    data = heat_data(points=48, frames=41)
    noisy = replace(data, state=data.state + 0.05 * np.random.default_rng(0).standard_normal(data.state.shape))
    found = {method: problem(PURE_HEAT, noisy, method) for method in METHODS}
    errors = {}
    for method, one in found.items():
        assert one.derivative is not None
        solve_by_regression(one.field, one.derivative, one.rate, lambda text: None, lambda: None)
        errors[method] = abs(float(one.field.physical.value("a")) / 0.05 - 1)
    assert errors["weak"] < 0.03
    assert min(errors["differences"], errors["polynomials"]) > 0.5
    weak = found["weak"].derivative
    assert isinstance(weak, WeakForm)
    assert weak.space[0] > 1


@pytest.mark.parametrize(
    ("noise", "words"),
    [
        (0.0, "differences of neighbouring frames; the data show no noise"),
        (0.05, "weak form over 49 frames; noise of u about 0.039, of v about 0.038"),
    ],
)
def test_the_automatic_choice_follows_the_noise_and_is_told(noise: float, words: str) -> None:
    told: list[str] = []

    def note(event: dict[str, object]) -> None:
        told.append(str(event.get("text", "")))

    fit(model(RIVALS), rivals(0, noise), config=quick(), should_stop=lambda: True, events=note)
    expected = f"objectives: derivative ({words}), then rollout, chosen automatically"
    assert next(text for text in told if text.startswith("objectives")) == expected
