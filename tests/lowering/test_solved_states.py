"""States given by ``0 = … for p``: manufactured solutions, walls, constants left open, plain variables, failures."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
import torch

from eqdsl.analysis.check import loads_model
from eqdsl.core.errors import ComputationError, EqdslWarning
from eqdsl.lowering.solving import Problem
from eqdsl.lowering.vector_field import VectorField, compile_model

X, Y = "sin(1.3*x + 0.4)", "cos(0.9*y + 0.2)"
DX, DY = "1.3*cos(1.3*x + 0.4)", "(-0.9*sin(0.9*y + 0.2))"
LAPLACIAN = f"(-(1.3^2 + 0.9^2)*{X}*{Y})"
K, DKX, DKY = "(1 + 0.5*x*y)", "0.5*y", "0.5*x"
OPERATORS = {
    "lap(p)": LAPLACIAN,
    "2*lap(p) - 3*p": f"(2*{LAPLACIAN} - 3*{X}*{Y})",
    f"div({K}*grad(p))": f"({K}*{LAPLACIAN} + {DKX}*{DX}*{Y} + {DKY}*{X}*{DY})",
    f"lap(p) + 2*dx(p) - {K}*p": f"({LAPLACIAN} + 2*{DX}*{Y} - {K}*{X}*{Y})",
    "dxx(p) + dyy(p) + 0.3*dxy(p)": f"({LAPLACIAN} + 0.3*{DX}*{DY})",
}
WALLS = {
    "values": f"bc p = {X}*{Y} at boundary\n",
    "slopes": f"bc dn(p) = -{DX}*{Y} at x = 0\nbc dn(p) = {DX}*{Y} at x = 1\n"
    f"bc dn(p) = -{X}*{DY} at y = 0\nbc dn(p) = {X}*{DY} at y = 1\n",
    "mixed": f"bc p = {X}*{Y} at x = 0, y = 1\nbc dn(p) = {DX}*{Y} at x = 1\n"
    f"bc dn(p) + 2*p = -{X}*{DY} + 2*{X}*{Y} at y = 0\n",
}


def problem_of(field: VectorField) -> Problem:
    found = next(s.attributes[0] for s in field.program.steps if s.operation == "solve")
    assert isinstance(found, Problem)
    return found


def walled(operator: str, walls: str, order: int, position: str, points: int) -> VectorField:
    return compile_model(
        loads_model(
            f"space x in [0, 1], y in [0, 1]\ngrid x = {points} {position}, y = {points + 3} {position}\n"
            f"scheme order = {order}\nstate u(x, y), p(x, y)\ndt(u) = p\n"
            f"0 = {operator} - {OPERATORS[operator]} for p\n{WALLS[walls]}"
        )
    )


def error(field: VectorField) -> float:
    """Largest distance of p from the manufactured solution, a constant left open aside."""
    state = torch.zeros(1, 1, *field.grid.shape, dtype=torch.float64)
    found = field.solved(0.0, state)["p"][0].detach().numpy()
    x, y = np.meshgrid(*field.grid.coordinates().values(), indexing="ij")
    distance = found - np.sin(1.3 * x + 0.4) * np.cos(0.9 * y + 0.2)
    if field.model.solved[0].up_to_constant:
        distance = distance - distance.mean()
    return float(np.abs(distance).max())


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("walls", WALLS)
@pytest.mark.parametrize(("order", "position"), [(2, "cells"), (2, "nodes"), (4, "cells"), (4, "nodes")])
def test_a_manufactured_solution_is_found_with_the_order_of_the_scheme(
    operator: str, walls: str, order: int, position: str
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", EqdslWarning)
        coarse, fine = (error(walled(operator, walls, order, position, points)) for points in (16, 32))
    assert math.log2(coarse / fine) > order - 0.35
    assert fine < (5e-4 if order == 2 else 1e-6)


@pytest.mark.parametrize(
    ("operator", "walls", "order", "position", "how"),
    [
        ("lap(p)", "values", 4, "cells", "in the modes of its axes"),
        ("2*lap(p) - 3*p", "mixed", 2, "nodes", "in the modes of its axes"),
        (f"div({K}*grad(p))", "slopes", 2, "cells", "by conjugate gradients"),
        (f"div({K}*grad(p))", "values", 2, "nodes", "by conjugate gradients"),
        (f"div({K}*grad(p))", "values", 2, "cells", "by GMRES"),
        (f"lap(p) + 2*dx(p) - {K}*p", "slopes", 2, "cells", "by GMRES"),
    ],
)
def test_the_solver_is_chosen_by_operator_and_walls(
    operator: str, walls: str, order: int, position: str, how: str
) -> None:
    field = walled(operator, walls, order, position, 12)
    assert str(problem_of(field)).endswith(f"solved {how}")
    assert how in str(field.program)


@pytest.mark.parametrize("symmetric", [True, False])
def test_an_operator_said_to_be_symmetric_is(symmetric: bool) -> None:
    """The matrix itself, column by column, for the choice between conjugate gradients and GMRES."""
    operator = f"div({K}*grad(p))" if symmetric else f"lap(p) + 2*dx(p) - {K}*p"
    field = walled(operator, "slopes", 2, "cells", 6)
    matrix = torch.linalg.inv(_inverse_matrix(field))
    assert problem_of(field).symmetric == symmetric
    assert torch.allclose(matrix, matrix.T, atol=1e-6 * float(matrix.abs().max())) == symmetric


def _inverse_matrix(field: VectorField) -> torch.Tensor:
    """dp/df of ``A p - f = 0`` on all points, with a multiple of the identity where a constant is open."""
    model = field.model
    text = model.source.text.replace(" for p", " - u for p")
    other = compile_model(loads_model(text.replace("0 = ", "0 = -5*p + ", 1)), grid=field.grid)
    size = math.prod(field.grid.shape)
    zero = torch.zeros(1, 1, *field.grid.shape, dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(lambda u: other(0.0, u), zero)
    return jacobian.reshape(size, size)


PERIODIC = "space x in [0, 2*pi] periodic, y in [0, 1]\nstate u(x, y), p(x, y)\ndt(u) = p\n"


@pytest.mark.parametrize("points", [(16, 12), (17, 13)], ids=["even", "odd"])
@pytest.mark.parametrize("order", [2, 4])
def test_a_wave_in_a_channel_of_one_periodic_axis(points: tuple[int, int], order: int) -> None:
    """``p_xx + p_yy + p_x = -2 cos(2x) …``: the stencils' own symbols divide each mode."""
    model = loads_model(
        f"{PERIODIC}grid x = {points[0]}, y = {points[1]}\nscheme order = {order}\n0 = lap(p) + dx(p) - p - u for p\n"
    )
    field = compile_model(model)
    state = torch.randn(3, 1, *points, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    p = field.solved(0.0, state)["p"]
    check = loads_model(
        f"space x in [0, 2*pi] periodic, y in [0, 1]\ngrid x = {points[0]}, y = {points[1]}\nscheme order = {order}\n"
        "state p(x, y)\ndt(p) = lap(p) + dx(p) - p\n"
    )
    assert torch.allclose(compile_model(check)(0.0, p[:, None])[:, 0], state[:, 0], rtol=0, atol=1e-10)


def test_three_dimensions_and_a_biharmonic_operator() -> None:
    head = "space x in [0, 1] periodic, y in [0, 2] periodic, z in [0, 1] periodic\ngrid x = 8, y = 9, z = 10\n"
    field = compile_model(loads_model(f"{head}state u(x, y, z), p(x, y, z)\ndt(u) = p\n0 = biharm(p) + p - u for p\n"))
    state = torch.randn(2, 1, 8, 9, 10, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    p = field.solved(0.0, state)["p"]
    check = compile_model(loads_model(f"{head}state p(x, y, z)\ndt(p) = biharm(p) + p\n"))
    assert torch.allclose(check(0.0, p[:, None])[:, 0], state[:, 0], rtol=0, atol=1e-9)


OPEN = "space x in [0, 1]\ngrid x = 16 {}\nstate u(x), p(x)\ndt(u) = p\n0 = {} - u for p\n"


@pytest.mark.parametrize("position", ["cells", "nodes"])
@pytest.mark.parametrize("operator", ["dxx(p)", "div((1 + u^2)*grad(p))"])
def test_an_open_constant_is_a_mean_of_zero_and_a_mean_of_the_rest_is_taken_off(position: str, operator: str) -> None:
    model = loads_model(OPEN.format(position, operator) + "law mean_p = integral(p) constant\n")
    assert model.solved[0].up_to_constant
    assert any("leave a constant open: its mean is 0" in d for d in model.defaults)
    field = compile_model(model)
    x = torch.as_tensor(field.grid.coordinates()["x"])
    balanced, shifted = torch.cos(math.pi * x)[None, None], 0.5 + torch.cos(math.pi * x)[None, None]
    with warnings.catch_warnings():
        warnings.simplefilter("error", EqdslWarning)
        p = field.solved(0.0, balanced)["p"]
        assert abs(float(field.laws(0.0, balanced)["mean_p"])) < 1e-12
    assert float(p.abs().max()) > 0.05
    with pytest.warns(EqdslWarning, match="no `p` solves `0 = .* has a mean, up to 0.5"):
        moved = field.solved(0.0, shifted)["p"]
    assert abs(float(field.laws(0.0, shifted)["mean_p"])) < 1e-12
    if operator == "dxx(p)":
        assert torch.allclose(moved, p, atol=1e-12)
    with warnings.catch_warnings():  # said once
        warnings.simplefilter("error", EqdslWarning)
        field.solved(0.0, shifted)


def test_a_plain_variable_and_a_point_by_point_equation_are_divided_out() -> None:
    model = loads_model(
        "space x in [0, 1]\ngrid x = 12\nstate u(x), p(x), m, q(x)\nparam k = 3\ndt(u) = p + m + dx(q)\n"
        "0 = k*m - mean(u) - t for m\n0 = (1 + u^2)*p - m*u for p\n0 = q - x for q\n"
    )
    field = compile_model(model)
    assert not any(s.operation == "solve" for s in field.program.steps)
    u = torch.linspace(0.1, 1, 12, dtype=torch.float64)[None, None].expand(2, 1, 12) * torch.tensor([[[1.0]], [[2.0]]])
    m = (u.mean(dim=2) + 0.6) / 3
    solved = field.solved(0.6, u)
    assert torch.allclose(solved["m"], m.expand(2, 12)) and torch.allclose(
        solved["p"], m * u[:, 0] / (1 + u[:, 0] ** 2)
    )
    # The slope of q is that of its closed walls: 1 inside, one half at the ends.
    rate = field(0.6, u)[:, 0] - solved["m"] - solved["p"]
    assert torch.allclose(rate[:, 1:-1], torch.ones(2, 10, dtype=torch.float64))


def test_an_algebraic_equation_of_an_ordinary_model() -> None:
    field = compile_model(loads_model("state u\nstate c\nparam a = 2\ndt(u) = -c\n0 = a*c - u + (c - t)*u for c\n"))
    u = torch.tensor([[0.5], [3.0]], dtype=torch.float64)
    expected = u * (1 + 0.7) / (2 + u)
    assert torch.allclose(field(0.7, u), -expected)
    assert [d.axes for d in field.model.fields] == [(), ()]


def test_one_equation_reads_the_state_of_another_in_any_order() -> None:
    text = "space x in [0, 1]\ngrid x = 16\nstate u(x), p(x), q(x)\ndt(u) = q\n0 = dxx(q) - q - p for q\n"
    model = loads_model(f"{text}0 = dxx(p) - p - u for p\n")
    assert [s.channel.name for s in model.solved] == ["p", "q"]
    field = compile_model(model)
    x = torch.as_tensor(field.grid.coordinates()["x"])
    u = torch.cos(math.pi * x)[None, None]
    rate = 1 + (2 / field.grid.axes[0].spacing * math.sin(math.pi * field.grid.axes[0].spacing / 2)) ** 2
    assert torch.allclose(field(0.0, u), u / rate**2, atol=1e-12)


def test_float32_is_as_good_as_its_digits() -> None:
    field = walled(f"div({K}*grad(p))", "mixed", 2, "cells", 48)
    exact = field.solved(0.0, torch.zeros(1, 1, *field.grid.shape, dtype=torch.float64))["p"].detach()
    field = field.to(torch.float32)
    single = field.solved(0.0, torch.zeros(1, 1, *field.grid.shape))["p"].detach()
    assert single.dtype is torch.float32
    assert float((single - exact).abs().max()) < 1e-3 * float(exact.abs().max())


@pytest.mark.parametrize("factor", ["exp(6*sin(6*x))", "0.01 + u"], ids=["smooth, from 0.0025 to 403", "rough"])
def test_factors_of_many_sizes_converge(factor: str) -> None:
    """With the mean of the smooth factor alone, 1000 iterations do not do."""
    head = "space x in [0, 1], y in [0, 1]\ngrid x = 32, y = 32\n"
    text = f"{head}state u(x, y), p(x, y)\ndt(u) = p\n0 = div(({factor})*grad(p)) - 1 for p\nbc p = 0 at boundary\n"
    u = torch.rand(2, 1, 32, 32, dtype=torch.float64, generator=torch.Generator().manual_seed(11))
    p = compile_model(loads_model(text)).solved(0.0, u)["p"].detach()
    check = f"{head}state u(x, y), p(x, y)\ndt(u) = 0\ndt(p) = div(({factor})*grad(p)) - 1\nbc p = 0 at boundary\n"
    rest = compile_model(loads_model(check))(0.0, torch.stack([u[:, 0], p], dim=1))[:, 1]
    assert float(rest.abs().max()) < 1e-4


def test_no_single_solution_is_said_in_words() -> None:
    text = "space x in [0, 1] periodic\ngrid x = 16\nstate u(x), p(x)\ndt(u) = p\n0 = dx(p) - u for p\n"
    field = compile_model(loads_model(text))
    with pytest.raises(ComputationError, match="no single solution: its operator takes some `p` to 0"):
        field(0.0, torch.zeros(1, 1, 16, dtype=torch.float64))


def test_an_iteration_that_does_not_end_is_said_in_words() -> None:
    text = (
        "space x in [0, 1]\ngrid x = 12\nstate u(x), p(x)\ndt(u) = p\n0 = dx(u*dx(p)) - 1 for p\nbc p = 0 at boundary\n"
    )
    field = compile_model(loads_model(text))
    state = torch.zeros(1, 1, 12, dtype=torch.float64)
    state[..., :4] = 1.0  # no flux passes the rest: the equation has no solution there
    with pytest.raises(
        ComputationError, match=r"`0 = dx\(u\*dx\(p\)\) - 1 for p` was not solved: after \d+ iterations"
    ):
        field(0.0, state)


def test_what_is_not_finite_comes_out_as_not_finite() -> None:
    field = walled(f"div({K}*grad(p))", "values", 2, "cells", 12)
    text = field.model.source.text.replace(" for p", " - log(u) for p")
    other = compile_model(loads_model(text))
    assert torch.isnan(other(0.0, torch.full((1, 1, 12, 15), -1.0, dtype=torch.float64))).any()
