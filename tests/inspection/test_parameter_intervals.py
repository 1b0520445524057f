"""Intervals of parameters: which kind, where they lie, what is flagged."""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from eqdsl.inspection.inspect import inspect_run
from eqdsl.inspection.parameters import (
    RISE,
    confused,
    is_at_bound,
    misfit_intervals,
    norm_intervals,
    report_parameters,
)
from eqdsl.inspection.sensitivity import Sensitivity, sensitivity
from eqdsl.inspection.visited import visited_states
from tests.inspection.teaching import MemoryRun


def columns(effects: np.ndarray, learned: np.ndarray, absorbed: list[float]) -> Sensitivity:
    names = tuple(f"p{i}" for i in range(effects.shape[1]))
    return Sensitivity(names, effects, effects, np.array(absorbed), learned, np.ones(1))


def test_norm_interval_solves_the_quadratic() -> None:
    """One parameter: |a - b d|^2 reaches (1 + RISE)|a|^2 at both ends and is smallest at d*."""
    rng = np.random.default_rng(0)
    b, a = rng.normal(size=(2, 300))
    interval = norm_intervals(columns(b[:, None], a, [1.0]))["p0"]
    for end in (interval.below, interval.above):
        assert np.mean((a - b * end) ** 2) == pytest.approx((1 + RISE) * np.mean(a**2))
    assert interval.best == pytest.approx((a @ b) / (b @ b))
    assert interval.saved == pytest.approx(1 - np.mean((a - b * interval.best) ** 2) / np.mean(a**2))


def test_other_parameters_move_along() -> None:
    """Nearly the same effect twice: each alone is held tightly, together they are not."""
    rng = np.random.default_rng(1)
    b, noise, a = rng.normal(size=(3, 400))
    pair = np.column_stack([b, b + 0.1 * noise])
    alone = norm_intervals(columns(b[:, None], a, [1.0]))["p0"]
    together = norm_intervals(columns(pair, a, [1.0, 1.0]))["p0"]
    assert together.above - together.below > 5 * (alone.above - alone.below)


def test_misfit_interval_width() -> None:
    e = np.full((100, 1), 2.0)
    interval = misfit_intervals(columns(e, np.zeros(100), [0.0]), forecast_error=4e-4)["p0"]
    assert interval.above == pytest.approx(math.sqrt(RISE * 4e-4) / 2)
    assert interval.below == -interval.above and interval.best is None


def test_confused_parameters_are_named() -> None:
    rng = np.random.default_rng(2)
    b, c = rng.normal(size=(2, 100))
    assert confused(columns(np.column_stack([b, 3 * b, c]), c, [0, 0, 0])) == ("p0", "p1")
    assert confused(columns(np.column_stack([b, c]), c, [0, 0])) == ()
    assert confused(columns(np.column_stack([b, 0 * c]), c, [0, 0])) == ("p1",)


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
    assert "omega0: some combination has no effect" not in inspected.as_text()


def test_a_term_that_sees_everything_imitates_gravity(seeing_run: MemoryRun, blind_run: MemoryRun) -> None:
    seeing = sensitivity(seeing_run.field, visited_states(seeing_run.trajectories, seeing_run.field))
    blind = sensitivity(blind_run.field, visited_states(blind_run.trajectories, blind_run.field))
    assert seeing.absorbed[0] > 0.99
    assert blind.absorbed[0] < 0.5


def test_projected_value_of_the_pendulum(seeing_run: MemoryRun) -> None:
    """The norm-minimal omega0 from its definition: theta* = theta + <B, a>/<B, B> on the data."""
    visited = visited_states(seeing_run.trajectories, seeing_run.field)
    found = sensitivity(seeing_run.field, visited)
    (row,) = report_parameters(seeing_run.model, {"omega0": np.array(1.0)}, found, None)
    theta, omega = visited.state[:, 0], visited.state[:, 1]
    effect, learned = -2 * np.sin(theta), -0.2 * omega
    best = 1 + (effect @ learned) / (effect @ effect)
    assert f"omega0 = {best:.3g}"[:13] in row.bias
    assert row.low is not None and row.high is not None and row.low < 1.0 < row.high
    assert "imitate" in row.meaning and "Not a confidence interval" in row.meaning
