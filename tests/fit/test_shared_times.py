"""Windows that differ only in where they begin share one clock, when the vector field has none of its own."""

from __future__ import annotations

import torch

from eqdsl.analysis.check import loads_model
from eqdsl.fitting.problem import shared_times
from eqdsl.lowering.vector_field import compile_model
from eqdsl.numerics.integrators.integrate import integrate


def test_equal_spacings_share_one_clock():
    starts = torch.tensor([0.0, 3.5, 1e3], dtype=torch.float64)
    steps = torch.tensor([0.0, 0.1, 0.25], dtype=torch.float64)
    times = starts[:, None] + steps
    shared = shared_times(times)
    assert shared.shape == (3,)
    assert torch.allclose(shared, steps, atol=1e-12)
    assert torch.equal(shared_times(steps), steps)


def test_different_spacings_keep_their_own():
    times = torch.tensor([[0.0, 0.1, 0.2], [0.0, 0.1, 0.20001]], dtype=torch.float64)
    assert shared_times(times) is times


def test_the_rollout_is_the_same():
    field = compile_model(loads_model("state u\ndt(u) = -u^2\n"))
    assert field.autonomous
    assert not compile_model(loads_model("state u\ndt(u) = -u + sin(t)\n")).autonomous
    start = torch.tensor([[1.0], [2.0]], dtype=torch.float64)
    times = torch.tensor([[0.0, 0.5, 1.0], [7.0, 7.5, 8.0]], dtype=torch.float64)
    own = integrate(field, start, times, method="rk4", substeps=2)
    shared = integrate(field, start, shared_times(times), method="rk4", substeps=2)
    assert torch.allclose(own, shared, atol=1e-14)
