"""The convolutions' kernels against torch: dimensions, odd sizes, bands, threads, and the way from the model."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor

from eqdsl.learned.native import conv_kernel
from eqdsl.learned.native.conv_kernel import ConvKernel
from eqdsl.learned.native.operator import network, reference
from tests.learned.building import term

TOLERANCE = {torch.float64: (1e-12, 1e-10), torch.float32: (1e-5, 1e-5)}


def problem(
    channels: tuple[int, ...], kernel: int, shape: tuple[int, ...], dtype: torch.dtype = torch.float64
) -> tuple[Tensor, list[Tensor]]:
    """Inputs for outputs of a shape ``(B, *S)``, and weights of order one."""
    torch.manual_seed(0)
    lost = (len(channels) - 1) * (kernel - 1)
    taps = (kernel,) * (len(shape) - 1)
    weights = []
    for a, b in pairwise(channels):
        weights += [torch.randn(b, a, *taps, dtype=dtype) * 1.5 / (a * kernel ** len(taps)) ** 0.5]
        weights += [torch.randn(b, dtype=dtype)]
    x = torch.randn(shape[0], channels[0], *(n + lost for n in shape[1:]), dtype=dtype)
    return x.requires_grad_(), [w.requires_grad_() for w in weights]


def assert_torchs(kernel: ConvKernel, x: Tensor, weights: list[Tensor], act: str) -> None:
    """Values, gradients of inputs and of all weights."""
    value, wanted = kernel.forward(x, weights), reference(x, weights, act)
    cotangent = torch.randn_like(wanted)
    back, gradients = kernel.adjoint(cotangent, x, weights)
    assert back is not None
    exact = torch.autograd.grad(wanted, [x, *weights], cotangent)
    for k, (a, b) in enumerate(zip([value, back, *gradients], [wanted, *exact], strict=True)):
        assert a.shape == b.shape
        assert (a - b).abs().max() <= TOLERANCE[x.dtype][k > 0] * b.abs().max()


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(
    ("channels", "kernel", "shape", "act"),
    [
        ((2, 16, 16, 2), 3, (2, 19, 23), "silu"),
        ((1, 3, 1), 5, (3, 101), "tanh"),
        ((3, 11, 4, 6, 1), 3, (1, 40), "sin"),
        ((5, 9, 3), 5, (2, 7, 4), "gelu"),
        ((2, 7, 2), 3, (2, 5, 6, 7), "softplus"),
    ],
)
def test_values_and_gradients_are_torchs(
    channels: tuple[int, ...], kernel: int, shape: tuple[int, ...], act: str, dtype: torch.dtype
) -> None:
    x, weights = problem(channels, kernel, shape, dtype)
    assert_torchs(ConvKernel(channels, kernel, len(shape) - 1, act, dtype), x, weights, act)


@pytest.mark.parametrize("rows", [8, 9, 23, 24, 60])
def test_bands_make_no_difference(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conv_kernel, "BAND_BYTES", 1)
    x, weights = problem((1, 3, 2), 3, (2, rows, 6))
    kernel = ConvKernel((1, 3, 2), 3, 2, "silu", torch.float64)
    assert_torchs(kernel, x, weights, "silu")
    grid = kernel._grids[x.shape][0]
    assert grid.band == 8, "several bands are tested"


def test_the_number_of_threads_changes_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conv_kernel, "BAND_BYTES", 1)
    x, weights = problem((1, 3, 2), 3, (3, 50, 6), torch.float32)
    kernel = ConvKernel((1, 3, 2), 3, 2, "silu", torch.float32)
    threads, found = torch.get_num_threads(), []
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            value = kernel.forward(x, weights)
            back, gradients = kernel.adjoint(value, x, weights)
            assert back is not None
            found.append([value, back, *gradients])
    finally:
        torch.set_num_threads(threads)
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other, strict=True))


def test_one_trajectory_that_blew_up_stays_alone() -> None:
    x, weights = problem((2, 7, 2), 3, (3, 12, 12))
    with torch.no_grad():
        x[1] = float("nan")
    kernel = ConvKernel((2, 7, 2), 3, 2, "silu", torch.float64)
    value = kernel.forward(x, weights)
    back, _ = kernel.adjoint(torch.ones_like(value), x, weights)
    assert back is not None
    for values in (value, back):
        assert values[[0, 2]].isfinite().all()
        assert values[1].isnan().all()


def test_the_family_runs_it_and_second_derivatives_are_right() -> None:
    f = term("conv", 2, 1, dimension=2, sizes=(4,))
    x = torch.randn(2, 2, 21, 21, dtype=torch.float64, requires_grad=True)
    seen, waiting = set(), [f(x).grad_fn]
    while waiting:
        node = waiting.pop()
        seen.add(type(node).__name__)
        waiting += [n for n, _ in node.next_functions if n is not None]
    assert "_NetworkBackward" in seen
    few = x[:, :, :1, :1].detach().clone().requires_grad_()

    def outputs(few: Tensor) -> Tensor:
        corner = torch.nn.functional.pad(few, (0, 20, 0, 20))
        return f(x.detach() + corner)[:, :, 0, 0]

    assert torch.autograd.gradcheck(outputs, (few,))
    assert torch.autograd.gradgradcheck(outputs, (few,))


def test_compiled_by_torch() -> None:
    x, weights = problem((2, 7, 2), 3, (3, 12, 16))

    def loss(x: Tensor, weights: list[Tensor]) -> Tensor:
        return (network(x * 2, weights, "silu") ** 2).sum()

    compiled = torch.compile(loss, backend="aot_eager", fullgraph=True)
    found = torch.autograd.grad(compiled(x, weights), [x, *weights])
    wanted = torch.autograd.grad((reference(x * 2, weights, "silu") ** 2).sum(), [x, *weights])
    for a, b in zip(found, wanted, strict=True):
        assert (a - b).abs().max() <= 1e-10 * b.abs().max()
