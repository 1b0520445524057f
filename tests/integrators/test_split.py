"""Methods that treat the linear part apart: order, stiff problems, gradients, what they refuse."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from eqdsl.analysis.check import loads_model
from eqdsl.core.errors import ComputationError, UsageError
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.numerics.integrators.base import Effort
from eqdsl.numerics.integrators.imex import ImexTableau
from eqdsl.numerics.integrators.integrate import integrate, rollout
from eqdsl.numerics.integrators.table import METHODS
from eqdsl.simulation import simulate

IMEX = {name: m for name, m in METHODS.items() if isinstance(m, ImexTableau)}
SPLIT = [*IMEX, "etdrk4"]
REACTION = "state u(x)\nparam k = 0.1\ndt(u) = k*dxx(u) + 3*{}*(1 - u^2)*cos(6*t)\ninit u = 0.5*{}(x)\n"
HELD = "bc u = 0 at boundary\n"
PROBLEMS = {
    "periodic": "space x in [0, 2*pi] periodic\ngrid x = 16\n" + REACTION.format("(u + 0.5)", "sin"),
    "closed": "space x in [0, pi]\ngrid x = 16\n" + REACTION.format("(u + 0.5)", "cos"),
    "held on nodes": "space x in [0, pi]\ngrid x = 17 nodes\n" + REACTION.format("2*u", "sin") + HELD,
    "held on cells": "space x in [0, pi]\ngrid x = 16\n" + REACTION.format("2*u", "sin") + HELD,
    "wave": "space x in [0, 2*pi] periodic\ngrid x = 16\nstate w(x)\ndtt(w) = dxx(w) - 0.1*dt(w) - w^3 + sin(t)*w\n"
    "init w = sin(x)\ninit dt(w) = 0\n",
}
STEPS = {"imex_euler": (128, 256), "ars222": (128, 256), "ars443": (64, 128), "etdrk4": (64, 128)}
SPAN = torch.tensor([0.0, 1.0], dtype=torch.float64)


def compiled(text: str) -> VectorField:
    return compile_model(loads_model(text))


@cache
def solved(problem: str) -> tuple[VectorField, Tensor]:
    """The field, and its state at the last time by an explicit method with small steps."""
    field = compiled(PROBLEMS[problem])
    with torch.no_grad():
        return field, integrate(field, field.initial_state(), SPAN, method="rk4", substeps=800)[:, -1]


@pytest.mark.parametrize("name", IMEX)
def test_tableaux_are_consistent(name: str) -> None:
    """Both tables have the same stage times, and the last stage is the step."""
    tableau = IMEX[name]
    assert [sum(row) + tableau.gamma for row in tableau.implicit] == pytest.approx(list(tableau.c))
    assert [sum(row) for row in tableau.explicit] == pytest.approx(list(tableau.c))
    assert tableau.c[-1] == 1.0


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("method", SPLIT)
def test_observed_order(method: str, problem: str) -> None:
    field, exact = solved(problem)
    with torch.no_grad():
        errors = [
            float((integrate(field, field.initial_state(), SPAN, method=method, substeps=n)[:, -1] - exact).abs().max())
            for n in STEPS[method]
        ]
    assert math.log2(errors[0] / errors[1]) == pytest.approx(METHODS[method].order, abs=0.1)


def test_a_linear_model_is_solved_exactly_by_the_exponential_method() -> None:
    """Whatever the step: telegraph's equation on one mode, one step."""
    field = compiled(
        "space x in [0, 2*pi] periodic\ngrid x = 32\nstate w(x)\ndtt(w) = dxx(w) - 0.2*dt(w)\n"
        "init w = sin(x)\ninit dt(w) = 0\n"
    )
    start = field.initial_state()
    end = integrate(field, start, 5 * SPAN, method="etdrk4")[0, -1, 0]
    rate = (2 - 2 * math.cos(math.pi / 16)) / (math.pi / 16) ** 2
    omega = math.sqrt(rate - 0.01)
    factor = math.exp(-0.5) * (math.cos(5 * omega) + 0.1 / omega * math.sin(5 * omega))
    torch.testing.assert_close(end, factor * start[0, 0], rtol=0, atol=1e-12)


FISHER = (
    "space x in [0, 40] periodic\ngrid x = 256 nodes\nstate u(x)\n"
    "dt(u) = dxx(u) + u*(1 - u)\ninit u = exp(-(x - 20)^2)\n"
)
EXPLICIT_LIMIT = (40 / 256) ** 2 / 2
FIVE_TIMES = 5 * EXPLICIT_LIMIT


