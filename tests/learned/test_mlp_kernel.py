"""The perceptron's kernels against torch: values, gradients, transforms, and what happens without a compiler."""

from __future__ import annotations

import warnings
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from eqdsl.core.errors import EqdslWarning
from eqdsl.core.native import CompilationFailed
from eqdsl.learned.activations import ACTIVATIONS
from eqdsl.learned.native import operator, use
from eqdsl.learned.native.mlp_kernel import SMALLEST_CHUNK, MlpKernel
from eqdsl.learned.native.operator import FEWEST_POINTS, network, reference

TOLERANCE = {torch.float64: (1e-12, 1e-10), torch.float32: (1e-5, 1e-5)}


def problem(widths: tuple[int, ...], points: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, list[Tensor]]:
    """Inputs and weights of order one, with gradients."""
    torch.manual_seed(0)
    weights = []
    for a, b in pairwise(widths):
        weights += [torch.randn(b, a, dtype=dtype) * 1.5 / a**0.5, torch.randn(b, dtype=dtype)]
    return torch.randn(points, widths[0], dtype=dtype).requires_grad_(), [w.requires_grad_() for w in weights]


def assert_close(found: Tensor, wanted: Tensor, tolerance: float) -> None:
    assert found.shape == wanted.shape
    assert (found - wanted).abs().max() <= tolerance * wanted.abs().max().clamp(min=1e-30)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(
    ("widths", "points", "act"),
    [
        ((2, 64, 64, 2), 1000, "silu"),
        ((1, 5, 1), 513, "tanh"),
        ((7, 33, 20, 9, 6), 2049, "gelu"),
        ((3, 1, 17, 5), 4097, "sin"),
    ],
)
def test_values_and_gradients_are_torchs(widths: tuple[int, ...], points: int, act: str, dtype: torch.dtype) -> None:
    x, weights = problem(widths, points, dtype)
    kernel = MlpKernel(widths, act, dtype)
    value, wanted = kernel.forward(x, weights), reference(x, weights, act)
    assert_close(value, wanted, TOLERANCE[dtype][0])
    cotangent = torch.randn_like(wanted)
    back, gradients = kernel.adjoint(cotangent, x, weights)
    assert back is not None
    for found, exact in zip([back, *gradients], torch.autograd.grad(wanted, [x, *weights], cotangent), strict=True):
        assert_close(found, exact, TOLERANCE[dtype][1])


@pytest.mark.parametrize("act", sorted(ACTIVATIONS))
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_activations_from_small_to_large_arguments(act: str, dtype: torch.dtype) -> None:
    one, zero = torch.ones(1, 1, dtype=dtype), torch.zeros(1, dtype=dtype)
    size = torch.logspace(-9, 3, 4000, dtype=dtype)
    x = torch.cat([-size, size, torch.tensor([0.0, 19.9999, 20.0001, 3e5, -3e8], dtype=dtype)]).unsqueeze(1)
    x.requires_grad_()
    kernel = MlpKernel((1, 1, 1), act, dtype)
    weights = [one, zero, one, zero]
    wanted = reference(x, weights, act)
    torch.testing.assert_close(kernel.forward(x, weights), wanted, rtol=TOLERANCE[dtype][0], atol=TOLERANCE[dtype][0])
    back, _ = kernel.adjoint(torch.ones_like(wanted), x, weights)
    (exact,) = torch.autograd.grad(wanted.sum(), x)
    assert back is not None
    torch.testing.assert_close(back, exact, rtol=TOLERANCE[dtype][1], atol=TOLERANCE[dtype][1])


@pytest.mark.parametrize("act", sorted(ACTIVATIONS))
def test_what_is_not_a_number_is_seen(act: str) -> None:
    x, weights = problem((1, 1, 1), 600)
    with torch.no_grad():
        x[77, 0] = float("nan")
    found = MlpKernel((1, 1, 1), act, torch.float64).forward(x, weights)
    assert found.isnan().nonzero().tolist() == [[77, 0]]


def test_the_number_of_threads_changes_no_bit() -> None:
    x, weights = problem((2, 16, 16, 2), 3 * SMALLEST_CHUNK + 5, torch.float32)
    kernel = MlpKernel((2, 16, 16, 2), "silu", torch.float32)
    threads, found = torch.get_num_threads(), []
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            value = kernel.forward(x, weights)
            found.append([value, *kernel.adjoint(value, x, weights)[1]])
    finally:
        torch.set_num_threads(threads)
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other, strict=True))


