"""Steady manufactured problems: ``dt(u) = L(u) - L(exact)`` is zero at the exact solution, up to the scheme's error."""

from __future__ import annotations

import math

import numpy as np
import torch

from eqdsl.analysis.check import loads_model
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.numerics.grid import grid_from_model

PHASE = 0.4
WAVE = 1.3
EXACT = f"sin({WAVE}*x + {PHASE})"
SLOPE = f"{WAVE}*cos({WAVE}*x + {PHASE})"

WALLS = {
    "dirichlet": (lambda x, n: math.sin(WAVE * x + PHASE), "u"),
    "neumann": (lambda x, n: n * WAVE * math.cos(WAVE * x + PHASE), "dn(u)"),
    "robin": (
        lambda x, n: 0.7 * math.sin(WAVE * x + PHASE) + 1.5 * n * WAVE * math.cos(WAVE * x + PHASE),
        "0.7*u + 1.5*dn(u)",
    ),
}
OPERATORS = {
    "dxx(u) - u": f"-({WAVE}^2 + 1)*{EXACT}",
    "div((1 + x^2)*grad(u)) - u": f"2*x*{SLOPE} - (1 + x^2)*{WAVE}^2*{EXACT} - {EXACT}",
    "dxx(u) + 0.5*dx(u) - u": f"-({WAVE}^2 + 1)*{EXACT} + 0.5*{SLOPE}",
}


def wall_model(operator: str, wall: str, order: int, position: str, points: int) -> VectorField:
    """A 1-D steady problem on [0, 1] with the same kind of wall at both ends."""
    value, left = WALLS[wall]
    model = loads_model(
        f"space x in [0, 1]\ngrid x = {points} {position}\nscheme order = {order}\nstate u(x)\n"
        f"let source = {OPERATORS[operator]}\n"
        f"dt(u) = {operator} - source\n"
        f"bc {left} = {value(0.0, -1)!r} at x = 0\nbc {left} = {value(1.0, 1)!r} at x = 1\n"
    )
    return compile_model(model)


def solved_error(field: VectorField, exact: np.ndarray) -> float:
    """Largest error of the state at which the (affine) vector field vanishes."""
    shape = (1, 1, *field.grid.shape)
    size = math.prod(shape)

    def flat(state: torch.Tensor) -> torch.Tensor:
        return field(0.0, state.reshape(shape)).reshape(-1)

    zero = torch.zeros(size, dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(flat, zero).numpy()
    # Points on Dirichlet walls do not move: their rows are zero, their value is the wall's.
    free = np.abs(jacobian).sum(axis=1) > 0
    residual = flat(zero).detach().numpy()
    state = np.zeros(size)
    state[free] = np.linalg.solve(jacobian[np.ix_(free, free)], -residual[free])
    held = field.constrain(0.0, torch.as_tensor(state).reshape(shape)).detach().numpy()
    return float(np.abs(held[0, 0] - exact).max())


def exact_on(field: VectorField) -> np.ndarray:
    """The manufactured solution at the grid's points (1-D)."""
    return np.sin(WAVE * field.grid.coordinates()["x"] + PHASE)


def truncation_error(text: str, points: dict[str, int], state: object, rate: object) -> float:
    """Largest difference between the compiled right-hand side and a closed form, on a periodic grid."""
    model = loads_model(text)
    field = compile_model(model, grid=grid_from_model(model, points))
    mesh = np.meshgrid(*field.grid.coordinates().values(), indexing="ij")
    values = torch.as_tensor(state(*mesh))[None, None]  # type: ignore[operator]
    return float(np.abs(field(0.0, values)[0, 0].detach().numpy() - rate(*mesh)).max())  # type: ignore[operator]
