"""Walls and coefficients take the time of the stage: classic RK4 keeps its order 4 with whatever moves in time."""

from __future__ import annotations

import math

import pytest
import torch

from eqdsl.analysis.check import loads_model
from eqdsl.lowering.vector_field import compile_model
from eqdsl.numerics.integrators.integrate import integrate

WALLS = {
    "dirichlet": "u = sin(3*t)",
    "dirichlet, a(t)": "(2 + sin(2*t))*u = cos(3*t)",
    "neumann": "dn(u) = cos(4*t)",
    "robin": "u + 0.5*dn(u) = sin(3*t)",
    "robin, a(t), b(t)": "(1 + t)*u + (2 + cos(3*t))*dn(u) = sin(3*t)",
}


@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("position", ["cells", "nodes"])
@pytest.mark.parametrize("wall", WALLS)
def test_rk4_keeps_its_order_with_walls_that_move(wall: str, position: str, order: int) -> None:
    """On one grid, so that only the error of time is seen; a wall value of the step's begin would make it order 1."""
    field = compile_model(
        loads_model(
            f"space x in [0, 4]\ngrid x = 12 {position}\nscheme order = {order}\nstate u(x)\n"
            f"dt(u) = 0.05*dxx(u) + sin(2*t)*u - u^2\nbc {WALLS[wall]} at x = 0\nbc dn(u) + t*u = 1 at x = 4\n"
            "init u = x\n"
        )
    )
    times = torch.tensor([0.0, 1.0], dtype=torch.float64)
    with torch.no_grad():
        start = field.initial_state()
        exact = integrate(field, start, times, method="dopri8", rtol=1e-13, atol=1e-13)[:, -1]
        errors = [
            float((integrate(field, start, times, method="rk4", substeps=n)[:, -1] - exact).abs().max())
            for n in (20, 40, 80)
        ]
    assert math.log2(errors[1] / errors[2]) == pytest.approx(4, abs=0.2)
