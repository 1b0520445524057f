"""Derivatives through ``0 = … for p``: against difference quotients, in both modes, and in a fit."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.func import functional_call, jvp

from eqdsl.analysis.check import loads_model
from eqdsl.fitting.fit import fit
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.numerics.implicit import transpose_of
from eqdsl.simulation.rolling import simulate
from tests.fit.systems import quick

WALLED = "space x in [0, 1], y in [0, 2]\ngrid x = 8 nodes, y = 9\n"
MIXED = "space x in [0, 1], y in [0, 2] periodic\ngrid x = 8, y = 9\n"
CASES = {
    "modes": (WALLED, "k*lap(p) - c*p - u", ""),
    "modes, a constant open": (WALLED, "k*lap(p) - u", ""),
    "modes, walls that move": (WALLED, "k*lap(p) - u", "bc p = c*sin(x)*t at boundary\n"),
    "modes, one periodic axis": (MIXED, "k*lap(p) - c*p + dy(p) - u", ""),
    "conjugate gradients": (MIXED, "div((1 + k*u^2)*grad(p)) - c*u", ""),
    "GMRES": (
        WALLED,
        "div((1 + u^2)*grad(p)) + u*dx(p) - m*k*p - c*u",
        "bc p = c*sin(x) at x = 0, y = 2\nbc dn(p) + p = k*x at y = 0\n",
    ),
    "GMRES, a constant open": (WALLED, "div((1 + u^2)*grad(p)) + k*u*dy(p) - c*u", ""),
    "learned": (WALLED, "div((1 + f^2)*grad(p)) - g*c", "bc p = 0 at x = 0\n"),
    "point by point": (WALLED, "(1 + u^2)*p*k - c*u", ""),
}


def compiled(case: str) -> tuple[VectorField, Tensor]:
    space, equation, walls = CASES[case]
    learned = "learned f(u), g(u) by mlp(4)\n" if case == "learned" else ""
    field = compile_model(
        loads_model(
            f"{space}state u(x, y), p(x, y)\nparam k = fit 1.3\nparam c = fit 0.7\nparam m(x, y) = fit 1\n{learned}"
            f"dt(u) = p*u + dx(p)\n0 = {equation} for p\n{walls}"
        )
    )
    generator = torch.Generator().manual_seed(6)
    with torch.no_grad():
        for parameter in field.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, dtype=parameter.dtype, generator=generator)
    return field, torch.rand(2, 1, 8, 9, dtype=torch.float64, generator=generator)


@pytest.mark.filterwarnings("ignore:no `p` solves")
@pytest.mark.parametrize("case", CASES)
def test_gradients_are_those_of_the_solution(case: str) -> None:
    """States, parameters in operator, right-hand side and walls, a coefficient field, learned terms: all at once."""
    field, state = compiled(case)
    names = [name for name, _ in field.named_parameters()]
    values = [p.detach().clone().requires_grad_() for p in field.parameters()]

    def rate(u: Tensor, *weights: Tensor) -> Tensor:
        out: Tensor = functional_call(field, dict(zip(names, weights, strict=True)), (torch.tensor(0.3), u))
        return out

    inputs = (state.clone().requires_grad_(), *values)
    assert torch.autograd.gradcheck(rate, inputs, eps=1e-6, atol=1e-6, rtol=1e-5, fast_mode=True)


@pytest.mark.filterwarnings("ignore:no `p` solves")
@pytest.mark.parametrize("case", CASES)
def test_forward_mode_agrees_with_reverse_mode(case: str) -> None:
    """<v, J w> = <J^T v, w>: reports use forward mode, fits reverse mode."""
    field, state = compiled(case)
    generator = torch.Generator().manual_seed(7)
    weights = {n: p.detach() for n, p in field.named_parameters()}
    change = {n: torch.randn(p.shape, dtype=p.dtype, generator=generator) for n, p in weights.items()}
    _, moved = jvp(lambda w: functional_call(field, w, (0.3, state)), (weights,), (change,))
    probe = torch.randn(moved.shape, dtype=moved.dtype, generator=generator)
    for parameter in field.parameters():
        parameter.grad = None
    (field(0.3, state) * probe).sum().backward()
    there = sum(float((p.grad * change[n]).sum()) for n, p in field.named_parameters() if p.grad is not None)
    assert there == pytest.approx(float((moved * probe).sum()), rel=1e-8, abs=1e-9)


def test_a_transposed_map() -> None:
    matrix = torch.randn(5, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(8))
    vectors = torch.eye(5, dtype=torch.float64)
    assert torch.equal(transpose_of(lambda v: v @ matrix.T, vectors)(vectors), vectors @ matrix)


def test_without_gradients_nothing_is_recorded() -> None:
    field, state = compiled("GMRES")
    with torch.no_grad():
        assert not field(0.0, state).requires_grad


CHEMOTAXIS = """\
space x in [0, 1]
grid x = 12
state n(x), c(x)
param chi = fit {chi} in (0, 10)
param decay = fit {decay} in (0, 50)
dt(n) = 0.05*dxx(n) - dx(chi*n*dx(c))
0 = {operator} - decay*c + n for c
"""


def starts(field: VectorField) -> Tensor:
    x = field.grid.coordinates()["x"]
    shapes = ((0.5, 0), (0, 0.6), (0.3, -0.4))
    return torch.as_tensor(np.stack([1 + a * np.cos(np.pi * x) + b * np.cos(2 * np.pi * x) for a, b in shapes]))[
        :, None
    ]


def test_a_fit_recovers_parameters_on_both_sides_of_the_solution() -> None:
    """One parameter beside c, one inside its own equation; only n is in the data."""
    truth = compile_model(loads_model(CHEMOTAXIS.format(chi=2.0, decay=8.0, operator="dxx(c)")))
    done = simulate(truth, np.linspace(0, 0.3, 4), initial=starts(truth), method="rk4", step=0.05)
    assert done.trajectories.channels == ("n",)
    model = loads_model(CHEMOTAXIS.format(chi=1.0, decay=4.0, operator="dxx(c)"))
    config = quick("data.validation=0", "optimizer.steps=10", "integrator.substeps=2", "optimizer.windows=8")
    run = fit(model, done.trajectories, config=config)
    assert run.state["parameters"]["chi"] == pytest.approx(2.0, rel=0.01)
    assert run.state["parameters"]["decay"] == pytest.approx(8.0, rel=0.01)


def test_a_search_recovers_parameters_through_an_iteration() -> None:
    operator = "dx((1 + n)*dx(c))"
    truth = compile_model(loads_model(CHEMOTAXIS.format(chi=2.0, decay=8.0, operator=operator)))
    field = compile_model(loads_model(CHEMOTAXIS.format(chi=1.0, decay=4.0, operator=operator)))
    state = starts(truth)
    goal = truth(0.0, state).detach()
    search = torch.optim.LBFGS(field.parameters(), max_iter=60, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        search.zero_grad()
        misfit = (field(0.0, state) - goal).square().mean()
        misfit.backward()
        return misfit

    search.step(loss)
    found = {name: float(value.detach()) for name, value in field.physical.values().items()}
    assert found == pytest.approx({"chi": 2.0, "decay": 8.0}, rel=0.01)
