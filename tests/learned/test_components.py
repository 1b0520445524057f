"""Perceptrons on components between their scales: the same numbers as side by side, by torch."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

import eqdsl
from eqdsl.core.native import CompilationFailed
from eqdsl.learned.base import FamilySpec
from eqdsl.learned.mlp import Mlp
from eqdsl.learned.native import mlp_kernel, use
from eqdsl.learned.native.operator import FEWEST_POINTS, reference
from eqdsl.learned.term import LearnedTermModule

TOLERANCE = {torch.float64: (1e-12, 1e-10), torch.float32: (1e-5, 2e-5)}


def term(dtype: torch.dtype = torch.float64) -> LearnedTermModule:
    """Three inputs far from zero, two outputs, weights of order one."""
    torch.manual_seed(0)
    module = LearnedTermModule(Mlp(FamilySpec(3, 2, 2, {"sizes": (9, 6)}, ("a", "b", "c"))), (), 3, 2).to(dtype)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_()
    module.calibrate([3.0, -2.0, 0.0], [2.0, 0.1, 1.0], [0.5, 20.0])
    return module


def values(dtype: torch.dtype = torch.float64, points: int = 600) -> list[Tensor]:
    """Inputs of that term; the second lies in memory with gaps."""
    x = torch.randn(3, points, 2, dtype=dtype) * torch.tensor([2.0, 0.1, 1.0], dtype=dtype).view(3, 1, 1)
    x = x + torch.tensor([3.0, -2.0, 0.0], dtype=dtype).view(3, 1, 1)
    return [x[0, :, 0].clone().requires_grad_(), x[1].requires_grad_()[:, 1], x[2, :, 0].clone().requires_grad_()]


def by_torch(module: LearnedTermModule, inputs: list[Tensor]) -> list[Tensor]:
    family = module.family
    free = (torch.stack(inputs, -1) - module.input_center) / module.input_scale
    return list((reference(free, family._weights(), family.activation) * module.output_scale).unbind(-1))


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_values_and_gradients_are_torchs(dtype: torch.dtype) -> None:
    module, inputs = term(dtype), values(dtype)
    found, wanted = module.components(inputs), by_torch(module, inputs)
    assert found is not None and "_Components" in type(found[0].grad_fn).__name__
    directions = [torch.randn_like(w) for w in wanted]
    sources = [*inputs, *module.parameters()]
    pairs = [(found, wanted, 0)]
    pairs += [(torch.autograd.grad(found, sources, directions), torch.autograd.grad(wanted, sources, directions), 1)]
    for ours, exact, order in pairs:
        for a, b in zip(ours, exact, strict=True):
            assert (a - b).abs().max() <= TOLERANCE[dtype][order] * b.abs().max()
    with torch.no_grad():
        assert all(torch.equal(a, b) for a, b in zip(module.components(inputs), found, strict=True))


def test_one_output_alone_and_second_derivatives() -> None:
    module, inputs = term(), values()
    found = []
    for outputs in (module.components(inputs), by_torch(module, inputs)):
        slopes = torch.autograd.grad((outputs[1] ** 2).sum(), [*inputs, *module.parameters()], create_graph=True)
        found.append(torch.autograd.grad(sum((g**2).sum() for g in slopes), [*inputs, *module.parameters()]))
    for a, b in zip(*found, strict=True):
        assert (a - b).abs().max() <= 1e-9 * b.abs().max().clamp(min=1e-30)


def test_inputs_that_need_no_gradient_and_batches_of_cotangents() -> None:
    module, inputs = term(), [x.detach() for x in values()]
    weight = next(module.parameters())
    cotangents = torch.randn(4, 600, dtype=torch.float64)
    together = torch.autograd.grad(module.components(inputs)[0], weight, cotangents, is_grads_batched=True)[0]
    alone = torch.autograd.grad(by_torch(module, inputs)[0], weight, cotangents[2])[0]
    assert (together[2] - alone).abs().max() <= 1e-12 * alone.abs().max()


def test_who_listens_or_stands_in_is_asked() -> None:
    module, inputs = term(), values()
    assert module.components(inputs) is not None
    few = [x[: FEWEST_POINTS - 1] for x in inputs]
    assert module.components(few) is None
    handle = module.family.register_forward_hook(lambda *_: None)
    assert module.components(inputs) is None
    handle.remove()
    module.family.forward = lambda x: x
    assert module.components(inputs) is None


def test_a_model_with_a_pointwise_term_is_the_same_with_and_without_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        "space x in [0, 1] periodic, y in [0, 1] periodic\ngrid x = 32, y = 32\nstate u(x, y), v(x, y)\n"
        "param k = 0.1\nlearned f(u, v, k, x) by mlp(8, 8)\ndt(u) = lap(u) + f\ndt(v) = f - v\n"
    )
    found = []
    for components in (LearnedTermModule.components, lambda *_: None):
        monkeypatch.setattr(LearnedTermModule, "components", components)
        field = eqdsl.compile_model(eqdsl.loads(text))
        field.terms_by_name["f"].calibrate(1.0, 3.0, 2.0)
        torch.manual_seed(1)
        state = torch.randn(3, 2, 32, 32, dtype=torch.float64, requires_grad=True)
        rates = field(0.0, state)
        found.append([rates, *torch.autograd.grad((rates**2).sum(), [state, *field.parameters()])])
    for a, b in zip(*found, strict=True):
        assert (a - b).abs().max() <= 1e-11 * b.abs().max()


def test_inputs_whose_last_axis_has_one_point() -> None:
    module = term()
    columns = [x.detach().reshape(1, -1).t() for x in values()]
    assert columns[0].is_contiguous() and columns[0].stride(-1) > 1
    for found, wanted in zip(module.components(columns), by_torch(module, columns), strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("together", (True, False))
def test_gradients_without_an_adjoint_kernel_are_torchs(together: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The forward kernel may come from the disk when the compiler is gone, or no room is left."""
    module = LearnedTermModule(Mlp(FamilySpec(3, 2, 2, {"sizes": (7, 5)}, ("a", "b", "c"))), (), 3, 2).double()
    inputs = values()

    def outputs() -> list[Tensor]:
        found = module(torch.stack(inputs, -1)).unbind(-1) if together else module.components(inputs)
        assert found is not None
        return list(found)

    def refuse(*_: object) -> None:
        raise CompilationFailed("no room")

    mlp_kernel.mlp_kernel.cache_clear()
    made = outputs()
    monkeypatch.setattr(use, "_tell", lambda message: None)
    monkeypatch.setattr(mlp_kernel, "load_function", refuse)
    sources = [*inputs, *module.parameters()]
    found = torch.autograd.grad([y.sum() for y in made], sources)
    wanted = torch.autograd.grad([y.sum() for y in by_torch(module, inputs)], sources)
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)
