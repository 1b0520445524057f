"""Rows of a batch have the numbers and functions of their own environment and trajectory, on every path."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from eqdsl.analysis.check import loads_model
from eqdsl.core.errors import DataError, UsageError
from eqdsl.data.trajectories import Trajectories
from eqdsl.lowering.members import Members
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.numerics.grid import grid_from_model
from eqdsl.numerics.integrators.integrate import integrate

ENVIRONMENTS = np.array([7, 3, 3, 7, 5])
MEMBERS = Members((3, 5, 7), (0, 1, 2, 3, 4))

ODE = """
state x, y
param k per environment = fit 1 in (0, 3)
param m per trajectory = fit 1
{learned}
dt(x) = k*x + f
dt(y) = m*y - x*y
"""
SPACE = """
space x in [0, 1] periodic, y in [0, 1]
grid x = 8, y = 7
state u(x, y)
param D per environment = fit 0.1 in (0, 1)
param r(x, y) per environment = fit 1
param h per trajectory = fit 1 in (0, 4)
{learned}
dt(u) = D*lap(u) + r*u - u^3 + f
bc dn(u) + h*u = 0 at y = 0
"""
LEARNED = {
    "mlp": "learned f(x, y) per environment by mlp(5)",
    "with a value": "learned f(x, y) per environment by mlp(5) with f(0, 0) = 0",
    "in a range": "learned f(x, y) per environment by mlp(5) with f in [0, 1]",
    "monotone": "learned f(x, y) per environment by mlp(5) with increasing(x)",
    "poly": "learned f(x, y) per environment by poly(2)",
    "library": "learned f(x, y) per environment by library(2)",
    "adapting": "learned f(x, y) adapts environment by mlp(5, 4, context = 3)",
    "adapting first layer": "learned f(x, y) adapts environment by mlp(5, adapt = first) with odd(x)",
}
LEARNED_IN_SPACE = {
    "pointwise": "learned f(u) per environment by mlp(5)",
    "neighbourhood": "learned f(u) per environment by conv(3)",
    "adapting neighbourhood": "learned f(u) adapts environment by conv(3) with f(0) = 0",
}


def fitted(text: str, members: Members = MEMBERS, kernels: bool | None = None) -> VectorField:
    """A vector field whose numbers and weights are drawn at random."""
    model = loads_model(text)
    grid = grid_from_model(model) if model.axes else None
    field = compile_model(model, grid=grid, members=members, kernels=kernels)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in field.parameters():
            parameter.copy_(0.5 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    return field


def rows_of(field: VectorField) -> Trajectories:
    """Five trajectories of three environments."""
    state = np.zeros((5, 1, len(field.model.channels), *field.grid.shape))
    return Trajectories(
        np.zeros((5, 1)), state, np.ones(5, int), field.model.channel_names, environment=ENVIRONMENTS,
        number=np.arange(5),
    )  # fmt: skip


def states(field: VectorField) -> torch.Tensor:
    shape = (5, len(field.model.channels), *field.grid.shape)
    return torch.rand(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize(
    "text",
    [*(ODE.format(learned=v) for v in LEARNED.values()), *(SPACE.format(learned=v) for v in LEARNED_IN_SPACE.values())],
    ids=[*LEARNED, *LEARNED_IN_SPACE],
)
def test_a_row_of_a_batch_is_what_it_is_alone(text: str) -> None:
    field = fitted(text)
    driven, state = field.driven(rows_of(field)), states(field)
    together = driven(0.0, state)
    alone = torch.cat([driven.of_rows(torch.tensor([i]))(0.0, state[i : i + 1]) for i in range(5)])
    torch.testing.assert_close(together, alone, rtol=1e-12, atol=1e-12)
    # Rows of one environment differ by the state and by the trajectory alone, others by the environment too.
    same = driven.of_rows(torch.tensor([1, 2, 0]))(0.0, state[:1].expand(3, *state.shape[1:]))
    assert torch.equal(same[0, 0], same[1, 0]) == (field.model.dimension == 0)
    assert not torch.allclose(same[0, 0], same[2, 0])


@pytest.mark.parametrize("learned", LEARNED.values(), ids=LEARNED)
def test_gradients_reach_each_members_own_numbers(learned: str) -> None:
    field = fitted(ODE.format(learned=learned))
    driven, state = field.driven(rows_of(field)).of_rows(torch.tensor([1, 2])), states(field)[:2]
    driven(0.0, state).sum().backward()
    slope = field.physical.raw["value_k"].grad
    assert slope is not None
    assert slope[0] != 0
    assert slope[1:].tolist() == [0.0, 0.0]
    own = field.physical.raw["value_m"].grad
    assert own is not None
    assert own.nonzero().flatten().tolist() == [1, 2]


def test_the_gradient_of_batched_networks_is_that_of_finite_differences() -> None:
    field = fitted(ODE.format(learned=LEARNED["mlp"]))
    driven = field.driven(rows_of(field))
    names = [name for name, _ in field.learned.named_parameters()]

    def rates(state: torch.Tensor, *weights: torch.Tensor) -> torch.Tensor:
        changed = {f"learned.{name}": weight for name, weight in zip(names, weights, strict=True)}
        found: torch.Tensor = torch.func.functional_call(driven, changed, (0.0, state))
        return found

    weights = [w.detach().clone().requires_grad_() for _, w in field.learned.named_parameters()]
    assert torch.autograd.gradcheck(rates, (states(field).requires_grad_(), *weights))


KNOWN = SPACE.replace(" + f", "").format(learned="")


@pytest.mark.parametrize(
    "text",
    [KNOWN, KNOWN.replace("r*u", "r*u*cos(9*t)"), *(SPACE.format(learned=v) for v in LEARNED_IN_SPACE.values())],
    ids=["known", "known in time", *LEARNED_IN_SPACE],
)
def test_compiled_kernels_take_numbers_of_each_row(text: str) -> None:
    plain, fast = fitted(text, kernels=False), fitted(text, kernels=True)
    assert fast.fused.ready(states(fast))
    results = []
    for field in (plain, fast):
        driven = field.driven(rows_of(field))
        times = torch.linspace(0, 0.01, 3, dtype=torch.float64)
        rolled = integrate(driven, states(field), times, method="rk4", substeps=2)
        slopes = torch.autograd.grad(rolled.square().sum(), list(field.parameters()), allow_unused=True)
        with torch.no_grad():
            without = integrate(driven, states(field), times, method="rk4", substeps=2)
        results.append([rolled, without, *(s for s in slopes if s is not None)])
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)


def test_steps_of_an_ode_by_its_kernel_give_way_to_torch() -> None:
    text = ODE.format(learned="learned f(x, y) by mlp(5)")
    plain, fast = fitted(text, kernels=False), fitted(text, kernels=True)
    assert fast.ode.plan is not None
    times = torch.linspace(0, 1, 4, dtype=torch.float64)
    one, other = (integrate(f.driven(rows_of(f)), states(f), times, method="dopri5") for f in (plain, fast))
    torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


def test_a_number_of_each_environment_is_no_part_of_the_linear_operator() -> None:
    text = "space x in [0, 1] periodic\ngrid x = 16\nstate u(x)\nparam D per environment = fit 0.1 in (0, 1)\n"
    field = fitted(text + "param c = fit 0.1 in (0, 1)\ndt(u) = (c + D)*dxx(u) - c*u\n")
    driven, times = field.driven(rows_of(field)), torch.linspace(0, 0.05, 2, dtype=torch.float64)
    exact = integrate(driven, states(field), times, method="rk4", substeps=200)
    torch.testing.assert_close(
        integrate(driven, states(field), times, method="etdrk4", substeps=100), exact, rtol=1e-6, atol=1e-7
    )


def test_an_elliptic_equation_is_solved_with_each_rows_coefficient() -> None:
    text = "space x in [0, 1] periodic\ngrid x = 16\nstate u(x), p(x)\nparam a per environment = fit 1 in (0, 3)\n"
    field = fitted(text + "dt(u) = p\n0 = dxx(p) - a*p - u for p\n")
    driven, state = field.driven(rows_of(field)), states(field)
    alone = torch.cat([driven.of_rows(torch.tensor([i]))(0.0, state[i : i + 1]) for i in range(5)])
    torch.testing.assert_close(driven(0.0, state), alone, rtol=1e-9, atol=1e-11)


def test_without_environments_all_share_one_value() -> None:
    field = fitted(ODE.format(learned=LEARNED["mlp"]), Members())
    state = states(field)
    torch.testing.assert_close(field(0.0, state), field.driven(rows_of(field))(0.0, state), rtol=0, atol=1e-14)


def test_messages_say_whose_numbers_are_missing() -> None:
    field = fitted(ODE.format(learned=LEARNED["mlp"]))
    with pytest.raises(UsageError, match="`k` is another one in each of 3 environments, and whose is not said"):
        field(0.0, states(field))
    strange = rows_of(field)
    object.__setattr__(strange, "environment", np.array([3, 8, 9, 8, 5]))
    with pytest.raises(DataError) as caught:
        field.driven(strange)
    assert str(caught.value) == (
        "the environments 8, 9 are not among those of the fit, 3, 5, 7: `k` is another one in each environment\n"
        "  = help: fit what is their own first: `eqdsl adapt RUN DATA.h5 -o ADAPTED`"
    )
    object.__setattr__(strange, "environment", None)
    with pytest.raises(DataError, match="and the data hold no dataset `environment`"):
        field.driven(strange)
    object.__setattr__(strange, "environment", ENVIRONMENTS)
    object.__setattr__(strange, "number", None)
    with pytest.raises(DataError, match="`m` is another one in each trajectory, and these are other trajectories than"):
        field.driven(strange)
    with pytest.raises(UsageError, match="the environments are those of 5 trajectories, the state has 2"):
        field.driven(rows_of(field))(0.0, states(field)[:2])


def test_threads_evaluate_environments_at_the_same_time() -> None:
    text = "space x in [0, 1] periodic\ngrid x = 600\nstate u(x)\n{}\ndt(u) = f"
    for learned in ("learned f(u) per environment by mlp(8, 8)", "learned f(u) adapts environment by conv(3)"):
        field = fitted(text.format(learned), kernels=False)
        driven, state = field.driven(rows_of(field)), states(field)[:1]
        fields = [driven.of_rows(torch.tensor([row])) for row in (0, 1)]
        wanted = [one(0.0, state) for one in fields]

        def same(n: int, fields: list = fields, state: torch.Tensor = state, wanted: list = wanted) -> bool:
            return all(torch.equal(fields[n](0.0, state), wanted[n]) for _ in range(100))

        with ThreadPoolExecutor(2) as pool:
            assert all(pool.map(same, range(2)))
