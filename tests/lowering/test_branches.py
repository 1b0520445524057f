"""Branches of `ifelse`: the one that is not taken changes neither values nor gradients."""

from __future__ import annotations

import math

import pytest
import torch

from eqdsl.analysis.check import loads_model
from eqdsl.core.errors import UsageError
from eqdsl.lowering.vector_field import compile_model

CASES = [
    # expression, h, value, derivative
    ("-k*ifelse(h > 0, sqrt(h), 0*h)", -1.0, 0.0, 0.0),
    ("-k*ifelse(h > 0, sqrt(h), 0*h)", 0.0, 0.0, 0.0),
    ("-k*ifelse(h > 0, sqrt(h), 0*h)", 4.0, -2.0, -0.25),
    ("ifelse(h <= 0, h, log(h))", -2.0, -2.0, 1.0),
    ("ifelse(h <= 0, h, log(h))", 2.0, math.log(2), 0.5),
    ("ifelse(h <= 0, h, log10(h))", 0.0, 0.0, 1.0),
    ("ifelse(h != 0, sin(h)/h, 1 + 0*h)", 0.0, 1.0, 0.0),
    ("ifelse(h > 0, h^0.5, h^2)", -3.0, 9.0, -6.0),
    ("ifelse(h > 0, h^-1, 2*h)", 0.0, 0.0, 2.0),
    ("ifelse(h < 1, asin(h), h)", 1.5, 1.5, 1.0),
    ("ifelse(h < 1, acos(h), h)", 1.0, 1.0, 1.0),
    ("ifelse(h < 9, exp(h), h)", 1e4, 1e4, 1.0),
    ("ifelse(h < 9, sinh(h) + cosh(h), h)", 1e4, 1e4, 1.0),
    ("ifelse(h != 0, atan2(h, h), h)", 0.0, 0.0, 1.0),
    ("ifelse(h > 0, ifelse(h > 1, sqrt(h - 1), h), 2*h)", 0.5, 0.5, 1.0),
    ("ifelse(h > 0, ifelse(h > 1, sqrt(h - 1), h), 2*h)", -0.5, -1.0, 2.0),
    ("ifelse(h > 0, ifelse(h > 1, sqrt(h - 1), h), 2*h)", 5.0, 2.0, 0.25),
    ("ifelse(h > 0, sqrt(log(1 + h)), h)", -3.0, -3.0, 1.0),
    ("ifelse(h > 0, flow, h)", -3.0, -3.0, 1.0),
    ("ifelse(h > 0, R(sqrt(h)), h)", -3.0, -3.0, 1.0),
    ("ifelse(h > 0, mean_flow, h)", -3.0, -3.0, 1.0),
]


@pytest.mark.parametrize(("expression", "h", "value", "slope"), CASES)
def test_a_branch_that_is_not_taken_leaves_no_trace(expression: str, h: float, value: float, slope: float) -> None:
    field = compile_model(
        loads_model(
            "state h\nparam k = 1\nlet flow = k*sqrt(h)*log(h)\nlet mean_flow = ifelse(h > 0, flow, sqrt(-1 - h))\n"
            f"learned R(h) by mlp(4)\ndt(h) = {expression}\nlaw used = k + flow + mean_flow + R constant\n"
        )
    )
    state = torch.tensor([[h]], dtype=torch.float64, requires_grad=True)
    rate = field(0.0, state)
    assert rate.item() == pytest.approx(value, rel=1e-14, abs=1e-14)
    (gradient,) = torch.autograd.grad(rate.sum(), state)
    assert gradient.item() == pytest.approx(slope, rel=1e-14, abs=1e-14)


def test_the_gradient_with_respect_to_a_parameter_is_finite() -> None:
    """Torricelli's tank, empty in one trajectory."""
    field = compile_model(loads_model("state h\nparam k = fit 0.5\ndt(h) = -k*ifelse(h > 0, sqrt(h), 0*h)\n"))
    state = torch.tensor([[-1e-3], [4.0]], dtype=torch.float64)
    field(0.0, state).sum().backward()
    assert field.physical.raw["value_k"].grad.item() == pytest.approx(-2.0 * 0.5)


def test_a_field_keeps_its_values_and_its_neighbours() -> None:
    """Under a stencil nothing is replaced: the choice stands inside the derivative, with its own halo."""
    text = "space x in [0, 1] periodic\ngrid x = 8\nstate h(x)\ndt(h) = dx(ifelse(h > 0, sqrt(h), 0*h))\n"
    field = compile_model(loads_model(text))
    h = torch.tensor([[[4.0, 1.0, -1.0, -4.0, -1.0, 1.0, 4.0, 9.0]]], dtype=torch.float64, requires_grad=True)
    rate = field(0.0, h)
    root = h.detach().clamp(min=0).sqrt()
    assert torch.allclose(rate, (root.roll(-1, 2) - root.roll(1, 2)) * 8 / 2)
    assert torch.isfinite(torch.autograd.grad(rate.square().sum(), h)[0]).all()


def test_a_branch_without_partial_functions_costs_nothing() -> None:
    field = compile_model(loads_model("state u\ndt(u) = ifelse(u > 0, -u^2 + sin(u)/2, 3*u)\n"))
    assert str(field.program).count("ifelse") - str(field.program).count("(ifelse") == 1


def test_choices_that_multiply_without_end_are_refused() -> None:
    lines = [f"let a{n} = ifelse(u > {n}, a{n - 1}, a{n - 1} + u)" for n in range(1, 40)]
    text = "\n".join(["state u", "let a0 = sqrt(u)", *lines, "dt(u) = a39", ""])
    with pytest.raises(UsageError, match="nested in more than"):
        compile_model(loads_model(text))
