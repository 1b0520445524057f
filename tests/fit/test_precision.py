"""Short numbers are used where they are asked for, in the networks alone, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from eqdsl.core.errors import UsageError
from eqdsl.fitting.fit import fit
from eqdsl.fitting.precision import arithmetic
from eqdsl.learned.mlp import Mlp
from eqdsl.lowering.vector_field import compile_model
from tests.fit.systems import DECAY_LEARNED, decay_data, model, quick


def field_of(dtype: torch.dtype):
    field = compile_model(model(DECAY_LEARNED), dtype=dtype)
    for term in field.terms_by_name.values():
        term.family.amplify_start(100.0)
    return field


def test_a_network_in_bfloat16_is_close_and_its_types_stay() -> None:
    field, state = field_of(torch.float32), torch.linspace(-2, 2, 7).reshape(7, 1).requires_grad_()
    exact = field(0.0, state)
    field.terms_by_name["f"].bf16 = True
    short = field(0.0, state)
    assert short.dtype is torch.float32
    error = (short - exact).abs().max()
    assert 0 < error < 2e-2 * exact.abs().max()
    (back,) = torch.autograd.grad(short.sum(), state)
    assert back.dtype is torch.float32 and torch.isfinite(back).all() and back.abs().max() > 0


def test_a_network_of_float64_stays_exact() -> None:
    """So L-BFGS at the end of a fit has exact differences."""
    field, state = field_of(torch.float64), torch.linspace(-2, 2, 7, dtype=torch.float64).reshape(7, 1)
    exact = field(0.0, state)
    field.terms_by_name["f"].bf16 = True
    assert torch.equal(field(0.0, state), exact)


def test_a_fit_in_bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    """Adam's networks get bfloat16, rollouts stay in float32, L-BFGS is exact, and so are the scores."""
    seen: set[tuple[torch.dtype, bool]] = set()
    forward = Mlp.forward

    def watched(self: Mlp, inputs: torch.Tensor) -> torch.Tensor:
        seen.add((inputs.dtype, torch.is_autocast_enabled("cpu")))
        return forward(self, inputs)

    monkeypatch.setattr(Mlp, "forward", watched)
    short = ("run.dtype=float32", "run.precision=bf16", "optimizer.steps=30", "optimizer.polish=10")
    run = fit(model(DECAY_LEARNED), decay_data(), config=quick(*short))
    assert (torch.float32, True) in seen and (torch.float64, True) in seen
    assert run.state["scores"]["validation"]["mse"] < 1e-3
    assert not run.field.terms_by_name["f"].bf16


def test_short_numbers_do_not_go_with_float64() -> None:
    with pytest.raises(UsageError, match=r"shortens numbers of float32, and `run.dtype` is float64"):
        fit(model(DECAY_LEARNED), decay_data(), config=quick("run.precision=bf16"))


@pytest.mark.parametrize("tf32", (False, True))
def test_tf32_is_what_was_asked_for_and_then_what_it_was(tf32: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    with arithmetic(tf32=tf32):
        assert torch.backends.cuda.matmul.allow_tf32 == torch.backends.cudnn.allow_tf32 == tf32
    assert torch.backends.cudnn.allow_tf32 and not torch.backends.cuda.matmul.allow_tf32


def test_the_settings_reach_the_fit() -> None:
    seen: list[Any] = []
    config = quick("run.dtype=float32", "run.precision=tf32", "optimizer.steps=10", "optimizer.polish=0")
    fit(
        model(DECAY_LEARNED), decay_data(), config=config,
        events=lambda event: seen.append(torch.backends.cuda.matmul.allow_tf32) if event["event"] == "epoch" else None,
    )  # fmt: skip
    assert seen and all(seen)
