"""The re-run with half the step against closed forms of one Runge-Kutta step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq

from eqdsl.analysis.check import loads_model
from eqdsl.data.trajectories import Trajectories
from eqdsl.inspection.half_step import HalfStep, half_step
from eqdsl.inspection.horizon import rollouts
from eqdsl.inspection.sensitivity import sensitivity
from eqdsl.inspection.visited import visited_states
from eqdsl.lowering.members import Members
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


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (
            "state u\nparam k per environment = fit 0.5 in (0, 5)\nparam s = fit 1 in (-2, 2)\ndt(u) = -k*u*s\n",
            0,
        ),
        (DECAY + "observe u\nobserve y = 2*u\n", 0),
        (DECAY.replace("*u", "*u + 0*f") + "learned f(history(u, 2)) by mlp(2)\n", 1),
        (DECAY + "hidden state h\nparam s = fit 1 in (-2, 2)\ndt(h) = -s*h\ninit h = 1\n", 0),
    ],
    ids=["environments", "observed", "history", "hidden"],
)
def test_the_change_is_the_same_however_the_model_is_seen(text: str, first: int) -> None:
    """Rows drive, frames are looked back on and states are observed as in the rollouts that are compared."""
    times = np.tile(INTERVAL * np.arange(8), (2, 1))
    u = np.array([1.0, 2.0])[:, None] * np.exp(-RATE * times)
    plain = Trajectories(times, u[..., None], np.array([8, 8]), ("u",), environment=np.array([3, 5]))
    model = loads_model(text)
    columns = {"u": u, "y": 2 * u, "h": np.full(u.shape, np.nan)}
    data = replace(
        plain, state=np.stack([columns[n] for n in model.data_channel_names], -1), channels=model.data_channel_names
    )
    assert changed(text, data).change == pytest.approx(changed(DECAY, plain.window(first, 8)).change, rel=1e-9)


def changed(text: str, data: Trajectories) -> HalfStep:
    model = loads_model(text)
    field = compile_model(model, members=Members.of_data(model, data))
    field.physical.set_value("k", RATE)
    visited, values = visited_states(data, field), {"k": RATE, "s": 1.0}
    found = half_step(field, rollouts(field, data), visited, sensitivity(field, visited), values, "rk4", 1)
    assert found is not None
    return found
