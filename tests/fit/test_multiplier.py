"""Each rule's course in closed form: `auto` rises above the tolerance and falls below it, all stay bounded."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eqdsl.fitting.config import MultiplierSection
from eqdsl.fitting.multiplier.base import EpochMeans
from eqdsl.fitting.multiplier.start import APHYNITY_START, START, start
from eqdsl.fitting.multiplier.table import RULES
from eqdsl.fitting.multiplier.update import updated

FLOOR = 1e-12
FIXED_AIM = MultiplierSection(tolerance=1e-3, minimum=1e-2, maximum=1e6)
AUTOMATIC = MultiplierSection()
SIZES = st.floats(1e-9, 1e3)


def step(
    multiplier: float, misfit: float, rules: MultiplierSection = FIXED_AIM, noise: float | None = None,
    penalty: float = 0.04, raised: float = 1.0,
) -> float:  # fmt: skip
    return updated(multiplier, EpochMeans(misfit, penalty, noise, FLOOR, raised), rules)


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


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("misfit", [math.nan, math.inf])
def test_an_epoch_that_is_not_finite_changes_nothing(rule: str, misfit: float) -> None:
    rules = MultiplierSection.model_validate({"rule": rule})
    assert step(7.0, misfit, rules) == 7.0
    assert step(7.0, 1.0, rules, penalty=misfit) == 7.0


@given(SIZES, SIZES)
def test_without_a_tolerance_the_penalty_keeps_its_share_of_the_loss(misfit: float, penalty: float) -> None:
    multiplier = START
    for _ in range(200):
        multiplier = step(multiplier, misfit, AUTOMATIC, penalty=penalty)
    wanted = penalty / (AUTOMATIC.share * misfit)
    assert multiplier == pytest.approx(min(max(wanted, START), AUTOMATIC.maximum))


def test_without_a_tolerance_it_waits_until_it_may_rise() -> None:
    assert step(START, 1e-7, AUTOMATIC, raised=0.0) == START
    halfway = START
    for _ in range(50):
        halfway = step(halfway, 1e-7, AUTOMATIC, raised=0.5)
    assert halfway == pytest.approx(math.sqrt(START * 0.04 / (AUTOMATIC.share * 1e-7)))


def test_without_a_tolerance_it_falls_again_when_the_misfit_rises() -> None:
    high = START
    for _ in range(50):
        high = step(high, 1e-7, AUTOMATIC)
    assert high == pytest.approx(0.04 / (AUTOMATIC.share * 1e-7))
    assert step(high, 1e-5, AUTOMATIC) == pytest.approx(high * math.exp(-AUTOMATIC.rate))


def test_a_first_blow_up_is_forgotten() -> None:
    calm = wild = START
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


@given(st.lists(SIZES, max_size=30), SIZES)
def test_aphynity_adds_up_the_misfits(misfits: list[float], rate: float) -> None:
    rules = MultiplierSection(rule="aphynity", rate=rate)
    multiplier = start(rules)
    for misfit in misfits:
        after = step(multiplier, misfit, rules)
        assert after >= multiplier
        multiplier = after
    assert multiplier == pytest.approx(APHYNITY_START + rate * sum(misfits))


@given(SIZES, SIZES, st.floats(0, 1))
def test_a_fixed_multiplier_stays_where_it_starts(misfit: float, penalty: float, raised: float) -> None:
    rules = MultiplierSection(rule="fixed", start=3.0, tolerance=1e-6)
    assert step(start(rules), misfit, rules, penalty=penalty, raised=raised) == 3.0


@given(st.lists(st.floats(0, 2), max_size=20))
def test_a_dual_step_follows_the_bounded_logarithm_of_the_misfit(decades: list[float]) -> None:
    rules = MultiplierSection(tolerance=1e-3, rate=0.5, maximum=1e30)
    multiplier = start(rules)
    for exponent in decades:
        multiplier = step(multiplier, 1e-3 * 10**exponent, rules)
    assert math.log(multiplier / START) == pytest.approx(0.5 * sum(min(e, 1.0) for e in decades))


@pytest.mark.parametrize("rule", RULES)
def test_a_start_that_is_given_holds_under_every_rule(rule: str) -> None:
    assert start(MultiplierSection.model_validate({"rule": rule, "start": 7.0})) == 7.0
