"""Gradients that are suddenly large are scaled down: Adam would leave what it has reached."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from eqdsl.fitting.optimizers import RECENT, SUDDEN, clip_gradients, remember_sizes


def taken(optimizer: torch.optim.Optimizer, parameter: nn.Parameter, size: float, largest: float) -> float:
    """The norm that a gradient of this size keeps; the step counts it."""
    parameter.grad = torch.tensor([0.6 * size, 0.8 * size], dtype=torch.float64)
    norms = clip_gradients(optimizer, largest)
    assert norms[0].item() == pytest.approx(size)
    remember_sizes(optimizer, [float(n) for n in norms], largest)
    return float(parameter.grad.norm())


def adam() -> tuple[torch.optim.Optimizer, nn.Parameter]:
    parameter = nn.Parameter(torch.zeros(2, dtype=torch.float64))
    return torch.optim.Adam([parameter], lr=1e-2), parameter


def test_a_sudden_gradient_keeps_twice_the_recent_size_and_a_lasting_one_its_own() -> None:
    optimizer, parameter = adam()
    for _ in range(20):
        assert taken(optimizer, parameter, 1e-4, 1.0) == pytest.approx(1e-4)
    first = taken(optimizer, parameter, 1e-2, 1.0)
    assert first == pytest.approx(SUDDEN * 1e-4, rel=1e-4)
    grown = 1e-4 * (RECENT + (1 - RECENT) * SUDDEN)
    assert taken(optimizer, parameter, 1e-2, 1.0) == pytest.approx(SUDDEN * grown, rel=1e-4)
    for _ in range(60):
        last = taken(optimizer, parameter, 1e-2, 1.0)
    assert last == pytest.approx(1e-2)


def test_the_first_gradient_has_only_the_absolute_limit_and_zero_is_off() -> None:
    assert taken(*adam(), 5.0, 1.0) == pytest.approx(1.0)
    optimizer, parameter = adam()
    taken(optimizer, parameter, 1e-4, 0.0)
    assert taken(optimizer, parameter, 5.0, 0.0) == pytest.approx(5.0)


def test_the_recent_size_travels_with_the_optimiser() -> None:
    optimizer, parameter = adam()
    taken(optimizer, parameter, 1e-4, 1.0)
    other, its = adam()
    other.load_state_dict(optimizer.state_dict())
    assert taken(other, its, 1.0, 1.0) == pytest.approx(SUDDEN * 1e-4)
