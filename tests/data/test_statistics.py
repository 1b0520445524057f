"""Variance and slope against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eqdsl.data.statistics import channel_variance, derivative_weights, time_derivative
from eqdsl.data.trajectories import Trajectories


def along(times: np.ndarray, values: np.ndarray, lengths: np.ndarray | None = None) -> Trajectories:
    """One channel without a grid."""
    lengths = np.full(len(times), times.shape[1]) if lengths is None else lengths
    return Trajectories(times, values[:, :, None], lengths, ("u",))


def uneven_times(seed: int, batch: int = 3, frames: int = 9) -> np.ndarray:
    return np.cumsum(np.random.default_rng(seed).uniform(0.2, 1.0, (batch, frames)), axis=1)


@given(st.integers(0, 10**6), st.integers(0, 4))
@settings(max_examples=60, deadline=None)
def test_slope_of_polynomials_is_exact(seed: int, degree: int) -> None:
    times = uneven_times(seed)
    polynomial = np.polynomial.Polynomial(np.random.default_rng(seed).standard_normal(degree + 1))
    slope = time_derivative(along(times, polynomial(times)))[:, :, 0]
    exact = polynomial.deriv()(times) if degree else np.zeros_like(times)
    frames = slice(None) if degree <= 2 else slice(2, -2)
    scale = np.abs(polynomial(times)).max() + 1
    np.testing.assert_allclose(slope[:, frames], exact[:, frames], atol=1e-9 * scale)


@pytest.mark.parametrize(
    ("frames", "order"), [(slice(2, -2), 4), (slice(1, 2), 2), (slice(0, 1), 2), (slice(-1, None), 2)]
)
def test_order_of_accuracy(frames: slice, order: int) -> None:
    """Halving the spacing divides the error of sin(t) by two to the order."""
    errors = []
    for count in (41, 81, 161):
        times = np.linspace(0.3, 1.7, count)[None]
        errors.append(np.abs(time_derivative(along(times, np.sin(times)))[0, :, 0] - np.cos(times[0]))[frames].max())
    slopes = np.log2(np.array(errors[:-1]) / errors[1:])
    np.testing.assert_allclose(slopes, order, atol=0.2)


def test_slope_keeps_to_each_trajectory() -> None:
    times = uneven_times(1, 2, 8)
    values = times**2
    values[1, 5:] = 1e6
    slope = time_derivative(along(times, values, np.array([8, 5])))[:, :, 0]
    np.testing.assert_allclose(slope[0], 2 * times[0])
    np.testing.assert_allclose(slope[1, :5], 2 * times[1, :5])
    assert np.isnan(slope[1, 5:]).all()


def test_a_missing_value_costs_only_its_own_slope() -> None:
    times = uneven_times(2, 1, 9)
    values = times**2
    values[0, 4] = np.nan
    slope = time_derivative(along(times, values))[0, :, 0]
    assert np.isnan(slope[4])
    np.testing.assert_allclose(np.delete(slope, 4), np.delete(2 * times[0], 4))


def test_two_frames_have_no_slope() -> None:
    assert np.isnan(time_derivative(along(np.array([[0.0, 1.0]]), np.array([[0.0, 1.0]])))).all()


def test_slope_on_a_grid_in_single_precision() -> None:
    times = np.linspace(0, 1, 6)[None]
    rate = np.random.default_rng(3).standard_normal((2, 4, 3))
    state = (rate * times[0][:, None, None, None]).astype(np.float32)[None]
    slope = time_derivative(Trajectories(times, state, np.array([6]), ("u", "v")))
    assert slope.shape == state.shape and slope.dtype == np.float64
    np.testing.assert_allclose(slope, np.broadcast_to(rate, slope.shape), atol=1e-5)


def test_weights_of_regular_nodes() -> None:
    nodes = np.arange(5.0)
    np.testing.assert_allclose(derivative_weights(nodes, 2), [1 / 12, -2 / 3, 0, 2 / 3, -1 / 12], atol=1e-14)
    np.testing.assert_allclose(derivative_weights(nodes[:3], 0), [-1.5, 2, -0.5])


def test_variance_leaves_out_what_is_missing() -> None:
    state = np.full((2, 4, 2, 3), np.nan)
    state[0, :, 0] = np.arange(12).reshape(4, 3)
    state[0, 1, 0, 1] = np.nan
    state[1, :2, 0] = 5
    state[1, 2:, 0] = 1e9
    data = Trajectories(np.tile(np.arange(4.0), (2, 1)), state, np.array([4, 2]), ("u", "dt(u)"))
    counted = [v for v in range(12) if v != 4] + [5] * 6
    variance = channel_variance(data)
    assert variance[0] == pytest.approx(np.var(counted))
    assert np.isnan(variance[1])
