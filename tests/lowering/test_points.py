"""A model at points: exact derivatives of any state, checked on closed forms and against the grid."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from eqdsl.analysis.check import loads_model
from eqdsl.core.errors import UsageError
from eqdsl.lowering.points import Fields, PointField
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.numerics.grid import grid_from_model


def point_field(text: str, **points: int) -> PointField:
    return PointField(field(text, **points))


def field(text: str, **points: int) -> VectorField:
    model = loads_model(text)
    sizes = {axis.name: points.get(axis.name, 16) for axis in model.axes}
    return compile_model(model, grid=grid_from_model(model, sizes), kernels=False)


def points(dimension: int, count: int = 40) -> Tensor:
    """In the unit cube."""
    return torch.rand(2, count, 1 + dimension, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def heat(at: Tensor) -> Tensor:
    """``u_t = 0.1 u_xx`` with u = 0 at both ends."""
    t, x = at.unbind(-1)
    return (torch.exp(-0.1 * math.pi**2 * t) * torch.sin(math.pi * x))[..., None]


def burgers(at: Tensor) -> Tensor:
    """The travelling front of ``u_t + u u_x = 0.05 u_xx``."""
    t, x = at.unbind(-1)
    return (0.5 - 0.5 * torch.tanh((x - 0.5 * t) / 0.2))[..., None]


@pytest.mark.parametrize(
    ("text", "exact", "dimension"),
    [
        ("space x in [0, 1]\nstate u(x)\ndt(u) = 0.1*dxx(u)\nbc u = 0 at boundary", heat, 1),
        ("space x in [0, 1]\nstate u(x)\ndt(u) = 0.1*dx(dx(u))\nbc u = 0 at boundary", heat, 1),
        ("space x in [0, 1]\nstate u(x)\ndt(u) = -u*dx(u) + 0.05*dxx(u)\nbc dn(u) = 0 at boundary", burgers, 1),
        ("space x in [0, 1]\nstate u(x)\ndt(u) = -dx(u^2/2) + 0.05*dxx(u)\nbc dn(u) = 0 at boundary", burgers, 1),
        (
            "state q\ndtt(q) = -4*q - 0.2*dt(q)",
            lambda at: (torch.exp(-0.1 * at[..., 0]) * torch.cos(math.sqrt(3.99) * at[..., 0]))[..., None], 0,
        ),
        (
            "space x in [0, 1], y in [0, 1]\nstate u(x, y), v(x, y)\nlet k = 1 + x*y\n"
            "dt(u) = div(k*grad(u)) - u*t + v\ndt(v) = dx(dy(u)) + ifelse(u > 10, sqrt(u - 10), 0)\n"
            "bc dn(u) = 0 at boundary\nbc dn(v) = 0 at boundary",
            None, 2,
        ),
    ],
)  # fmt: skip
def test_an_exact_solution_has_no_residual(text: str, exact: object, dimension: int) -> None:
    at = points(dimension)
    if exact is None:
        # Any polynomial and its derivatives by hand.
        t, x, y = at.unbind(-1)
        state = Fields(lambda p: torch.stack([p[..., 1] ** 2 * p[..., 2] + p[..., 0], p[..., 1]], -1))
        found = point_field(text).residual(state, at)
        u = x**2 * y + t
        expected_u = 1 - (y * (2 * x * y) + (1 + x * y) * 2 * y + x * x**2 - u * t + x)
        assert torch.allclose(found[..., 0], expected_u, atol=1e-12)
        assert torch.allclose(found[..., 1], -2 * x, atol=1e-12)
        return
    assert float(point_field(text).residual(Fields(exact), at).abs().max()) < 1e-12  # type: ignore[arg-type]


def test_it_is_the_limit_of_the_grid() -> None:
    text = (
        "space x in [0, 1] periodic\nstate u(x)\nparam a = 0.1\nlearned f(u, dx(u)) by mlp(8)\n"
        "known g = sin(u)*cos(2*pi*x)\ndt(u) = a*dxx(u) - dx(exp(u)) + g + f + max(u, 0.1)"
    )

    def wave(at: Tensor) -> Tensor:
        return torch.sin(2 * math.pi * at[..., 1:2])

    errors = []
    for count in (32, 64):
        compiled = field(text, x=count)
        x = torch.as_tensor(compiled.grid.axes[0].coordinates())
        at = torch.stack([torch.zeros_like(x), x], dim=-1)[None]
        exact = -PointField(compiled).residual(Fields(wave), at)[0, :, 0]
        errors.append(float((compiled(0.0, wave(at)[0, :, 0][None, None])[0, 0] - exact).detach().abs().max()))
    assert math.log2(errors[0] / errors[1]) == pytest.approx(2, abs=0.2)


def test_walls_are_residuals_with_the_outward_normal() -> None:
    text = "space x in [0, 2]\nstate u(x)\ndt(u) = dxx(u)\nbc 3*u + 2*dn(u) = 1 + t at x = 0\nbc u = 5 at x = 2"
    found = point_field(text)
    lower, upper = found.model.walls
    at = points(1)

    def line(p: Tensor) -> Tensor:
        return (4 * p[..., 1] + p[..., 0])[..., None]

    t = at[..., 0]
    at[..., 1] = 0.0
    expected = (3 * t + 2 * (-4) - 1 - t) / math.sqrt(3**2 + (2 / 2) ** 2)
    assert torch.allclose(found.wall_residual(lower, Fields(line), at), expected)
    at[..., 1] = 2.0
    assert torch.allclose(found.wall_residual(upper, Fields(line), at), 8 + t - 5)


def test_gradients_by_parameters_and_weights_are_exact() -> None:
    text = "state u(x)\nparam a = fit 0.1\nlearned f(u) by mlp(3)\ndt(u) = dx((a + u^2)*dx(u)) + f"
    found = point_field(f"space x in [0, 1] periodic\n{text}")
    at, raw = points(1, 5), found.field.physical.get_parameter("raw.value_a")
    names = ["physical.raw.value_a", *(n for n, _ in found.field.named_parameters() if n.startswith("learned"))]

    def value(amplitude: Tensor, *numbers: Tensor) -> Tensor:
        before = dict(found.field.named_parameters())
        put = dict(zip(names, numbers, strict=True))

        class Whole(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.field = found.field

            def forward(self) -> Tensor:
                wave = Fields(lambda p: amplitude * torch.sin(2 * math.pi * p[..., 1:2] + p[..., :1]))
                return found.residual(wave, at)

        assert before.keys() >= put.keys()
        return torch.func.functional_call(Whole(), {f"field.{n}": v for n, v in put.items()}, ())  # type: ignore[no-any-return]

    start = [dict(found.field.named_parameters())[n].detach().clone().requires_grad_() for n in names]
    assert raw.requires_grad
    amplitude = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(value, (amplitude, *start))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("input f(t)\nstate u\nparam k = fit 1\ndt(u) = f - k*u", "`f` is known at the times of its series only"),
        (
            "space x in [0, 1] periodic\ngrid x = 16\nstate u(x)\nparam k = fit 1\ndt(u) = -k*u + mean(u)",
            "`mean(…)` is taken over the whole domain",
        ),
        (
            "space x in [0, 1] periodic\ngrid x = 16\nstate u(x)\nparam k(x) = fit 1\ndt(u) = k*dxx(u)",
            "the coefficient field `k` has values on the grid only",
        ),
        (
            "space x in [0, 1] periodic\ngrid x = 16\nstate u(x)\nlearned f(u) by conv(4)\ndt(u) = f",
            "the learned term `f` sees the whole grid or neighbours on it",
        ),
        (
            "space x in [0, 1] periodic\ngrid x = 16\nstate u(x)\nlearned f(history(u, 2)) by mlp(4)\ndt(u) = f",
            "past frames of `u` are known on the grid only",
        ),
        (
            "space x in [0, 1] periodic\ngrid x = 16\nstate u(x), p(x)\nparam k = fit 1\ndt(u) = -k*p\n0 = p - u for p",
            "`p` is solved for on the whole grid",
        ),
    ],
)
def test_what_has_no_value_at_a_point_is_named(text: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        point_field(text)
    assert caught.value.message == f"objective `collocation`: {words}"
    assert caught.value.help == "take an objective on the grid, such as `--objective derivative,rollout`"