def relative_error(field: VectorField, until: float, exact: Tensor, method: str, step: float) -> float:
    end = simulate(field, [0.0, until], method=method, step=step).trajectories.state[:, -1]
    return float(np.linalg.norm(end - exact.numpy()) / np.linalg.norm(exact))


@pytest.fixture(scope="module")
def fisher() -> tuple[VectorField, Tensor]:
    field = compiled(FISHER)
    with torch.no_grad():
        return field, integrate(field, field.initial_state(), 8 * SPAN, method="rk4", step=EXPLICIT_LIMIT / 2)[:, -1]


@pytest.mark.parametrize(
    ("method", "most"), [("imex_euler", 1.4e-2), ("ars222", 2e-3), ("ars443", 1e-4), ("etdrk4", 1e-5)]
)
def test_fisher_kpp_at_five_times_the_explicit_limit(
    fisher: tuple[VectorField, Tensor], method: str, most: float
) -> None:
    assert relative_error(*fisher[:1], 8.0, fisher[1], method, FIVE_TIMES) <= most


@pytest.mark.parametrize("method", ["euler", "rk4"])
def test_explicit_methods_at_that_step_end_in_words_that_name_another(
    fisher: tuple[VectorField, Tensor], method: str
) -> None:
    with pytest.raises(ComputationError, match=r"grows beyond all bounds") as caught:
        simulate(fisher[0], [0.0, 8.0], method=method, step=FIVE_TIMES)
    limit = METHODS[method].reach / 4 * (40 / 256) ** 2
    assert f"try `--method ars222`: the diffusion limit of {method} is about {limit:.2g}" in str(caught.value)


