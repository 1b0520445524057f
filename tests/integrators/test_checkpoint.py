"""Rollouts that are computed again in blocks: the same gradients to the last bit, and less memory."""

from __future__ import annotations

import gc
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from benchmarks.memory import Peak
from eqdsl.core.errors import UsageError
from eqdsl.numerics.integrators.etdrk4 import ExponentialRK4
from eqdsl.numerics.integrators.imex import ImexTableau
from eqdsl.numerics.integrators.integrate import integrate
from eqdsl.numerics.integrators.table import METHODS
from eqdsl.numerics.integrators.torchdiffeq_method import TorchdiffeqMethod
from tests.integrators.test_reversible import held

OTHERS = (TorchdiffeqMethod, ImexTableau, ExponentialRK4)
"""torchdiffeq's own, and those that need a compiled model's linear part (`test_split`)."""
OURS = sorted(name for name, m in METHODS.items() if not isinstance(m, OTHERS))
TIMES = [
    torch.linspace(0, 2, 9),
    torch.tensor([0.0, 0.3, 0.4, 2.0]),
    torch.tensor([[0.0, 0.5, 1.0], [1.0, 1.2, 3.0], [0.0, 1.0, 1.1]]),
]


class Learned(nn.Module):
    """A small network as force, second order in time."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1)).double()

    def forward(self, t: Tensor, state: Tensor) -> Tensor:
        force = self.net(state)[:, 0] - torch.sin(state[:, 0]) + torch.cos(t)
        return torch.stack([state[:, 1], force], dim=1)

    def pairs(self) -> tuple[tuple[int, int], ...]:
        return ((0, 1),)


def gradients(field: Learned, name: str, times: Tensor, memory: Any) -> list[Tensor]:
    start = torch.tensor([[1.0, 0.0], [0.2, 0.4], [2.5, 3.0]], dtype=torch.float64, requires_grad=True)
    states = integrate(field, start, times.double(), method=name, substeps=4, memory=memory)
    return [states, *torch.autograd.grad((states**2).sum(), [start, *field.parameters()])]


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("times", TIMES, ids=["even", "uneven", "own"])
def test_gradients_are_the_same_to_the_last_bit(name: str, times: Tensor) -> None:
    field = Learned()
    stored, again = (gradients(field, name, times, memory) for memory in ("stored", "checkpoint"))
    assert all(torch.equal(a, b) for a, b in zip(stored, again, strict=True))


def test_memory_grows_with_the_root_of_the_steps() -> None:
    """What is kept between blocks are tensors of Python; the rest is nothing."""
    field, start = Learned(), torch.rand(200, 2, dtype=torch.float64)

    def solved(steps: int, memory: Any) -> Tensor:
        return integrate(field, start, torch.tensor([0.0, 1.0]), method="rk4", substeps=steps, memory=memory)

    def kept(steps: int) -> int:
        before = alive()
        result = solved(steps, "checkpoint")
        assert held(lambda: solved(steps, "checkpoint")) == 0 < result.numel()
        return alive() - before

    few, many = kept(100), kept(400)
    assert many < 2.2 * few
    assert held(lambda: solved(100, "stored")) > 20 * few


@pytest.mark.parametrize("name", ["rk4", "tsit5"])
@pytest.mark.parametrize("often", [False, True], ids=["one output", "an output every ten steps"])
def test_memory_at_any_moment_grows_with_the_root_of_the_steps(name: str, often: bool) -> None:
    """25 times the steps; the outputs themselves and their gradients are left out."""
    start = torch.rand(200, 2, dtype=torch.float64)
    rate = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)

    def field(t: Tensor, state: Tensor) -> Tensor:
        return torch.stack([state[:, 1], -rate * torch.sin(state[:, 0])], dim=1)

    def peak(steps: int) -> float:
        outputs = steps // 10 + 1 if often else 2
        times = torch.linspace(0, steps / 20, outputs, dtype=torch.float64)
        with Peak() as memory:
            states = integrate(
                field, start, times, method=name, substeps=steps // (outputs - 1), rtol=1e-9, atol=1e-9,
                memory="checkpoint",
            )  # fmt: skip
            states.square().sum().backward()
        return memory.peak - 6 * states.nbytes

    assert peak(500) < 6.5 * peak(20)


def alive() -> int:
    """Bytes of all tensors that Python knows, each piece of memory once."""
    gc.collect()
    tensors = [thing for thing in gc.get_objects() if type(thing) is Tensor]
    return sum({t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in tensors}.values())


def test_what_cannot_be_computed_again_says_so() -> None:
    with pytest.raises(UsageError, match="cannot compute its steps again"):
        integrate(Learned(), torch.ones(1, 2).double(), torch.tensor([0.0, 1.0]), method="dopri8", memory="checkpoint")
    with pytest.raises(UsageError, match="no `memory = none`"):
        integrate(Learned(), torch.ones(1, 2).double(), torch.tensor([0.0, 1.0]), memory="none")  # type: ignore[arg-type]
