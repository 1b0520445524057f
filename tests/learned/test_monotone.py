"""Monotone networks rise at any weights, whatever other constraints say, and can follow what rises."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.func import functional_call

from eqdsl.analysis.check import loads_model
from eqdsl.learned.base import FamilySpec
from eqdsl.learned.monotone import MonotoneMlp
from eqdsl.learned.table import build_term
from eqdsl.learned.term import LearnedTermModule

POINTS = 4 * torch.rand(64, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(3)) - 2


def term(constraints: str, *, act: str = "softplus", seed: int = 0) -> LearnedTermModule:
    """A term of u, v, p with weights of order one."""
    learned = f"learned f(u, v, p) by mlp(9, 9, act = {act}) with {constraints}"
    text = f"state u, v, p\n{learned}\ndt(u) = f\ndt(v) = 0\ndt(p) = 0\n"
    torch.manual_seed(seed)
    module = build_term(loads_model(text).learned[0], 0).double()
    with torch.no_grad():
        for weight in module.parameters():
            weight.normal_()
    module.calibrate([0.2, -0.4, 0.1], [1.5, 0.6, 2.0], 3.0)
    return module


def slopes(module: LearnedTermModule, points: Tensor) -> Tensor:
    """df/d(input) at each point."""
    points = points.clone().requires_grad_()
    return torch.autograd.grad(module(points).sum(), points)[0]


@pytest.mark.parametrize("act", ["softplus", "tanh", "relu"])
@pytest.mark.parametrize("seed", range(5))
def test_it_rises_and_falls_and_is_free_elsewhere(act: str, seed: int) -> None:
    found = slopes(term("increasing(u), decreasing(v)", act=act, seed=seed), POINTS)
    assert (found[:, 0] >= 0).all() and (found[:, 1] <= 0).all()
    assert found[:, 0].max() > 1e-3 and found[:, 1].min() < -1e-3
    if seed == 0:
        assert found[:, 2].min() < 0 < found[:, 2].max()


@pytest.mark.parametrize(
    ("others", "where", "value"),
    [
        ("f(0, 0, p) = 0.5", ((0, 0.0), (1, 0.0)), 0.5),
        ("f(0, v, p) = 0.5, f in [-1, 2]", ((0, 0.0),), 0.5),
        ("f >= -1", (), None),
        ("odd(u)", ((0, 0.0),), 0.0),
        ("even(p), f(0, 0, 1) = 2", ((0, 0.0), (1, 0.0), (2, -1.0)), 2.0),
    ],
)
def test_it_rises_under_other_constraints(
    others: str, where: tuple[tuple[int, float], ...], value: float | None
) -> None:
    for seed in range(4):
        module = term(f"increasing(u), {others}", seed=seed)
        assert (slopes(module, POINTS)[:, 0] >= 0).all()
        placed = POINTS.clone()
        for number, place in where:
            placed[:, number] = place
        if value is not None:
            assert (module(placed) - value).abs().max() < 1e-12
        else:
            assert module(POINTS).min() >= -1


def test_it_has_smooth_derivatives() -> None:
    module = term("increasing(u), decreasing(v), even(p)")
    assert torch.autograd.gradcheck(module, (POINTS[:4].clone().requires_grad_(),))
    for weight in module.parameters():
        weight.requires_grad_(False)
    name = "family.rising.0.weight"
    first = module.get_parameter(name).detach()
    # The size of a weight has a corner at zero.
    first = (first + 0.1 * first.sign()).requires_grad_()
    assert torch.autograd.gradcheck(lambda w: functional_call(module, {name: w}, (POINTS[:4],)), (first,))


def test_it_starts_near_zero_and_is_not_stuck_there() -> None:
    torch.manual_seed(0)
    family = MonotoneMlp(FamilySpec(2, 1, 0, {}, ("u", "v"), {0: 1})).double()
    outputs = family(POINTS[:, :2])
    assert outputs.abs().max() < 0.1
    outputs.sum().backward()
    assert all(weight.grad is not None and weight.grad.abs().max() > 0 for weight in family.parameters())


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        (lambda x: torch.tanh(4 * x[:, :1]), 0.02),
        (lambda x: x[:, :1] ** 3, 0.04),
        (lambda x: (1 + x[:, 1:] ** 2) * torch.tanh(2 * x[:, :1]) + torch.sin(2 * x[:, 1:]), 0.05),
        (lambda x: -torch.exp(-x[:, :1]), 0.02),
    ],
    ids=["tanh", "cubic", "with a free input", "concave"],
)
def test_it_follows_what_rises(wanted: Callable[[Tensor], Tensor], error: float) -> None:
    """Relative error after 500 steps. Convex units alone could make none of these functions."""
    torch.manual_seed(0)
    x = 4 * torch.rand(256, 2, dtype=torch.float64) - 2
    y = wanted(x)
    family = MonotoneMlp(FamilySpec(2, 1, 0, {"sizes": (24, 24)}, ("u", "v"), {0: 1})).double()
    optimizer = torch.optim.Adam(family.parameters(), lr=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 500)
    for _ in range(500):
        optimizer.zero_grad()
        loss = (family(x) - y).square().mean() / y.var()
        loss.backward()
        optimizer.step()
        schedule.step()
    assert loss.detach().sqrt() < error
