"""Shares, projections and ratios against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from eqdsl.analysis.check import loads_model
from eqdsl.core.errors import DataError
from eqdsl.data.trajectories import Trajectories
from eqdsl.inspection.ledger import make_ledger
from eqdsl.inspection.visited import visited_states
from eqdsl.lowering.vector_field import compile_model
from tests.inspection.teaching import MemoryRun

CIRCLE = """
state u, v
param a = 3
param b = 4
known pull = -a*u
known push = b*v
dt(u) = pull + push
dt(v) = -u
"""


def circle(frames: int = 64) -> Trajectories:
    """u = cos, v = sin over whole turns: mean squares 1/2, no correlation."""
    angle = 2 * np.pi * np.arange(frames) / frames
    state = np.stack([np.cos(angle), np.sin(angle)], axis=1)[None]
    return Trajectories(angle[None], state, np.array([frames]), ("u", "v"))


def test_shares_on_a_circle() -> None:
    field = compile_model(loads_model(CIRCLE))
    entry = make_ledger(field, visited_states(circle(), field)).equation("u")
    pull, push = entry.terms
    assert (pull.name, push.name) == ("pull", "push")
    assert pull.rms == pytest.approx(3 / np.sqrt(2)) and push.rms == pytest.approx(4 / np.sqrt(2))
    assert pull.share == pytest.approx(3 / 7) and push.share == pytest.approx(4 / 7)
    assert entry.rms == pytest.approx(5 / np.sqrt(2))
    assert pull.projection == pytest.approx(9 / 25) and push.projection == pytest.approx(16 / 25)
    assert pull.correlation == pytest.approx(3 / 5) and push.correlation == pytest.approx(4 / 5)
    assert entry.learned_ratio == 0.0


def test_missing_values_are_skipped_and_counted() -> None:
    data = circle()
    data.state[0, 5, 0] = np.nan
    field = compile_model(loads_model(CIRCLE))
    ledger = make_ledger(field, visited_states(data, field))
    assert (ledger.frames, ledger.skipped) == (63, 1)
    assert np.isfinite(ledger.equation("u").rms)


def test_padding_after_the_end_is_not_a_state() -> None:
    data = circle()
    short = Trajectories(data.times, data.state, np.array([32]), data.channels)
    field = compile_model(loads_model(CIRCLE))
    assert make_ledger(field, visited_states(short, field)).frames == 32


def test_no_complete_frame_is_an_error() -> None:
    data = circle()
    data.state[:, :, 1] = np.nan
    field = compile_model(loads_model(CIRCLE))
    with pytest.raises(DataError, match="no frame is complete"):
        visited_states(data, field)


def test_learned_output_and_its_share(blind_run: MemoryRun) -> None:
    visited = visited_states(blind_run.trajectories, blind_run.field)
    ledger = make_ledger(blind_run.field, visited)
    omega = visited.state[:, 1]
    friction = ledger.output("friction")
    assert friction.rms == pytest.approx(0.2 * np.sqrt(np.mean(omega**2)), rel=1e-2)
    gravity, learned = ledger.equation("omega").terms
    assert learned.learned and not gravity.learned
    assert friction.share == learned.share == pytest.approx(learned.rms / (learned.rms + gravity.rms))
    assert ledger.inputs["friction"] == ((pytest.approx(omega.min()), pytest.approx(omega.max())),)
    rhs = -np.sin(visited.state[:, 0]) - 0.2 * omega
    expected = np.mean((0.2 * omega) ** 2) / np.mean(rhs**2)
    assert ledger.equation("omega").learned_ratio == pytest.approx(expected, rel=2e-2)
    assert ledger.equation("omega").learned_over_rhs == pytest.approx(np.sqrt(expected), rel=1e-2)


def test_velocity_missing_from_the_data_is_taken_from_differences() -> None:
    model = loads_model("state u\nparam k = 4\ndtt(u) = -k*u\n")
    field = compile_model(model)
    times = np.linspace(0, np.pi, 400)
    data = Trajectories(times[None], np.sin(2 * times)[None, :, None], np.array([400]), ("u",))
    visited = visited_states(data, field)
    assert visited.state[10:-10, 1] == pytest.approx(2 * np.cos(2 * times)[10:-10], abs=1e-3)


def test_frames_that_are_only_looked_back_on_are_not_said_to_miss_values() -> None:
    """Of two trajectories of five frames three each can be looked at; one of them has a missing value."""
    field = compile_model(loads_model("state u\nlearned f(history(u, 3)) by mlp(4)\ndt(u) = f\n"))
    state = np.arange(10.0).reshape(2, 5, 1)
    state[1, 4] = np.nan
    times = np.tile(np.arange(5.0), (2, 1))
    found = visited_states(Trajectories(times, state, np.array([5, 5]), ("u",), {}), field)
    assert (len(found), found.skipped) == (5, 1)
