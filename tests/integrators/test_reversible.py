"""Methods whose steps can be undone: round trips, structure, and gradients without storage."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

import eqdsl
from eqdsl.core.errors import UsageError
from eqdsl.numerics.integrators.base import Task
from eqdsl.numerics.integrators.carrying import Carrying
from eqdsl.numerics.integrators.failure import IntegrationFailure, Reason
from eqdsl.numerics.integrators.fixed_step import Plan
from eqdsl.numerics.integrators.integrate import integrate
from eqdsl.numerics.integrators.table import METHODS
from tests.integrators.fields import SecondOrder

BOUNDS = {"verlet": 1e-11, "implicit_midpoint": 1e-11, "leapfrog": 1e-9}
START = torch.tensor([[0.0, 1.2], [0.4, -0.3]], dtype=torch.float64)

SWING = SecondOrder(lambda t, x, v: -torch.sin(x), damped=False)
PUSHED = SecondOrder(lambda t, x, v: -torch.sin(x) - 0.01 * v * v.abs() + 0.1 * torch.cos(t), damped=True)


@pytest.mark.parametrize("name", sorted(BOUNDS))
@pytest.mark.parametrize(
    ("field", "own_times"), [(SWING, False), (PUSHED, True)], ids=["potential", "friction, time, own times"]
)
def test_a_thousand_steps_and_back(name: str, field: SecondOrder, own_times: bool) -> None:
    method = METHODS[name]
    assert isinstance(method, Carrying)
    carrier = method.carrier(field, START)
    assert carrier.back is not None
    times = torch.tensor([[0.0, 50.0], [3.0, 33.0]]) if own_times else torch.tensor([0.0, 50.0])
    plan = Plan(times.double(), START, Task(substeps=1001))
    carry = first = carrier.advance(plan[0], (START,))
    for n in range(1, 1001):
        carry = carrier.advance(plan[n], carry)
    assert (carry[-1] - START).abs().max() > 0.1
    for n in reversed(range(1, 1001)):
        carry = carrier.back(plan[n].t, carry, plan[n].h)
    assert max((a - b).abs().max() for a, b in zip(carry, first, strict=True)) <= BOUNDS[name]


@pytest.mark.parametrize("name", ["verlet", "implicit_midpoint"])
def test_energy_does_not_drift(name: str) -> None:
    times = torch.linspace(0, 200, 201, dtype=torch.float64)
    v, x = integrate(SWING, START, times, method=name, substeps=10).unbind(2)
    energy = v**2 / 2 - torch.cos(x)
    first, last = energy[:, :100], energy[:, 100:]
    assert (energy - energy[:, :1]).abs().max() < 2e-3
    assert (first.amax(1) - last.amax(1)).abs().max() < 1e-4


def test_implicit_midpoint_keeps_the_norm_of_a_rotation() -> None:
    """Quadratic invariants are kept exactly, whatever the step."""
    states = integrate(
        lambda t, u: torch.stack([u[:, 1], -u[:, 0]], 1), START, torch.tensor([0.0, 100.0]), method="implicit_midpoint",
        substeps=200,
    )  # fmt: skip
    torch.testing.assert_close(states[:, -1].norm(dim=1), START.norm(dim=1), rtol=1e-13, atol=0)


def test_implicit_midpoint_takes_long_steps_through_fast_decay() -> None:
    """Newton's method where the plain iteration diverges: h lambda = 100; the factor of a step is exact."""
    rate = torch.tensor(1000.0, dtype=torch.float64, requires_grad=True)
    times = torch.linspace(0, 1, 11, dtype=torch.float64)
    states = integrate(lambda t, u: -rate * u, START, times, method="implicit_midpoint")
    factor = (1 - rate / 20) / (1 + rate / 20)
    torch.testing.assert_close(states[:, -1], START * factor**10, rtol=1e-11, atol=0)
    found, exact = (torch.autograd.grad(s.sum(), rate)[0] for s in (states[:, -1], START * factor**10))
    assert found.item() == pytest.approx(exact.item(), rel=1e-9)


@pytest.mark.parametrize("name", ["verlet", "implicit_midpoint"])
def test_an_equation_without_solution_is_a_failure(name: str) -> None:
    field = SecondOrder(lambda t, x, v: 1 + 50 * v * v, damped=True)
    with pytest.raises(IntegrationFailure, match="could not be solved near t = 0") as caught:
        integrate(field, START, torch.tensor([0.0, 1.0]), method=name)
    assert caught.value.reason is Reason.NO_CONVERGENCE


def gradients(field: Any, times: Tensor, name: str, memory: Any, leaves: list[Tensor], substeps: int) -> list[Tensor]:
    start = START.clone().requires_grad_()
    states = integrate(field, start, times, method=name, substeps=substeps, memory=memory)
    weights = torch.linspace(1, 2, states.numel(), dtype=torch.float64).reshape(states.shape)
    loss = (weights * states**2).sum()
    return [loss.detach(), *torch.autograd.grad(loss, [start, *leaves])]


