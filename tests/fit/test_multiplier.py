"""The multiplier rises while the misfit exceeds the tolerance, falls below it, and stays bounded."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eqdsl.fitting.config import MultiplierSection
from eqdsl.fitting.multiplier import noise_tolerance, updated

FLOOR = 1e-12
FIXED_AIM = MultiplierSection(tolerance=1e-3, minimum=1e-2, maximum=1e6)
AUTOMATIC = MultiplierSection()
SIZES = st.floats(1e-9, 1e3)


def step(
    multiplier: float, misfit: float, rules: MultiplierSection = FIXED_AIM, noise: float | None = None,
    penalty: float = 0.04, raised: float = 1.0,
) -> float:  # fmt: skip
    return updated(multiplier, misfit, penalty, rules, noise=noise, floor=FLOOR, raised=raised)


@given(st.floats(1.01e-3, 1e12))
def test_rises_above_the_tolerance(misfit: float) -> None:
    assert step(10.0, misfit) > 10.0


@given(st.floats(0.0, 0.99e-3))
def test_falls_below_the_tolerance(misfit: float) -> None:
    assert step(10.0, misfit) < 10.0


@pytest.mark.parametrize("rules", [FIXED_AIM, AUTOMATIC])
@given(st.lists(st.tuples(st.floats(allow_nan=True, allow_infinity=True), st.floats(0, 1e9)), max_size=50))
def test_stays_within_its_bounds_and_its_rate(rules: MultiplierSection, epochs: list[tuple[float, float]]) -> None:
    multiplier = 10.0
    for misfit, penalty in epochs:
        after = step(multiplier, abs(misfit), rules, penalty=penalty)
        assert rules.minimum <= after <= rules.maximum
        assert abs(math.log(after / multiplier)) <= rules.rate + 1e-12
        multiplier = after


@pytest.mark.parametrize("rule", ["adaptive", "fixed", "aphynity"])
@pytest.mark.parametrize("misfit", [math.nan, math.inf])
def test_an_epoch_that_is_not_finite_changes_nothing(rule: str, misfit: float) -> None:
    rules = MultiplierSection.model_validate({"rule": rule})
    assert step(7.0, misfit, rules) == 7.0
    assert step(7.0, 1.0, rules, penalty=misfit) == 7.0


@given(SIZES, SIZES)
def test_without_a_tolerance_the_penalty_keeps_its_share_of_the_loss(misfit: float, penalty: float) -> None:
    multiplier = AUTOMATIC.start
    for _ in range(200):
        multiplier = step(multiplier, misfit, AUTOMATIC, penalty=penalty)
    wanted = penalty / (AUTOMATIC.share * misfit)
    assert multiplier == pytest.approx(min(max(wanted, AUTOMATIC.start), AUTOMATIC.maximum))


def test_without_a_tolerance_it_waits_until_it_may_rise() -> None:
    assert step(AUTOMATIC.start, 1e-7, AUTOMATIC, raised=0.0) == AUTOMATIC.start
    halfway = AUTOMATIC.start
    for _ in range(50):
        halfway = step(halfway, 1e-7, AUTOMATIC, raised=0.5)
    assert halfway == pytest.approx(math.sqrt(AUTOMATIC.start * 0.04 / (AUTOMATIC.share * 1e-7)))


def test_without_a_tolerance_it_falls_again_when_the_misfit_rises() -> None:
    high = AUTOMATIC.start
    for _ in range(50):
        high = step(high, 1e-7, AUTOMATIC)
    assert high == pytest.approx(0.04 / (AUTOMATIC.share * 1e-7))
    assert step(high, 1e-5, AUTOMATIC) == pytest.approx(high * math.exp(-AUTOMATIC.rate))


def test_a_first_blow_up_is_forgotten() -> None:
    calm = wild = AUTOMATIC.start
    for _ in range(5):
        calm, wild = step(calm, 1e-4, AUTOMATIC), step(wild, 1e9, AUTOMATIC)
    assert calm > wild
    for _ in range(20):
        calm, wild = step(calm, 1e-4, AUTOMATIC), step(wild, 1e-4, AUTOMATIC)
    assert wild == pytest.approx(calm)


def test_automatic_tolerance_comes_from_the_noise_and_respects_rounding() -> None:
    assert step(1e3, 1e-2, AUTOMATIC, noise=1e-1) == pytest.approx(1e3 * math.exp(-AUTOMATIC.rate))
    assert step(1e3, 1e-2, AUTOMATIC, noise=1e-3) == pytest.approx(1e3 * math.exp(AUTOMATIC.rate))
    assert step(1e3, FLOOR / 100, AUTOMATIC, noise=FLOOR / 1e6) < 1e3


def test_other_rules() -> None:
    assert step(3.0, 0.5, MultiplierSection(rule="fixed")) == 3.0
    assert step(3.0, 0.5, MultiplierSection(rule="aphynity", rate=10.0)) == 8.0


def test_tolerance_from_noise_needs_the_noise_of_every_channel() -> None:
    assert noise_tolerance({"u": 0.1}, {"u": 4.0}) == pytest.approx(2 * 0.01 / 4)
    assert noise_tolerance({"u": 0.1}, {"u": 4.0, "v": 1.0}) is None
    assert noise_tolerance({}, {}) is None
