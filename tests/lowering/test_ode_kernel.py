"""Steps of an ODE by a kernel: what torch computes, states, gradients and higher derivatives; torch where it cannot."""

from __future__ import annotations

import math
import pickle

import pytest
import torch
from torch import Tensor

from eqdsl.analysis.check import load_model, loads_model
from eqdsl.core.errors import EqdslWarning
from eqdsl.core.native import CompilationFailed
from eqdsl.learned.native import use
from eqdsl.lowering.ode import kernel as kernels
from eqdsl.lowering.ode.field import OdeSteps
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.numerics.integrators.base import Effort
from eqdsl.numerics.integrators.dopri5 import DOPRI5
from eqdsl.numerics.integrators.integrate import integrate, rollout
from tests.lowering.test_fused import trained
from tests.lowering.test_good_models import GOOD

ODES = [p for p in GOOD if not load_model(p).axes]

TWICE = """
state theta, omega
param w = fit 0.5 in (0, 5)
param c = fit 0.1 in (0, 5)
learned f(theta, omega) by mlp(20, 30)
learned g(omega) by mlp(7)
dt(theta) = omega + 0.1*g(omega)*g(theta)
dt(omega) = -w^2*sin(theta) + f + c*cos(t)*omega/(1 + theta^2) - c
"""
"""Two terms, one of them called twice; the time; a parameter alone in a sum; widths that fill no vector."""

FUNCTIONS = """
state u, v
param a = fit 0.7 in (0, 5)
dt(u) = sqrt(1 + u^2) - max(u, v)*ifelse(u > v, u, v^3) + atan2(u, a) + tanh(v) + u^a + abs(v - 1) + erf(u)
dt(v) = exp(-u)*log(1 + a*v) + min(u, a) + sigmoid(v) + relu(u - v) + softplus(u) + asin(u/3) + heaviside(v) + u^-2
"""

TIMES = torch.linspace(0, 3, 5)


def field_of(text: str, kernels: bool | None = None, dtype: torch.dtype = torch.float64) -> VectorField:
    field = compile_model(loads_model(text), kernels=kernels, dtype=dtype)
    for term in field.terms_by_name.values():
        term.calibrate(0.1, 2.0, 0.7)
    return field


def state_of(field: VectorField, batch: int = 3) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    state = torch.rand(batch, len(field.model.channels), generator=generator, dtype=torch.float64)
    return (state * 0.8 + 0.1).to(field.dtype)


def run(field: VectorField, initial: Tensor, times: Tensor = TIMES, **options: object) -> tuple[Tensor, list[Tensor]]:
    """States and gradients of some function of them, those of the start first."""
    start, chosen = initial.clone().requires_grad_(), {"rtol": 1e-5, "atol": 1e-7, "method": "dopri5"} | options
    states = integrate(field, start, times, **chosen)  # type: ignore[arg-type]
    inputs = [start, *trained(field)]
    found = torch.autograd.grad((states * torch.cos(states)).sum(), inputs, allow_unused=True)
    return states.detach(), [torch.zeros_like(i) if g is None else g for i, g in zip(inputs, found, strict=True)]


def assert_close(found: list[Tensor], wanted: list[Tensor], tolerance: float) -> None:
    for a, b in zip(found, wanted, strict=True):
        assert (a - b).abs().max() <= tolerance * max(1.0, float(b.abs().max()))


