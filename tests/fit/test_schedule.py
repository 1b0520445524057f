"""Horizons, rates, and what a time budget does to them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eqdsl.fitting.batch_size import LARGEST, affordable_windows
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.config_file import with_overrides
from eqdsl.fitting.schedule import make_schedule
from eqdsl.fitting.stages import ADAM_TIME
from eqdsl.fitting.substeps import choose_substeps
from tests.fit.systems import OSCILLATOR, oscillator_data
from tests.fit.test_training_data import problem_of


@given(st.integers(1, 500), st.integers(1, 20), st.floats(1.01, 8))
def test_horizons_grow_to_the_last_one(full: int, start: int, growth: float) -> None:
    config = with_overrides(FitConfig(), [f"curriculum.start={start}", f"curriculum.growth={growth!r}"])
    horizons = make_schedule(config, full).horizons
    assert horizons[-1] == full
    assert all(a < b for a, b in pairwise(horizons))
    assert len(horizons) == 1 or horizons[0] == start


def test_default_horizons_and_their_shares() -> None:
    schedule = make_schedule(with_overrides(FitConfig(), ["curriculum.growth=2.0", "curriculum.share=0.4"]), 39)
    assert schedule.horizons == (1, 2, 4, 8, 16, 32, 39)
    assert [schedule.horizon(p) for p in (0.0, 0.1, 0.39, 0.4, 1.0)] == [1, 2, 32, 39, 39]


@pytest.mark.parametrize("override", ["curriculum.enabled=false", "curriculum.share=0.0"])
def test_growth_can_be_turned_off(override: str) -> None:
    assert make_schedule(with_overrides(FitConfig(), [override]), 39).horizons == (39,)


def test_a_given_final_horizon_is_kept_within_the_data() -> None:
    config = with_overrides(FitConfig(), ["curriculum.horizon=10"])
    assert make_schedule(config, 39).horizons[-1] == 10
    assert make_schedule(config, 5).horizons[-1] == 5


def test_rates_fall_along_a_cosine() -> None:
    schedule = make_schedule(with_overrides(FitConfig(), ["optimizer.decay=0.02"]), 4)
    assert schedule.rate(0.0) == 1.0
    assert schedule.rate(0.5) == pytest.approx(0.51)
    assert schedule.rate(1.0) == schedule.rate(1.7) == pytest.approx(0.02)


def test_time_counts_where_it_is_scarcer_than_steps() -> None:
    schedule = make_schedule(with_overrides(FitConfig(), ["optimizer.steps=100", "optimizer.polish=10"]), 4)
    assert schedule.point("rollout", 50, 1e9, 10.0, None) == 0.5
    assert schedule.point("rollout", 50, 20.0, 10.0, 1000.0) == 0.5
    assert schedule.point("rollout", 50, 610.0, 10.0, 1000.0) == pytest.approx(600 / (1000 * ADAM_TIME - 10))
    assert schedule.point("rollout", 0, 900.0, 890.0, 1000.0) == 1.0


@given(st.floats(1, 1e12), st.integers(1, 1000), st.floats(1e-3, 100), st.integers(1, 10**6))
def test_batches_stay_within_memory(each: float, horizon: int, memory: float, points: int) -> None:
    windows = affordable_windows(each, horizon, memory, points)
    assert 1 <= windows <= LARGEST
    assert windows == 1 or windows * each * horizon <= memory * 2**30


def test_substeps_follow_the_tolerance() -> None:
    problem = problem_of(OSCILLATOR, oscillator_data(frames=5))
    chosen = [choose_substeps(problem, tolerance) for tolerance in (1e-1, 1e-4, 1e-7, 1e-30)]
    counts = [count for count, _ in chosen]
    assert counts == sorted(counts)
    assert counts[0] < counts[2]
    assert [enough for _, enough in chosen] == [True, True, True, False]
