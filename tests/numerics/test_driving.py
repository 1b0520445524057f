"""Interpolation in time of what drives a vector field."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from eqdsl.numerics.driving import Driving, Series

KNOTS = torch.tensor([[0.0, 0.5, 2.0, 2.5, 4.0]], dtype=torch.float64)
INNER = torch.linspace(0, 4, 81, dtype=torch.float64)


def series(rule: str, values: torch.Tensor, times: torch.Tensor = KNOTS) -> Series:
    return Series(values, times, rule)


def test_lines_are_numpys_own() -> None:
    values = torch.sin(KNOTS)
    found = series("linear", values).at(INNER)
    np.testing.assert_allclose(found, np.interp(INNER, KNOTS[0], values[0]), atol=1e-15)


def test_hold_takes_the_last_value_and_jumps_at_the_time_itself() -> None:
    held = series("hold", torch.arange(5.0, dtype=torch.float64)[None])
    times = torch.tensor([0.0, 0.49, 0.5, 1.9, 2.0, 2.4, 3.9, 4.0], dtype=torch.float64)
    assert held.at(times).tolist() == [0, 0, 1, 1, 2, 2, 3, 4]
    assert held.at(times, rate=True).abs().max() == 0


@pytest.mark.parametrize(("rule", "degree"), [("linear", 1), ("cubic", 2)])
def test_polynomials_of_its_degree_and_their_rates_are_exact_on_unequal_spacings(rule: str, degree: int) -> None:
    polynomial = np.polynomial.Polynomial([0.3, -1.2, 0.7][: degree + 1])
    values = torch.as_tensor(polynomial(KNOTS.numpy()))
    np.testing.assert_allclose(series(rule, values).at(INNER), polynomial(INNER.numpy()), atol=1e-13)
    np.testing.assert_allclose(series(rule, values).at(INNER, rate=True), polynomial.deriv()(INNER.numpy()), atol=1e-12)


@pytest.mark.parametrize(("rule", "order"), [("hold", 1), ("linear", 2), ("cubic", 3)])
def test_the_error_falls_with_the_order_of_the_rule(rule: str, order: int) -> None:
    errors = []
    fine = torch.linspace(0, 3, 1501, dtype=torch.float64)
    for count in (20, 40, 80):
        knots = torch.linspace(0, 3, count + 1, dtype=torch.float64)[None]
        errors.append(float((series(rule, torch.sin(2 * knots), knots).at(fine) - torch.sin(2 * fine)).abs().max()))
    assert np.log2(errors[-2] / errors[-1]) == pytest.approx(order, abs=0.3)


def test_cubics_are_smooth_and_go_through_the_values() -> None:
    cubic = series("cubic", torch.tensor([[0.0, 1.0, -1.0, 2.0, 0.5]], dtype=torch.float64))
    np.testing.assert_allclose(cubic.at(KNOTS[0]), cubic.values[0], atol=1e-14)
    for knot in (0.5, 2.0, 2.5):
        around = torch.tensor([knot - 1e-7, knot + 1e-7], dtype=torch.float64)
        left, right = cubic.at(around, rate=True).tolist()
        assert left == pytest.approx(right, abs=1e-5)


def test_rates_are_the_derivatives_in_time() -> None:
    for rule in ("linear", "cubic"):
        driven = series(rule, torch.sin(KNOTS))
        t = torch.tensor([0.1, 1.3, 2.2, 3.7], dtype=torch.float64, requires_grad=True)
        (slope,) = torch.autograd.grad(driven.at(t).sum(), t)
        np.testing.assert_allclose(driven.at(t.detach(), rate=True), slope, rtol=1e-12)


def test_rows_have_times_of_their_own_and_a_subset_keeps_them() -> None:
    knots = torch.stack([KNOTS[0], 10 + 2 * KNOTS[0], KNOTS[0] - 3])
    values = torch.stack([KNOTS[0] ** 2, knots[1], -knots[2]])
    driving = Driving({"q": series("linear", values, knots), "k": Series(torch.arange(3.0)[:, None])})
    assert driving.rows == 3
    chosen = driving.select(torch.tensor([2, 1]))
    when = torch.tensor([-1.25, 11.5], dtype=torch.float64)
    np.testing.assert_allclose(chosen.at("q", when), [1.25, 11.5])
    assert chosen.at("k", when)[:, 0].tolist() == [2, 1]
    shared = Driving({"q": series("linear", KNOTS.clone())})
    assert shared.select(torch.tensor([5, 7])).at("q", when[:1] + 2).tolist() == [0.75]


def test_inside_a_step_a_jump_on_its_ends_is_not_seen() -> None:
    driving = Driving({"q": series("hold", torch.arange(5.0, dtype=torch.float64)[None])})
    step = driving.inside(torch.tensor(0.5, dtype=torch.float64), torch.tensor(2.0, dtype=torch.float64))
    ends = torch.tensor([0.5, 2.0], dtype=torch.float64)
    assert [float(step.at("q", t)) for t in ends] == [1, 1]
    assert [float(driving.at("q", t)) for t in ends] == [1, 2]


def test_beyond_the_times_the_ends_hold() -> None:
    for rule in ("linear", "hold", "cubic"):
        outside = series(rule, KNOTS**2).at(torch.tensor([-1.0, 9.0], dtype=torch.float64))
        assert outside.tolist() == [0, 16]


def test_a_series_of_one_or_two_values() -> None:
    one = Series(torch.tensor([[3.0]]), torch.tensor([[1.0]], dtype=torch.float64), "cubic")
    assert float(one.at(torch.tensor(5.0))) == 3
    two = Series(torch.tensor([[1.0, 3.0]]), torch.tensor([[0.0, 1.0]], dtype=torch.float64), "cubic")
    assert float(two.at(torch.tensor(0.25, dtype=torch.float64))) == pytest.approx(1.5)