def one_step(field: VectorField, state: Tensor, rate: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """A step of fixed length by the kernel, of each trajectory another one."""
    t = torch.linspace(0, 1, len(state), dtype=torch.float64)
    prepared = field.for_rollout(t[0], state)
    step = prepared.runge_kutta(DOPRI5.a, DOPRI5.c, DOPRI5.error, True, state)
    assert step is not None
    return step(t, 0.1 + 0.1 * t, state, rate)


@pytest.mark.parametrize("batch", [1, 33, 70])
@pytest.mark.parametrize(("text", "end"), [(TWICE, 3.0), (FUNCTIONS, 0.01)], ids=["twice", "functions"])
def test_states_and_gradients_are_torchs(text: str, end: float, batch: int) -> None:
    fast, plain = field_of(text, True), field_of(text, False)
    assert fast.ode.plan is not None
    initial = state_of(plain, batch)
    times = torch.linspace(0, end, 4)
    (found, gradients), (wanted, exact) = run(fast, initial, times), run(plain, initial, times)
    assert_close([found], [wanted], 1e-12)
    assert_close(gradients, exact, 1e-10)


@pytest.mark.parametrize("method", ["euler", "heun", "rk4", "ssprk3"])
@pytest.mark.parametrize("own_times", [False, True])
def test_fixed_steps_are_torchs(method: str, own_times: bool) -> None:
    fast, plain = field_of(TWICE, True), field_of(TWICE, False)
    initial = state_of(plain, 40)
    times = TIMES * torch.linspace(0.5, 1, 40, dtype=torch.float64)[:, None] if own_times else TIMES
    (found, gradients), (wanted, exact) = (run(f, initial, times, method=method, substeps=3) for f in (fast, plain))
    assert_close([found], [wanted], 1e-12)
    assert_close(gradients, exact, 1e-10)
    with torch.no_grad():
        again = integrate(fast, initial, times, method=method, substeps=3)
    assert torch.equal(again, found)


def test_in_single_precision() -> None:
    fast, plain = (field_of(TWICE, k, torch.float32) for k in (True, False))
    initial = state_of(plain, 25)
    (found, gradients), (wanted, exact) = run(fast, initial), run(plain, initial)
    assert_close([found], [wanted], 1e-5)
    assert_close(gradients, exact, 1e-4)


@pytest.mark.parametrize("path", ODES, ids=lambda p: p.stem)
def test_a_step_of_every_model_without_space(path) -> None:
    field = compile_model(load_model(path), kernels=True)
    plain = compile_model(load_model(path), kernels=False)
    if field.ode.plan is None or field.reads:
        # What has no kernel is left to torch, and says so by this alone.
        assert OdeSteps(plain, False).plan is None
        return
    initial = state_of(plain)
    options = {"max_steps": 50, "rtol": 1e-3, "atol": 1e-3}
    times = torch.tensor([0.0, 1e-3])
    found, wanted = (integrate(f, initial, times, method="dopri5", **options) for f in (field, plain))
    assert_close([found], [wanted], 1e-12)


def test_gradcheck_of_a_step_twice() -> None:
    field = field_of("state u, v\nparam a = fit 0.7\nlearned f(u) by mlp(3)\ndt(u) = f + a*v\ndt(v) = -u*v*cos(a*t)\n")
    state, rate = (torch.rand(3, 2, dtype=torch.float64, requires_grad=True) for _ in range(2))

    def outputs(state: Tensor, rate: Tensor, *_: Tensor) -> tuple[Tensor, Tensor]:
        after, error, last = one_step(field, state, rate)
        assert not error.requires_grad
        return after, last

    inputs = (state, rate, *field.parameters())
    assert "_Step" in type(outputs(state, rate)[0].grad_fn).__name__
    assert torch.autograd.gradcheck(outputs, inputs)
    assert torch.autograd.gradgradcheck(outputs, inputs)


def test_second_derivatives_through_many_steps() -> None:
    found = []
    for choice in (True, False):
        field = field_of(TWICE, choice)
        start = state_of(field).requires_grad_()
        states = integrate(field, start, TIMES, method="dopri5", rtol=1e-4, atol=1e-4)
        inputs = [start, *field.parameters()]
        first = torch.autograd.grad((states**2).sum(), inputs, create_graph=True)
        found.append(list(torch.autograd.grad(sum((g**2).sum() for g in first), inputs)))
    assert_close(*found, 1e-10)


def test_memory_and_threads_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    field = field_of(TWICE, True)
    initial = state_of(field, 150)
    state, gradients = run(field, initial)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        others = [run(field, initial)]
    finally:
        torch.set_num_threads(threads)
    others.append(run(field, initial, memory="checkpoint"))
    monkeypatch.setattr(kernels, "MOST_KEPT", 0)
    others.append(run(field, initial))
    for other, gradients_of_other in others:
        assert torch.equal(state, other)
        assert all(torch.equal(a, b) for a, b in zip(gradients, gradients_of_other, strict=True))


def test_an_undefined_attempt_leaves_no_trace_in_gradients() -> None:
    field, effort = (
        field_of("state u\nparam a = fit 1\nlearned f(u) by mlp(4)\ndt(u) = -a*sqrt(u) + 1e-4*f + 1e-3\n"),
        Effort(),
    )
    start = torch.tensor([[1e-3], [4.0], [0.5]], dtype=torch.float64, requires_grad=True)
    *_, last = rollout(field, start, TIMES, method="dopri5", rtol=1e-4, atol=1e-5, effort=effort)
    # Attempts with an undefined row are taken again without it.
    assert effort.evaluations > 2 + 6 * effort.steps
    assert all(g.isfinite().all() for g in torch.autograd.grad(last.sum(), [start, *field.parameters()]))


@pytest.mark.parametrize("choice", [True, False])
def test_a_step_costs_six_calls(choice: bool) -> None:
    field, effort = field_of(TWICE, choice), Effort()
    list(rollout(field, state_of(field), TIMES, method="dopri5", rtol=1e-5, atol=1e-7, effort=effort))
    assert effort.evaluations == 2 + 6 * effort.steps


def offered(field: VectorField, state: Tensor | None = None) -> bool:
    state = state_of(field) if state is None else state
    prepared = field.for_rollout(torch.tensor(0.0), state)
    return prepared.runge_kutta(DOPRI5.a, DOPRI5.c, DOPRI5.error, True, state) is not None


def test_the_rule() -> None:
    plain = "state u\nparam a = fit 1\ndt(u) = -a*u\n"
    learned = "state u\nlearned f(u) by mlp(4)\ndt(u) = f\n"
    assert offered(field_of(learned)) and not offered(field_of(learned, False))
    assert offered(field_of(plain, True)) and not offered(field_of(plain))
    assert not offered(field_of("state u\nlearned f(u) by mlp(4) with f(0) = 0\ndt(u) = f\n", True))
    assert not offered(field_of("state u\nlearned f(u) by library(2)\ndt(u) = f\n", True))


def test_hooks_on_a_term_hear_every_call() -> None:
    field, calls = field_of("state u\nlearned f(u) by mlp(4)\ndt(u) = f\n"), []
    field.learned["term_f"].register_forward_hook(lambda *_: calls.append(1))
    integrate(field, state_of(field), TIMES, method="dopri5", rtol=1e-3, atol=1e-3)
    assert len(calls) > 6


def test_a_batch_of_weights_goes_through_torch() -> None:
    field = field_of("state u\nlearned f(u) by mlp(4)\ndt(u) = f\n")
    names = dict(field.named_parameters())
    many = {n: torch.stack([p.detach(), 2 * p.detach()]) for n, p in names.items()}
    state = state_of(field, 1)

    def last(parameters: dict[str, Tensor]) -> Tensor:
        assert not offered(field, state)
        return torch.func.functional_call(field, parameters, (0.0, state))

    assert torch.func.vmap(last)(many).shape == (2, 1, 1)


def test_without_a_compiler_torch_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise CompilationFailed("the compiler refused the kernel: it is a test")

    monkeypatch.setattr(kernels, "load", refuse)
    use._tell.cache_clear()
    field = field_of(TWICE)
    with pytest.warns(EqdslWarning, match="it is a test"):
        found = run(field, state_of(field))
    wanted = run(field_of(TWICE, False), state_of(field))
    assert torch.equal(found[0], wanted[0])


def test_what_takes_a_networks_place_is_evaluated() -> None:
    """Inspection puts formulas there, users their own modules."""

    class Twice(torch.nn.Module):
        radius, channel_axis = 0, -1

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            return 2 * inputs

    model = loads_model("state u\nlearned f(u) by mlp(8, 8)\ndt(u) = f\ninit u = 1")
    field = compile_model(model)
    field.learned["term_f"] = Twice()
    end = integrate(field, field.initial_state(), torch.tensor([0.0, 1.0]), method="dopri5", rtol=1e-10, atol=1e-10)
    assert float(end[0, -1, 0]) == pytest.approx(math.exp(2), rel=1e-8)


def test_a_field_is_pickled_after_its_kernel_was_used() -> None:
    model = loads_model("state u\nlearned f(u) by mlp(8, 8)\ndt(u) = f - u\ninit u = 1")
    field = compile_model(model)
    times = torch.tensor([0.0, 1.0])
    end = integrate(field, field.initial_state(), times)
    again = pickle.loads(pickle.dumps(field))
    assert torch.equal(integrate(again, again.initial_state(), times), end)