@pytest.mark.parametrize("name", sorted(BOUNDS))
@pytest.mark.parametrize(
    "times",
    [
        torch.linspace(0, 10, 6),
        torch.tensor([0.0, 1.0, 1.5, 4.0, 10.0]),  # the step changes at every output
        torch.tensor([[0.0, 5.0, 10.0], [2.0, 4.0, 9.0]]),
    ],
    ids=["even", "uneven", "own"],
)
def test_gradients_by_running_backwards(name: str, times: Tensor) -> None:
    """Parameters in a closure, one of them computed outside of the field."""
    base = torch.tensor([0.8, 0.02], dtype=torch.float64, requires_grad=True)

    def found(memory: str) -> list[Tensor]:
        strength = base.exp()
        field = SecondOrder(
            lambda t, x, v: -strength[0] * torch.sin(x) - base[1] * v + 0.1 * torch.cos(strength[1] * t), damped=True
        )
        return gradients(field, times.double(), name, memory, [base], 40)

    stored, undone = found("stored"), found("reversible")
    for a, b in zip(stored, undone, strict=True):
        assert ((a - b).abs().max() / a.abs().max()).item() <= 1e-9


def held(make: Callable[[], Tensor]) -> int:
    """Bytes that a rollout keeps for its backward pass, each piece of memory once."""
    pieces: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        pieces[storage.data_ptr()] = storage.nbytes()
        alive.append(tensor)
        return tensor

    alive: list[Tensor] = []
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        make()
    return sum(pieces.values())


@pytest.mark.parametrize("name", sorted(BOUNDS))
def test_memory_does_not_grow_with_the_steps(name: str) -> None:
    rate = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    field = SecondOrder(lambda t, x, v: -rate * torch.sin(x), damped=False)
    start = torch.rand(500, 2, dtype=torch.float64)

    def kept(steps: int, memory: Any) -> int:
        times = torch.tensor([0.0, 1.0])
        return held(lambda: integrate(field, start, times, method=name, substeps=steps, memory=memory))

    assert kept(1000, "reversible") < 1.1 * kept(100, "reversible")
    assert kept(200, "stored") > 1.8 * kept(100, "stored")


@pytest.mark.parametrize("name", sorted(BOUNDS))
def test_gradient_after_a_thousand_steps(name: str) -> None:
    rate = torch.tensor(0.9, dtype=torch.float64, requires_grad=True)
    field = SecondOrder(lambda t, x, v: -rate * torch.sin(x), damped=False)
    times = torch.tensor([0.0, 20.0], dtype=torch.float64)
    stored, undone = (gradients(field, times, name, m, [rate], 1000) for m in ("stored", "reversible"))
    for a, b in zip(stored, undone, strict=True):
        assert ((a - b).abs().max() / a.abs().max()).item() <= 1e-9


@pytest.mark.parametrize("method", ["rk4", "ab2", "dopri5"])
def test_methods_that_cannot_be_undone_say_so(method: str) -> None:
    with pytest.raises(UsageError, match="cannot be undone") as caught:
        integrate(SWING, START, torch.tensor([0.0, 1.0]), method=method, memory="reversible")
    assert "verlet" in str(caught.value)


WAVE = """
space x in [0, 1] periodic
grid  x = 32
state w(x)
param c = fit 1 in (0, 5)
dtt(w) = c^2*dxx(w){}
init w = exp(-50*(x - 0.5)^2)
"""


@pytest.mark.parametrize(("term", "damped"), [("", False), (" - 0.3*dt(w)", True)])
def test_a_compiled_model_says_what_is_second_order(term: str, damped: bool) -> None:
    field = eqdsl.compile_model(eqdsl.loads(WAVE.format(term) + "init dt(w) = 0\n"))
    assert field.pairs() == ((0, 1),)
    assert field.velocity_forces() is damped
    times = torch.linspace(0, 0.3, 4, dtype=torch.float64)
    found = integrate(field, field.initial_state(), times, method="verlet", substeps=100)
    exact = integrate(field, field.initial_state(), times, method="tsit5", rtol=1e-8, atol=1e-10)
    assert (found - exact)[:, :, 0].abs().max() < 1e-3


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("state p\nstate q\ndt(p) = -sin(q)\ndt(q) = p\n", ((1, 0),)),
        ("state p\nstate q\ndt(p) = -sin(q)\ndt(q) = 2*p\n", None),
        ("state p\nstate q\nstate r\ndt(p) = -sin(q)\ndt(q) = p\ndt(r) = -r\n", None),
    ],
)
def test_first_order_pairs(text: str, pairs: tuple[tuple[int, int], ...] | None) -> None:
    field = eqdsl.compile_model(eqdsl.loads(text))
    assert field.pairs() == pairs
    if pairs is None:
        with pytest.raises(UsageError, match="second order in time"):
            integrate(field, torch.ones(1, len(field.model.channels)), torch.tensor([0.0, 1.0]), method="verlet")


def test_verlet_without_velocities_is_second_order_and_cheap() -> None:
    """Two calls a step where forces do not depend on the velocity."""
    calls = 0

    def force(t: Tensor, x: Tensor, v: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        return -x

    field = SecondOrder(force, damped=False)
    final = integrate(field, START[:1], torch.tensor([0.0, 1.0]), method="verlet", substeps=50)[0, -1]
    assert calls == 100
    assert final[1].item() == pytest.approx(1.2 * math.cos(1), abs=1e-4)
