"""Velocities that the data do not hold."""

from __future__ import annotations

import numpy as np

from eqdsl.analysis.check import loads_model
from eqdsl.data.trajectories import Trajectories
from eqdsl.data.velocities import with_velocities


def test_channels_come_in_the_order_of_the_model_with_slopes_for_velocities() -> None:
    model = loads_model("state q, p\ndtt(q) = -q\ndt(p) = -p\n")
    times = np.linspace(0, 1, 6)
    state = np.stack([3 * times, times**2], axis=1)[None]
    found = with_velocities(Trajectories(times[None], state, np.array([6]), ("p", "q")), model)
    assert found.channels == model.channel_names
    by_name = dict(zip(found.channels, found.state[0].T, strict=True))
    np.testing.assert_array_equal(by_name["p"], 3 * times)
    np.testing.assert_allclose(by_name["dt(q)"], 2 * times, atol=1e-12)


def test_what_no_velocity_can_be_made_from_stays_missing() -> None:
    model = loads_model("state q, p\ndt(q) = -q\ndt(p) = -p\n")
    found = with_velocities(Trajectories(np.zeros((1, 1)), np.ones((1, 1, 1)), np.array([1]), ("p",)), model)
    assert np.isnan(found.state[0, 0, model.channel_names.index("q")])
