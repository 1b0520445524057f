"""Numbers that follow from parameters are remembered, and never wrong."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from torch import Tensor

import eqdsl
from eqdsl.lowering.parameters import GivenParameters

TEXT = """
space x in [0, 1] periodic, y in [0, 1] periodic
grid x = 32, y = 32
state u(x, y)
param D = fit 0.02 in (0, 1)
param k = fit 0.3
param q = 2
param loss = fit 0.5 in (0, inf)
dt(u) = D*lap(u) - k*q*u^3 + exp(-k) - loss*D
"""


def model(kernels: bool = True) -> eqdsl.VectorField:
    return eqdsl.compile_model(eqdsl.loads(TEXT), kernels=kernels)


def start() -> Tensor:
    torch.manual_seed(0)
    return torch.randn(2, 1, 32, 32, dtype=torch.float64, requires_grad=True)


def found(field: eqdsl.VectorField, state: Tensor) -> list[Tensor]:
    """Rates, their gradients, and gradients of these."""
    rates = field(0.0, state)
    inputs = [state, *field.physical.parameters()]
    first = torch.autograd.grad((rates**2).sum(), inputs, create_graph=True)
    second = torch.autograd.grad(sum((g**2).sum() for g in first), inputs)
    plain = torch.autograd.grad((field(0.0, state) ** 2).sum(), inputs)
    return [rates, *first, *second, *plain]


def assert_same(a: list[Tensor], b: list[Tensor]) -> None:
    for x, y in zip(a, b, strict=True):
        assert (x - y).abs().max() <= 1e-10 * y.abs().max().clamp(min=1.0)


def test_values_and_derivatives_of_every_order_are_torchs() -> None:
    state, field = start(), model()
    for _ in range(2):
        assert_same(found(field, state), found(model(kernels=False), state))
    assert "_Stacked" in str([f[0] for f in field(0.0, state).grad_fn.next_functions])


@pytest.mark.parametrize(
    "change",
    (
        lambda field: field.physical.set_value("k", 0.9),
        lambda field: field.physical.raw["value_k"].data.fill_(1.7),
        lambda field: field.physical.get_buffer("value_q").fill_(3.0),
        lambda field: field.load_state_dict({n: x + 0.1 for n, x in field.state_dict().items()}),
        lambda field: torch.optim.SGD(field.parameters(), lr=0.1).step(),
    ),
)
def test_every_change_is_seen(change) -> None:
    state, fields = start(), (model(), model(kernels=False))
    for field in fields:
        for parameter in field.parameters():
            parameter.grad = torch.full_like(parameter, 0.3)
    before = [found(field, state) for field in fields]
    for field in fields:
        change(field)
    after = [found(field, state) for field in fields]
    assert_same(*after)
    assert not torch.allclose(before[0][0], after[0][0])


def test_copies_share_a_kernel_and_no_gradients() -> None:
    state, field = start(), model()
    other = copy.deepcopy(field)
    rates, others = field(0.0, state), other(0.0, state)
    (rates.sum() + 2 * others.sum()).backward()
    for one, two in zip(field.parameters(), other.parameters(), strict=True):
        assert torch.allclose(2 * one.grad, two.grad, rtol=1e-14)
    again = pickle.loads(pickle.dumps(field))
    assert torch.equal(again(0.0, state), rates)


def test_parameters_given_for_one_call() -> None:
    state, field = start(), model()
    given = {n: (2 * p.detach()).requires_grad_() for n, p in field.named_parameters()}
    slopes = []
    for one in (field, model(kernels=False)):
        rates = torch.func.functional_call(one, given, (0.0, state))
        first = torch.autograd.grad((rates**2).sum(), list(given.values()), create_graph=True)
        slopes.append([rates, *first, *torch.autograd.grad(sum(g**2 for g in first), list(given.values()))])
    assert_same(*slopes)


def test_parameters_at_given_numbers() -> None:
    state, fields = start().detach(), (model(), model(kernels=False))
    rates = []
    for field in fields:
        field(0.0, state)
        field.physical = GivenParameters(field.physical)
        field.physical.numbers["k"] = torch.tensor(2.0, dtype=torch.float64)
        rates.append(field(0.0, state))
    assert_same(rates[:1], rates[1:])


def test_fixed_parameters_have_no_graph() -> None:
    field = model().requires_grad_(False)
    state = start().detach()
    assert not field(0.0, state).requires_grad
    field.physical.raw["value_k"].requires_grad_()
    slope = torch.autograd.grad(field(0.0, state).sum(), field.physical.raw["value_k"])[0]
    assert slope.isfinite() and slope != 0


def test_gradients_after_a_call_in_inference_mode() -> None:
    state, fields = start(), (model(), model(kernels=False))
    with torch.inference_mode():
        rates = [field(0.0, state) for field in fields]
    assert_same(rates[:1], rates[1:])
    assert_same(*(found(field, state) for field in fields))


def test_gradients_beside_a_parameter_that_no_rate_follows() -> None:
    text = "space x in [0, 1] periodic\ngrid x = 32\nstate u(x)\nparam D = 0.02\nparam a = fit 2\ninit u = 0\n"
    text += "observe y = a*u\ndt(u) = D*lap(u)"
    field = eqdsl.compile_model(eqdsl.loads(text), kernels=True)
    state = torch.rand(2, 1, 32, dtype=torch.float64, requires_grad=True)
    assert field.fused.ready(state)
    (slope,) = torch.autograd.grad((field(0.0, state) ** 2).sum(), state, create_graph=True)
    plain = eqdsl.compile_model(eqdsl.loads(text), kernels=False)
    assert_same([slope], list(torch.autograd.grad((plain(0.0, state) ** 2).sum(), state)))
    slope.sum().backward()
    assert field.physical.raw["value_a"].grad is None


def test_batches_of_cotangents_by_vmap() -> None:
    directions, slopes = torch.randn(3, 2, 1, 32, 32, dtype=torch.float64), []
    for field in (model(), model(kernels=False)):
        state = start()
        rates, inputs = field(0.0, state), [state, *field.parameters()]

        def pulled(v: Tensor, rates: Tensor = rates, inputs: list = inputs) -> tuple[Tensor, ...]:
            return torch.autograd.grad(rates, inputs, v, retain_graph=True, allow_unused=True, materialize_grads=True)

        slopes.append(list(torch.vmap(pulled)(directions)))
    assert_same(*slopes)
