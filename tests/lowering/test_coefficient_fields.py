"""Numbers on the grid as coefficients: what lies beyond walls is continued with the order of the scheme."""

from __future__ import annotations

import math

import pytest
import torch

from eqdsl.analysis.check import loads_model
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.numerics.ghosts import extrapolate
from tests.lowering.manufactured import OPERATORS, WALLS, exact_on, solved_error


def with_coefficients(wall: str, order: int, position: str, points: int) -> VectorField:
    """``div(k*grad(u)) - u`` between walls, k = 1 + x^2 a field of numbers."""
    value, left = WALLS[wall]
    model = loads_model(
        f"space x in [0, 1]\ngrid x = {points} {position}\nscheme order = {order}\nstate u(x)\nparam k(x) = 1\n"
        f"let source = {OPERATORS['div((1 + x^2)*grad(u)) - u']}\n"
        "dt(u) = div(k*grad(u)) - u - source\n"
        f"bc {left} = {value(0.0, -1)!r} at x = 0\nbc {left} = {value(1.0, 1)!r} at x = 1\n"
    )
    field = compile_model(model)
    x = torch.as_tensor(field.grid.coordinates()["x"])
    field.physical.get_buffer("value_k").copy_((1 + x**2)[None])
    return field


@pytest.mark.parametrize("position", ["cells", "nodes"])
@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("wall", WALLS)
def test_diffusion_with_a_field_of_coefficients_keeps_the_order(wall: str, order: int, position: str) -> None:
    errors = []
    for n in (40, 80):
        field = with_coefficients(wall, order, position, n + (position == "nodes"))
        errors.append(solved_error(field, exact_on(field)))
    assert math.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.2)


@pytest.mark.parametrize("order", [2, 4, 6])
def test_polynomials_are_continued_exactly(order: int) -> None:
    x = torch.arange(-3.0, 11.0, dtype=torch.float64)
    values = (x / 8 + 0.3) ** (order - 1)
    assert torch.allclose(extrapolate(values[3:-3], 0, 3, order), values, rtol=0, atol=1e-12)
