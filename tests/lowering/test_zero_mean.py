"""``mean(f) = 0`` at any weights, by the quadrature that ``mean`` itself uses."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from eqdsl.analysis.check import loads_model
from eqdsl.lowering.vector_field import VectorField, compile_model


def compiled(position: str, learned: str) -> VectorField:
    """A scalar and a vector over a plane with walls along x, their means as laws."""
    field = compile_model(
        loads_model(
            f"space x in [0, 2], y in [0, 1] periodic\ngrid x = 7 {position}, y = 6\nstate u(x, y)\n{learned}\n"
            "dt(u) = f + dx(f) + dot(w, w)\n"
            "law level = mean(f) constant\nlaw x_level = mean(w.x) constant\nlaw y_level = mean(w.y) constant\n"
            "law total = integral(u) constant\n"
        )
    )
    torch.manual_seed(1)
    with torch.no_grad():
        for weight in field.learned.parameters():
            weight.normal_()
    return field


def state(field: VectorField) -> Tensor:
    return torch.rand(3, 1, *field.grid.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("position", ["", "nodes"])
@pytest.mark.parametrize("family", ["mlp(8)", "conv(4)"])
def test_means_are_zero_and_only_those_asked_for(position: str, family: str) -> None:
    field = compiled(
        position,
        f"learned f(u) by {family} with mean(f) = 0, even(u)\nlearned w(u, x) -> vector by {family} with mean(w.x) = 0",
    )
    with torch.no_grad():
        means, outputs = field.laws(0.0, state(field)), field.learned_outputs(0.0, state(field))
    assert means["level"].abs().max() < 1e-13 and means["x_level"].abs().max() < 1e-13
    assert means["y_level"].abs().min() > 1e-3
    assert outputs["f"].abs().max() > 1e-3 and outputs["w.x"].abs().max() > 1e-3


def test_the_whole_vector() -> None:
    field = compiled("nodes", "learned f(u) by mlp(4)\nlearned w(u) -> vector by mlp(8) with mean(w) = 0")
    with torch.no_grad():
        means = field.laws(0.0, state(field))
    assert means["x_level"].abs().max() < 1e-13 and means["y_level"].abs().max() < 1e-13


def test_what_is_left_is_the_function_less_a_constant() -> None:
    """Slopes are those of the network alone: ghosts are shifted with the values."""
    learned = "learned f(u) by mlp(8){}\nlearned w(u) -> vector by mlp(8)"
    free, held = (compiled("", learned.format(c)) for c in ("", " with mean(f) = 0"))
    with torch.no_grad():
        plain, shifted = (f.terms(0.0, state(f))["u"] for f in (free, held))
    torch.testing.assert_close(shifted["dx(f)"], plain["dx(f)"], rtol=0, atol=1e-13)
    assert (shifted["f"] - plain["f"]).flatten(1).var(dim=1).max() < 1e-26


def test_gradients_reach_every_point() -> None:
    field = compiled("nodes", "learned f(u) by mlp(3) with mean(f) = 0\nlearned w(u) -> vector by mlp(3)")
    start = state(field)[:1].requires_grad_()
    assert torch.autograd.gradcheck(lambda s: field(0.0, s).square().sum(), (start,))
