"""The multiplier rises while the misfit exceeds the tolerance, falls below it, and stays bounded."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eqdsl.fitting.config import MultiplierSection
from eqdsl.fitting.multiplier import RATCHET, Multiplier, noise_tolerance, updated

FLOOR = 1e-12
FIXED_AIM = MultiplierSection(tolerance=1e-3, minimum=1e-2, maximum=1e6)


def step(
    multiplier: Multiplier, misfit: float, rules: MultiplierSection = FIXED_AIM, noise: float | None = None
) -> Multiplier:
    return updated(multiplier, misfit, rules, noise=noise, floor=FLOOR)


@given(st.floats(1.01e-3, 1e12))
def test_rises_above_the_tolerance(misfit: float) -> None:
    assert step(Multiplier(10.0), misfit).value > 10.0


@given(st.floats(0.0, 0.99e-3))
def test_falls_below_the_tolerance(misfit: float) -> None:
    assert step(Multiplier(10.0), misfit).value < 10.0


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=50))
def test_stays_within_its_bounds_and_its_rate(misfits: list[float]) -> None:
    multiplier = Multiplier(10.0)
    for misfit in misfits:
        after = step(multiplier, abs(misfit))
        assert FIXED_AIM.minimum <= after.value <= FIXED_AIM.maximum
        assert abs(math.log(after.value / multiplier.value)) <= FIXED_AIM.rate + 1e-12
        multiplier = after


@pytest.mark.parametrize("rule", ["adaptive", "fixed", "aphynity"])
@pytest.mark.parametrize("misfit", [math.nan, math.inf])
def test_an_epoch_that_is_not_finite_changes_nothing(rule: str, misfit: float) -> None:
    rules = MultiplierSection.model_validate({"rule": rule})
    assert step(Multiplier(7.0, 0.5), misfit, rules) == Multiplier(7.0, 0.5)


def test_a_first_blow_up_is_forgotten() -> None:
    calm = wild = Multiplier(10.0)
    rules = MultiplierSection()
    wild = step(wild, 1e9, rules)
    calm = step(calm, 1.0, rules)
    for _ in range(20):
        calm, wild = step(calm, 0.5, rules), step(wild, 0.5, rules)
    assert wild.value == pytest.approx(calm.value, rel=1e-6) or wild.value / calm.value < math.exp(rules.rate)


def test_automatic_tolerance_ratchets_and_respects_noise_and_rounding() -> None:
    rules = MultiplierSection()
    rise = min(-math.log10(RATCHET), 1.0)
    assert step(Multiplier(1.0), 1e-2, rules).value == pytest.approx(math.exp(rules.rate * rise))
    assert step(Multiplier(1.0), 1e-2, rules, noise=1e-1).value == pytest.approx(math.exp(-rules.rate))
    assert step(Multiplier(1.0), FLOOR / 100, rules).value < 1.0
    assert step(Multiplier(1.0, best=1e-9), 1e-2, rules).best == 1e-9


def test_other_rules() -> None:
    assert step(Multiplier(3.0), 0.5, MultiplierSection(rule="fixed")).value == 3.0
    assert step(Multiplier(3.0), 0.5, MultiplierSection(rule="aphynity", rate=10.0)).value == 8.0


def test_tolerance_from_noise_needs_the_noise_of_every_channel() -> None:
    assert noise_tolerance({"u": 0.1}, {"u": 4.0}) == pytest.approx(2 * 0.01 / 4)
    assert noise_tolerance({"u": 0.1}, {"u": 4.0, "v": 1.0}) is None
    assert noise_tolerance({}, {}) is None