STIFF = {
    "Kuramoto-Sivashinsky": (
        "space x in [0, 22] periodic\ngrid x = 64\nstate u(x)\ndt(u) = -u*dx(u) - dxx(u) - d(u, x, 4)\n"
        "init u = cos(2*pi*x/22)*(1 + sin(2*pi*x/22))\n", 4.0, 1e-5,
    ),
    "Gray-Scott": (
        "space x in [0, 1] periodic\ngrid x = 256\nstate u(x), v(x)\nparam F = 0.04\nparam k = 0.06\n"
        "dt(u) = 3e-4*dxx(u) - u*v^2 + F*(1 - u)\ndt(v) = 1e-5*dxx(v) + u*v^2 - (F + k)*v\n"
        "init u = 1 - 0.5*exp(-200*(x - 0.5)^2)\ninit v = 0.25*exp(-200*(x - 0.5)^2)\n", 20.0, 5e-5,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STIFF)
def test_etdrk4_at_twenty_times_the_explicit_limit(name: str) -> None:
    text, until, most = STIFF[name]
    field = compiled(text)
    limit = METHODS["rk4"].reach / field.linear_part().fastest_decay()
    with torch.no_grad():
        exact = integrate(field, field.initial_state(), until * SPAN, method="rk4", step=0.9 * limit)[:, -1]
    assert relative_error(field, until, exact, "etdrk4", 20 * limit) <= most
    with pytest.raises(ComputationError):
        simulate(field, [0.0, until], method="rk4", step=1.5 * limit)


class Rollout(nn.Module):
    """The end of a rollout as a function of the fitted parameters."""

    def __init__(self, field: VectorField, method: str, times: Tensor) -> None:
        super().__init__()
        self.field, self.method, self.times = field, method, times

    def forward(self, start: Tensor) -> Tensor:
        return integrate(self.field, start, self.times, method=self.method)[:, 1:]


GRADIENTS = {
    "one channel": "space x in [0, 1] periodic\ngrid x = 6\nstate u(x)\nparam k = fit 0.02\n"
    "dt(u) = k*dxx(u) + k*u*(1 - u)\n",
    "coupled": "space x in [0, 1]\ngrid x = 6\nstate u(x), v(x)\nparam k = fit 0.02\n"
    "dt(u) = k*dxx(u) + k*v\ndt(v) = k*dxx(v) - u^2\n",
    "a wall with the parameter": "space x in [0, 1]\ngrid x = 6\nstate u(x)\nparam k = fit 0.02\n"
    "dt(u) = dxx(u)/10 - u^2\nbc dn(u) + k*u = 0 at x = 0\n",
}


@pytest.mark.parametrize("times", [SPAN, torch.tensor([[0.0, 0.4, 1.0], [0.0, 0.3, 0.5]])], ids=["shared", "own times"])
@pytest.mark.parametrize("model", GRADIENTS)
@pytest.mark.parametrize("method", SPLIT)
def test_gradients_are_those_of_the_discrete_solution(method: str, model: str, times: Tensor) -> None:
    field = compiled(GRADIENTS[model])
    module, name = Rollout(field, method, times), "field.physical.raw.value_k"
    shape = (2, len(field.model.channels), 6)
    start = torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    raw = dict(module.named_parameters())[name].detach().clone().requires_grad_()

    def end(start: Tensor, raw: Tensor) -> Tensor:
        return torch.func.functional_call(module, {name: raw}, (start,))

    assert torch.autograd.gradcheck(end, (start, raw), atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("method", SPLIT)
def test_times_per_trajectory_equal_separate_runs(method: str) -> None:
    field = compiled(PROBLEMS["wave"])
    start = torch.cat([field.initial_state(), 0.5 * field.initial_state()])
    times = torch.tensor([[0.0, 0.5, 1.0], [3.0, 3.2, 4.5]], dtype=torch.float64)
    together = integrate(field, start, times, method=method, substeps=3)
    for row in range(2):
        alone = integrate(field, start[row : row + 1], times[row], method=method, substeps=3)
        torch.testing.assert_close(together[row : row + 1], alone, rtol=0, atol=1e-12)


def test_single_precision_stays_single() -> None:
    field = compile_model(loads_model(FISHER), dtype=torch.float32)
    exact = integrate(compiled(FISHER), compiled(FISHER).initial_state(), SPAN, method="etdrk4", step=0.1)
    for method in SPLIT:
        found = integrate(field, field.initial_state(), SPAN, method=method, step=0.1)
        assert found.dtype == torch.float32
        assert float((found - exact).abs().max()) < (2e-2 if method == "imex_euler" else 1e-3)


def test_evaluations_are_those_of_the_stages() -> None:
    field = compiled(PROBLEMS["periodic"])
    for method, stages in {"imex_euler": 1, "ars222": 2, "ars443": 4, "etdrk4": 4}.items():
        calls, effort = 0, Effort()

        def count(*_: object) -> None:
            nonlocal calls
            calls += 1

        handle = field.register_forward_hook(count)
        list(rollout(field, field.initial_state(), SPAN, method=method, substeps=5, effort=effort))
        handle.remove()
        assert calls == effort.evaluations == 5 * stages


@pytest.mark.parametrize("method", SPLIT)
def test_ordinary_equations_have_a_linear_part_too(method: str) -> None:
    """A fast decay of which an explicit method would need 500 steps."""
    field = compiled("state u, v\nparam k = 1000\ndt(u) = -k*u + k*v\ndt(v) = -v^2\ninit u = 0\ninit v = 1\n")
    end = integrate(field, field.initial_state(), SPAN, method=method, substeps=40)[0, -1]
    assert end.tolist() == pytest.approx([0.5, 0.5], abs=1e-2)


@pytest.mark.parametrize("text", ["state u\ndt(u) = 10*u - u^3\ninit u = 1\n", "state u, v\n"
    "dt(u) = 10*u + v^3\ndt(v) = 10*v - u\ninit u = 1\ninit v = 0\n"])  # fmt: skip
def test_a_step_at_which_growth_has_no_next_value_ends_in_words(text: str) -> None:
    """Backward Euler on ``u' = 10 u`` divides by ``1 - 10 h``."""
    with pytest.raises(ComputationError, match="grows beyond all bounds near t = 0"):
        simulate(compiled(text), [0.0, 1.0], method="imex_euler", step=0.1)


@pytest.mark.parametrize("method", SPLIT)
def test_a_vector_field_without_a_linear_part_is_refused(method: str) -> None:
    with pytest.raises(UsageError, match=f"`{method}` treats the linear part.*does not tell") as caught:
        integrate(lambda t, u: -u, torch.ones(1, 1), SPAN, method=method)
    assert "dopri5" in str(caught.value)
    with pytest.raises(UsageError, match="no term of its equations is linear") as caught:
        integrate(compiled("state u\ndt(u) = -u^2\ninit u = 1\n"), torch.ones(1, 1).double(), SPAN, method=method)
    assert "dopri5" in str(caught.value)
