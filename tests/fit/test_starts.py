"""What rollouts of a fit start from."""

from __future__ import annotations

import numpy as np
import torch

from eqdsl.analysis.check import loads_model
from eqdsl.data.trajectories import Trajectories
from eqdsl.fitting.starts import FittedStarts, fit_starts, fitted_channels, start_states, starts_at_first
from eqdsl.fitting.training_data import Batch, TrainingData
from eqdsl.lowering.vector_field import compile_model
from eqdsl.simulation.remembering import roll_out

ROOM = """\
space x in [0, 1] periodic
grid x = 6
state T(x)
hidden state q(x) in [-1, 1]
hidden state s
hidden state r
param k = fit 2
init q = fit
init s = fit 3 in (2, 4)
init r = k*2
init T = fit
dt(T) = q + s + r
dt(q) = 0
dt(s) = 0
dt(r) = 0
"""
TIMES = np.arange(6) * 0.1


def room() -> tuple[TrainingData, Trajectories]:
    """``T = (x + 1/2 + 3 + 4) t`` beside noise at the start; hidden states missing."""
    field = compile_model(loads_model(ROOM))
    x = field.grid.coordinates()["x"]
    state = np.full((2, 6, 4, 6), np.nan)
    state[:, :, 0] = (0.5 * np.sin(2 * np.pi * x) + 7) * TIMES[:, None]
    data = Trajectories(np.tile(TIMES, (2, 1)), state, np.array([6, 6]), ("T", "q", "s", "r"), {"x": x})
    return TrainingData(data, data, device=torch.device("cpu"), dtype=torch.float64, field=field), data


def test_which_starts_are_fitted() -> None:
    model = loads_model(ROOM)
    _, data = room()
    assert fitted_channels(model, data) == [0, 1, 2]
    assert starts_at_first(model, data)
    encoded = "state u\nhidden state v\nlearned encode(history(u, 2))\ninit v = encode\ndt(u) = v\ndt(v) = -u\n"
    seen = Trajectories(np.zeros((1, 3)), np.zeros((1, 3, 2)), np.array([3]), ("u", "v"))
    assert fitted_channels(loads_model(encoded), seen) == [] and not starts_at_first(loads_model(encoded), seen)


def test_starts_keep_their_ranges_and_plain_variables_stay_plain() -> None:
    field = compile_model(loads_model(ROOM))
    data, observed = room()
    starts = FittedStarts(field.model, fitted_channels(field.model, observed), data, torch.ones(4, dtype=torch.float64))
    assert starts.values(torch.tensor([0]))[0, 1:, 0].tolist() == [0.0, 3.0]
    with torch.no_grad():
        starts.shift.copy_(torch.linspace(-5, 7, starts.shift.numel(), dtype=torch.float64).reshape(starts.shift.shape))
    values = starts.values(torch.tensor([0, 1]))
    assert values[:, 1].abs().max() <= 1 and 2 <= values[:, 2].min() <= values[:, 2].max() <= 4
    assert (values[:, 2] == values[:, 2, :1]).all()
    batch = data.batch(data.starts(5, first_only=True), 5)
    state = start_states(field, batch, starts)
    assert (state[:, 3] == 4.0).all()
    gradient = torch.autograd.grad(state[:, 3].sum(), list(field.physical.parameters()))
    assert float(gradient[0].abs().sum()) > 0


def test_a_start_is_found_from_the_frames_that_follow() -> None:
    """The field q point by point, the number s for all points: their sum is 0.5*sin + 3 with s in its range."""
    field = compile_model(loads_model(ROOM))
    data, observed = room()
    starts = FittedStarts(field.model, fitted_channels(field.model, observed), data, torch.ones(4, dtype=torch.float64))

    def rollout(start: torch.Tensor, batch: Batch) -> torch.Tensor:
        return roll_out(field, start, batch.times, method="rk4")

    fit_starts(starts, data, rollout, field, torch.ones(4, dtype=torch.float64), iterations=50)
    found = starts.values(torch.tensor([0, 1])).detach()
    x = field.grid.coordinates()["x"]
    assert np.abs(found[:, 1:].sum(1).numpy() - 0.5 * np.sin(2 * np.pi * x) - 3).max() < 1e-4
    counted = starts.compared(data.batch(data.starts(5, first_only=True), 5).present)
    assert counted[:, 0, 0].all() and not counted[:, :, 1:].any()
