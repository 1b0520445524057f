"""Past its own end a trajectory's clock all but stands still."""

from __future__ import annotations

import numpy as np
import pytest

from eqdsl.data.resting import resting_times


def test_times_increase_and_rest_past_each_end() -> None:
    times = np.array([[5.0, 6.0, 8.0, 10.0], [0.0, 1.0, 2.0, 3.0]])
    rested = resting_times(times, np.array([2, 4]), 6)
    assert rested.shape == (2, 6)
    assert (np.diff(rested, axis=1) > 0).all()
    assert rested[0, :2].tolist() == [5.0, 6.0] and rested[1, :4].tolist() == [0.0, 1.0, 2.0, 3.0]
    assert rested[0, 2:] == pytest.approx(6.0, abs=1e-10) and rested[1, 4:] == pytest.approx(3.0, abs=1e-10)
