"""Intervals of parameters: which kind, where they lie, what is flagged."""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from eqdsl.inspection.directions import directions
from eqdsl.inspection.inspect import inspect_run
from eqdsl.inspection.parameters import (
    RISES,
    Interval,
    is_at_bound,
    misfit_intervals,
    norm_intervals,
    report_parameters,
)
from eqdsl.inspection.sensitivity import Sensitivity, sensitivity
from eqdsl.inspection.visited import visited_states
from tests.inspection.teaching import MemoryRun


def columns(effects: np.ndarray, learned: np.ndarray, *, imitated: bool) -> Sensitivity:
    """A linear model in which one learned term can do everything, or nothing."""
    names = tuple(f"p{i}" for i in range(effects.shape[1]))
    left = 0 * effects if imitated else effects
    absorbed = np.full(len(names), float(imitated))
    return Sensitivity(names, effects, left, absorbed, {"f": absorbed}, learned, -effects, np.ones(1))


def norms(effects: np.ndarray, learned: np.ndarray) -> dict[str, Interval]:
    found = columns(effects, learned, imitated=True)
    return norm_intervals(found, directions(found))


@pytest.mark.parametrize("rise", RISES)
def test_norm_interval_solves_the_quadratic(rise: float) -> None:
    """One parameter: |a - b d|^2 is smallest at the middle and (1 + rise) times that at both ends."""
    rng = np.random.default_rng(0)
    b, a = rng.normal(size=(2, 300))
    interval = norms(b[:, None], a)["p0"]
    least = np.mean((a - b * interval.middle) ** 2)
    for end in interval.ends(rise):
        assert np.mean((a - b * end) ** 2) == pytest.approx((1 + rise) * least)
    assert interval.middle == pytest.approx((a @ b) / (b @ b))
    assert interval.excess == pytest.approx(np.mean(a**2) / least - 1)


@pytest.mark.parametrize("rise", RISES)
def test_norm_interval_of_two_is_the_profile(rise: float) -> None:
    """At the end of a range the best other parameter still leaves (1 + rise) times the smallest norm."""
    rng = np.random.default_rng(3)
    b, c, a = rng.normal(size=(3, 200))
    interval = norms(np.column_stack([b, c + 0.7 * b]), a)["p0"]
    pair = np.column_stack([b, c + 0.7 * b])

    def profile(d: float) -> float:
        rest = a - b * d
        other = (pair[:, 1] @ rest) / (pair[:, 1] @ pair[:, 1])
        return float(np.mean((rest - other * pair[:, 1]) ** 2))

    least = float(np.mean((a - pair @ np.linalg.lstsq(pair, a, rcond=None)[0]) ** 2))
    assert profile(interval.middle) == pytest.approx(least)
    for end in interval.ends(rise):
        assert profile(end) == pytest.approx((1 + rise) * least)


def test_other_parameters_move_along() -> None:
    """Nearly the same effect twice: each alone is held tightly, together they are not."""
    rng = np.random.default_rng(1)
    b, noise, a = rng.normal(size=(3, 400))
    alone = norms(b[:, None], a)["p0"]
    together = norms(np.column_stack([b, b + 0.1 * noise]), a)["p0"]
    assert together.widths[1] > 5 * alone.widths[1]


def test_misfit_interval_is_the_covariance_of_a_linear_model() -> None:
    """Two correlated columns: half the width is the root of rise*sigma^2 times the diagonal of inv(B'B/n)."""
    rng = np.random.default_rng(4)
    b, c = rng.normal(size=(2, 500))
    effects = np.column_stack([b, c + 0.9 * b])
    found = columns(effects, np.zeros(500), imitated=False)
    intervals = misfit_intervals(found, directions(found), forecast_error=4e-4)
    covariance = np.linalg.inv(effects.T @ effects / 500)
    for i, rise in ((0, 0.01), (1, 0.05)):
        for name, variance in zip(("p0", "p1"), np.diag(covariance), strict=True):
            assert intervals[name].ends(rise) == pytest.approx(
                (-math.sqrt(rise * 4e-4 * variance), math.sqrt(rise * 4e-4 * variance))
            )
            assert intervals[name].widths[i] > 0 and intervals[name].middle == 0


@pytest.mark.parametrize(
    ("value", "lower", "upper", "held"),
    [
        (0.0005, 0, 5, True),
        (4.9999, 0, 5, True),
        (1.0, 0, 5, False),
        (1.0, -math.inf, math.inf, False),
        (1e-9, 0, math.inf, False),
        (0.0, 0, math.inf, True),
    ],
)
def test_at_bound(value: float, lower: float, upper: float, held: bool) -> None:
    assert is_at_bound(value, lower, upper) is held


def test_effect_of_a_parameter_is_the_derivative(blind_run: MemoryRun) -> None:
    """d/domega0 of -omega0^2 sin(theta) at omega0 = 1, in units of the equation's rms."""
    visited = visited_states(blind_run.trajectories, blind_run.field)
    found = sensitivity(blind_run.field, visited)
    theta = visited.state[:, 0]
    expected = np.concatenate([np.stack([0 * theta, -2 * np.sin(theta)], axis=1).reshape(-1)])
    assert found.names == ("omega0",)
    assert found.effects[:, 0] * found.scales[1] == pytest.approx(expected, abs=1e-6)


def test_a_parameter_saturated_at_its_bound_has_no_effect(blind_run: MemoryRun, tmp_path: Path) -> None:
    """The sigmoid of 40 is one to the last bit: the stored number moves the value no more."""
    run = replace(blind_run, path=tmp_path, field=deepcopy(blind_run.field).double())
    with torch.no_grad():
        run.field.physical.raw["value_omega0"].fill_(40.0)
    found = sensitivity(run.field, visited_states(run.trajectories, run.field))
    assert found.effects.shape[1] == 1 and not found.effects.any()
    inspected = inspect_run(run, plots=False)
    (row,) = inspected.parameters
    assert (row.value, row.at_bound, row.low, row.absorbed) == (5.0, True, None, 0.0)
    assert "omega0: at a bound" in inspected.as_text()
    assert "omega0 has no effect" not in inspected.as_text()


def test_a_term_that_sees_everything_imitates_gravity(seeing_run: MemoryRun, blind_run: MemoryRun) -> None:
    seeing = sensitivity(seeing_run.field, visited_states(seeing_run.trajectories, seeing_run.field))
    blind = sensitivity(blind_run.field, visited_states(blind_run.trajectories, blind_run.field))
    assert seeing.absorbed[0] > 0.99
    assert blind.absorbed[0] < 0.5


def test_projected_value_of_a_taught_pendulum(seeing_run: MemoryRun) -> None:
    """The norm-minimal omega0 from its definition: theta* = theta + <B, a>/<B, B> on the data."""
    visited = visited_states(seeing_run.trajectories, seeing_run.field)
    found = sensitivity(seeing_run.field, visited)
    (row,) = report_parameters(seeing_run.model, {"omega0": np.array(1.0)}, found, None, seeing_run.field.members)
    theta, omega = visited.state[:, 0], visited.state[:, 1]
    effect, learned = -2 * np.sin(theta), -0.2 * omega
    best = 1 + (effect @ learned) / (effect @ effect)
    assert f"omega0 = {best:.3g}"[:13] in row.bias
    assert row.low is not None and row.high is not None and row.low < 1.0 < row.high
    assert row.decided == "norm" and row.ranges[1] == (row.low, row.high)
    assert row.low < row.ranges[0][0] < best < row.ranges[0][1] < row.high
    assert "imitate" in row.meaning and "Not confidence intervals" in row.meaning
