"""The re-run with half the step against closed forms of one Runge-Kutta step."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import brentq

from eqdsl.analysis.check import loads_model
from eqdsl.data.trajectories import Trajectories
from eqdsl.inspection.half_step import HalfStep, half_step
from eqdsl.inspection.horizon import rollouts
from eqdsl.inspection.sensitivity import sensitivity
from eqdsl.inspection.visited import visited_states
from eqdsl.lowering.members import Members
from eqdsl.lowering.parameters import Transform
from eqdsl.lowering.vector_field import compile_model

DECAY = "state u\nparam k = fit 0.5 in (0, 5)\ndt(u) = -k*u\n"
RATE, INTERVAL = 1.3, 0.2


def rk4(z: float) -> float:
    """Amplification of a classic step for u' = z u."""
    return 1 + z + z**2 / 2 + z**3 / 6 + z**4 / 24


def fitted(substeps: int) -> float:
    """The k with which steps meet exact data."""
    return float(
        brentq(lambda k: rk4(-k * INTERVAL / substeps) ** substeps - np.exp(-RATE * INTERVAL), 0.5, 3.0, xtol=1e-14)
    )


def rerun(k: float, method: str, substeps: int = 1) -> HalfStep:
    times = np.tile(INTERVAL * np.arange(8), (3, 1))
    state = (np.array([1.0, 2.0, -1.0])[:, None] * np.exp(-RATE * times))[..., None]
    data = Trajectories(times, state, np.array([8, 8, 5]), ("u",), {})
    field = compile_model(loads_model(DECAY))
    field.physical.set_value("k", k)
    visited = visited_states(data, field)
    found = half_step(field, rollouts(field, data), visited, sensitivity(field, visited), {"k": k}, method, substeps)
    assert found is not None
    return found


def test_where_the_parameter_would_end() -> None:
    """Fitted with one step, k makes up for its error; with two it would end where two steps meet the data.

    Linearised at the start of an interval, over which u falls by exp(-0.26).
    """
    k = fitted(1)
    found = rerun(k, "rk4")
    assert found.misfit < 1e-12 and found.matters
    assert abs(fitted(2) / k - 1) > 1e-5
    assert found.shifts["k"] == pytest.approx(fitted(2) / k - 1, rel=0.3)
    assert found.as_sentence().startswith("With half the step the rollouts change by ")
    assert found.as_sentence().endswith(
        "the fit has made up for errors of its steps. Fit again with `--set integrator.substeps=2`."
    )


def test_steps_short_enough_do_not_matter() -> None:
    found = rerun(RATE * 1.01, "rk4", substeps=4)
    assert not found.matters and found.change < 1e-5 < found.misfit
    assert found.as_sentence().endswith(": the result does not depend on the step.")


def test_an_adaptive_method_is_run_again_with_a_smaller_tolerance() -> None:
    found = rerun(RATE * 1.01, "dopri5")
    assert 0 < found.change < 1e-5 and not found.matters
    assert found.as_sentence().startswith("With a hundredth of the tolerance")


def test_the_change_of_rollouts_is_that_of_the_steps() -> None:
    """Rms over the frames after the first, in standard deviations: of lengths 8, 8 and 5."""
    found = rerun(RATE, "rk4")
    powers = [np.arange(1, n) for n in (8, 8, 5)]
    one, two = rk4(-RATE * INTERVAL), rk4(-RATE * INTERVAL / 2) ** 2
    starts = (1.0, 2.0, -1.0)
    change = np.concatenate([s * (one**n - two**n) for s, n in zip(starts, powers, strict=True)])
    values = np.concatenate(
        [s * np.exp(-RATE * INTERVAL * np.arange(n)) for s, n in zip(starts, (8, 8, 5), strict=True)]
    )
    assert found.change == pytest.approx(np.sqrt(np.mean(change**2) / np.var(values)), rel=1e-6)


OWN = "state u\nparam k per environment = fit 1 in (0, 5)\nparam s = fit 0.3 in (0, 5)\ndt(u) = -k*u + s\n"


def test_each_trajectory_is_run_again_in_its_own_environment() -> None:
    """The rollouts differ by one step less two half ones, each row with its own rate."""
    rates, frames, source = np.array([0.7, 1.9]), 8, 0.3
    times = np.tile(INTERVAL * np.arange(frames), (2, 1))
    rest = (source / rates)[:, None]
    state = (rest + (2.0 - rest) * np.exp(-rates[:, None] * times))[..., None]
    data = Trajectories(times, state, np.array([frames] * 2), ("u",), {}, environment=np.array([4, 1]))
    field = compile_model(loads_model(OWN), members=Members.of_data(loads_model(OWN), data))
    assert field.members.environments == (1, 4)
    transform = Transform(0.0, 5.0, 1.0)
    with torch.no_grad():
        next(iter(table for table in field.physical.raw.values() if table.ndim)).copy_(
            torch.tensor([transform.raw(rate) for rate in rates[::-1]])
        )
    visited = visited_states(data, field)
    found = half_step(field, rollouts(field, data), visited, sensitivity(field, visited), {"s": source}, "rk4", 1)
    assert found is not None
    n = np.arange(1, frames)
    one = np.array([rk4(-k * INTERVAL) ** n for k in rates])
    two = np.array([rk4(-k * INTERVAL / 2) ** (2 * n) for k in rates])
    change = (2.0 - rest) * (one - two)
    assert found.change == pytest.approx(np.sqrt(np.mean(change**2) / np.var(state)), rel=1e-5)
    assert set(found.shifts) == {"s"}


def test_what_is_observed_is_compared_where_data_do_not_hold_the_states() -> None:
    """``total = u + v`` of two equal decays: the change is that of twice one of them."""
    text = "state u, v\nparam k = fit 0.5 in (0, 5)\ndt(u) = -k*u\ndt(v) = -k*v\ninit u = 1\ninit v = 1\n"
    field = compile_model(loads_model(text + "observe total = u + v\n"))
    field.physical.set_value("k", RATE)
    times = INTERVAL * np.arange(8)[None]
    total = 2 * np.exp(-RATE * times)
    state = np.stack([np.full_like(total, np.nan), np.full_like(total, np.nan), total], axis=-1)
    data = Trajectories(times, state, np.array([8]), field.model.data_channel_names, {})
    visited = visited_states(data, field)
    found = half_step(field, rollouts(field, data), visited, sensitivity(field, visited), {"k": RATE}, "rk4", 1)
    assert found is not None
    n = np.arange(1, 8)
    change = 2 * (rk4(-RATE * INTERVAL) ** n - rk4(-RATE * INTERVAL / 2) ** (2 * n))
    assert found.change == pytest.approx(np.sqrt(np.mean(change**2) / np.var(total)), rel=1e-6)
