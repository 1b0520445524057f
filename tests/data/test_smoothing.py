"""Local polynomials: exact for cubics, and noise is found where there is some."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eqdsl.data.smoothing import HALF_WIDTHS, local_polynomials, noise_of, smooth
from tests.fit.systems import trajectories

GENERATOR = np.random.default_rng(3)
TIMES = np.sort(GENERATOR.uniform(0, 4, 60))


def sines(noise: float, times: np.ndarray = TIMES) -> np.ndarray:
    """Two channels of four trajectories, the second ten times the first."""
    phases = np.arange(4.0)[:, None]
    clean = np.stack([np.sin(2 * times + phases), 10 * np.cos(times + phases)], axis=-1)
    scale = np.array([1.0, 10.0])
    return clean + noise * scale * np.random.default_rng(0).standard_normal(clean.shape)


def test_cubics_are_kept_at_any_times_beside_gaps_and_ends() -> None:
    cubic = 1 - TIMES + 2 * TIMES**2 - 0.5 * TIMES**3
    slope = -1 + 4 * TIMES - 1.5 * TIMES**2
    state = np.stack([cubic, 3 * cubic], axis=-1)[None]
    state[0, [10, 11, 30], 0] = np.nan
    data = trajectories(TIMES, state, ["u", "v"])
    found = smooth(data, np.array([6, 4]))
    assert np.isfinite(found.state).all()
    np.testing.assert_allclose(found.state[0, :, 0], cubic, atol=1e-9)
    np.testing.assert_allclose(found.slope[0], np.stack([slope, 3 * slope], axis=-1), atol=1e-8)


def test_nothing_is_extrapolated_and_nothing_said_past_the_end() -> None:
    state = sines(0.0)[:1]
    state[:, -3:], state[:, :2] = np.nan, np.nan
    data = replace(trajectories(TIMES, state, ["u", "v"]), lengths=np.array([50]))
    found = smooth(data, np.array([4, 4]))
    assert np.isnan(found.state[:, 50:]).all()
    assert np.isnan(found.state[:, 0]).all()
    assert np.isfinite(found.state[:, 2:50]).all()
    few = replace(data, lengths=np.array([6]))
    assert np.isnan(smooth(few, np.array([4, 4])).state).all()


@pytest.mark.parametrize("noise", [1e-3, 0.01, 0.1])
def test_noise_is_found_at_its_size(noise: float) -> None:
    found = noise_of(trajectories(TIMES, sines(noise), ["u", "v"]))
    np.testing.assert_allclose(found.deviation, [noise, 10 * noise], rtol=0.2)
    assert (found.half_widths > HALF_WIDTHS[0]).all()


def test_exact_data_show_no_noise_nor_do_rounded_ones() -> None:
    exact = trajectories(TIMES, sines(0.0), ["u", "v"])
    assert not noise_of(exact).shows
    dense = sines(0.0, np.linspace(0, 0.4, 400)).astype(np.float32)
    assert not noise_of(trajectories(np.linspace(0, 0.4, 400), dense, ["u", "v"])).shows


def test_smoothing_takes_most_of_the_noise_away() -> None:
    data = trajectories(TIMES, sines(0.05), ["u", "v"])
    found = smooth(data, noise_of(data).half_widths)
    assert np.std(found.state[..., 0] - sines(0.0)[..., 0]) < 0.6 * 0.05


def test_the_weight_of_a_value_in_its_fit_is_its_derivative() -> None:
    state, lengths = sines(0.0)[:1], np.array([60])
    value, _, own = local_polynomials(TIMES[None], state, lengths, 3)
    moved = state.copy()
    moved[0, 20, 0] += 1.0
    after, _, _ = local_polynomials(TIMES[None], moved, lengths, 3)
    assert after[0, 20, 0] - value[0, 20, 0] == pytest.approx(own[0, 20, 0])
