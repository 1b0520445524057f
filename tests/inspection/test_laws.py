"""Laws along rollouts: how large a change is, also for a quantity that is zero."""

from __future__ import annotations

import numpy as np
import pytest

from eqdsl.analysis.check import loads_model
from eqdsl.data.trajectories import Trajectories
from eqdsl.inspection.horizon import roll_out
from eqdsl.inspection.laws import LawDrift, law_drifts
from eqdsl.lowering.vector_field import VectorField, compile_model

HEAT = """
space x in [0, 1] periodic
grid x = 32
state u(x)
dt(u) = 0.05*dxx(u)
law mass = integral(u) constant
law square = integral(u^2) decreasing
"""


def drifts(mean: float) -> tuple[VectorField, tuple[LawDrift, ...]]:
    """A sine about a mean value that diffuses."""
    field = compile_model(loads_model(HEAT))
    (x,) = field.grid.coordinates().values()
    times = np.linspace(0, 0.5, 6)[None]
    initial = mean + np.stack([np.sin(2 * np.pi * x)[None]])
    states = roll_out(field, times, initial)
    data = Trajectories(times, states, np.array([6]), field.model.channel_names, field.grid.coordinates())
    return field, law_drifts(field, data)


@pytest.mark.parametrize("mean", [0.0, 1e-18, 1.0])
def test_an_integral_that_is_zero_to_rounding_is_measured_by_what_cancels(mean: float) -> None:
    """Rounding of 1e-17 about zero is no change of 50 %."""
    _, (mass, square) = drifts(mean)
    assert abs(mass.drift) < 1e-10 and mass.violation < 1e-10
    assert mass.scale > 0.01
    assert square.drift < -0.01 and square.violation == 0.0


def test_a_law_that_is_not_zero_is_measured_by_itself() -> None:
    _, (mass, square) = drifts(1.0)
    assert mass.scale == pytest.approx(1.0)
    assert square.scale == pytest.approx(1.5, rel=1e-3)