def test_gradcheck_and_double_backward() -> None:
    x, weights = problem((2, 5, 2), FEWEST_POINTS)
    few = x[:3].detach().requires_grad_()

    def outputs(few: Tensor, *weights: Tensor) -> Tensor:
        return network(torch.cat([few, x[3:].detach()]), weights, "silu")[:3]

    assert "_Network" in type(network(x, weights, "silu").grad_fn).__name__
    assert torch.autograd.gradcheck(outputs, (few, *weights))
    assert torch.autograd.gradgradcheck(outputs, (few, *weights))


def test_second_derivatives_of_a_network_of_its_own_values() -> None:
    x, weights = problem((2, 5, 2), FEWEST_POINTS)
    found = []
    for function in (network, reference):
        value = function(function(x, weights, "silu"), weights, "silu")
        first = torch.autograd.grad((value**2).sum(), [x, *weights], create_graph=True)
        found.append(torch.autograd.grad(sum((g**2).sum() for g in first), [x, *weights]))
    for a, b in zip(*found, strict=True):
        assert_close(a, b, 1e-10)


def test_transforms_and_batched_cotangents_go_through_torch() -> None:
    x, weights = problem((2, 6, 3), FEWEST_POINTS)

    def outputs(x: Tensor) -> Tensor:
        return network(x, weights, "tanh")

    direction = torch.randn_like(x)
    wanted = torch.func.jvp(lambda x: reference(x, weights, "tanh"), (x.detach(),), (direction,))[1]
    assert_close(torch.func.jvp(outputs, (x.detach(),), (direction,))[1], wanted, 1e-13)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x.detach(), direction)
        assert_close(torch.autograd.forward_ad.unpack_dual(outputs(dual)).tangent, wanted, 1e-13)
    many = torch.func.vmap(outputs)(torch.stack([x.detach(), 2 * x.detach()]))
    assert_close(many[1], reference(2 * x, weights, "tanh"), 1e-13)
    cotangents = torch.randn(4, len(x), 3, dtype=x.dtype)
    together = torch.autograd.grad(outputs(x), x, cotangents, is_grads_batched=True)[0]
    alone = torch.autograd.grad(reference(x, weights, "tanh"), x, cotangents[2])[0]
    assert_close(together[2], alone, 1e-13)


def test_compiled_by_torch() -> None:
    x, weights = problem((2, 8, 2), 600)

    def loss(x: Tensor, weights: list[Tensor]) -> Tensor:
        return (network(x * 2, weights, "silu") ** 2).sum()

    compiled = torch.compile(loss, backend="aot_eager", fullgraph=True)
    found = torch.autograd.grad(compiled(x, weights), [x, *weights])
    wanted = torch.autograd.grad((reference(x * 2, weights, "silu") ** 2).sum(), [x, *weights])
    for a, b in zip(found, wanted, strict=True):
        assert_close(a, b, 1e-10)


def test_weights_that_need_no_gradient() -> None:
    x, weights = problem((2, 8, 2), 600)
    fixed = [w.detach() for w in weights]
    found = torch.autograd.grad(network(x, fixed, "silu").sum(), x, create_graph=True)[0]
    assert_close(found, torch.autograd.grad(reference(x, fixed, "silu").sum(), x)[0], 1e-10)
    twice = torch.autograd.grad((found**2).sum(), x)[0]
    assert twice.isfinite().all()


def test_few_points_stay_with_torch() -> None:
    x, weights = problem((2, 8, 2), FEWEST_POINTS)
    assert "_Network" in type(network(x, weights, "silu").grad_fn).__name__
    assert "_Network" not in type(network(x[1:], weights, "silu").grad_fn).__name__


def test_without_a_compiler_torch_does_it_and_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> str:
        raise CompilationFailed("no C compiler is found")

    monkeypatch.setattr(use, "compiler", none)
    use._wanted.cache_clear()
    use._tell.cache_clear()
    x, weights = problem((2, 8, 2), 600)
    try:
        with pytest.warns(EqdslWarning, match="no C compiler is found: models run in plain torch"):
            found = network(x, weights, "silu")
        assert torch.equal(found, reference(x, weights, "silu"))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            network(x, weights, "silu")
    finally:
        use._wanted.cache_clear()


def test_a_refused_text_falls_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise CompilationFailed("the compiler refused the kernel: it is a test")

    monkeypatch.setattr(operator, "kernel_of", refuse)
    x, weights = problem((2, 8, 2), 600)
    with pytest.warns(EqdslWarning, match="it is a test"):
        found = network(x, weights, "silu")
    assert torch.equal(found, reference(x, weights, "silu"))
