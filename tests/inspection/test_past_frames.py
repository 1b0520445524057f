"""What is read off learned terms that look back on frames."""

from __future__ import annotations

import numpy as np
import pytest

from eqdsl.analysis.check import loads_model
from eqdsl.data.trajectories import Trajectories
from eqdsl.inspection.environments import environment_reports
from eqdsl.inspection.visited import visited_states
from eqdsl.lowering.members import Members
from eqdsl.lowering.vector_field import compile_model

MODEL = "state u\nparam k per environment = fit 1\nlearned f(history(u, 2)) by mlp(4)\ndt(u) = -k*u + f\n"


def test_an_environment_is_judged_at_its_own_past_frames() -> None:
    times = np.tile(np.linspace(0, 1, 6), (4, 1))
    state = (np.array([1.0, 2.0, 5.0, -1.0])[:, None] * np.exp(-times))[..., None]
    data = Trajectories(times, state, np.full(4, 6), ("u",), environment=np.array([3, 3, 7, 7]))
    model = loads_model(MODEL)
    field = compile_model(model, members=Members.of_data(model, data)).double()
    reports = environment_reports(field, visited_states(data, field), None)
    for report, rows in zip(reports, ([0, 1], [2, 3]), strict=True):
        alone = visited_states(data.select(rows), field)
        ((driven, at, visited),) = alone.batches(field)
        rms = float(driven.learned_outputs(at, visited)["f"].detach().square().mean().sqrt())
        assert report.learned["f"] == pytest.approx(rms, rel=1e-12)
