"""Steps that are captured and replayed are the same steps; a tape of torch's operations stands in for a CUDA graph."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from eqdsl.analysis.check import loads_model
from eqdsl.lowering.vector_field import compile_model
from eqdsl.numerics.grid import grid_from_model
from eqdsl.numerics.integrators import explicit, fixed_step, replay
from eqdsl.numerics.integrators.explicit import ExplicitTableau
from eqdsl.numerics.integrators.integrate import integrate
from eqdsl.numerics.integrators.table import METHODS
from tests.integrators.test_synchronisation import WAVE

TIMES = torch.tensor([0.0, 0.02, 0.04, 0.07], dtype=torch.float64)


class Tape(TorchDispatchMode):
    """Records operations; whatever else they read stays what it is, as the addresses of a CUDA graph do."""

    def __init__(self) -> None:
        super().__init__()
        self.operations: list[tuple[Any, Any, Any, Any]] = []

    def __torch_dispatch__(self, call: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = call(*args, **(kwargs or {}))
        self.operations.append((call, args, kwargs or {}, found))
        return found

    def play(self) -> None:
        """Do it all again."""
        made: dict[int, Tensor] = {}

        def now(value: Any) -> Any:
            return made.get(id(value), value) if isinstance(value, Tensor) else value

        for call, args, kwargs, found in self.operations:
            again = call(*tree_map(now, args), **tree_map(now, kwargs))
            for one, other in zip(tree_leaves(found), tree_leaves(again), strict=True):
                made[id(one)] = other


@pytest.fixture
def captured(monkeypatch: pytest.MonkeyPatch) -> list[Tape]:
    """Capture on any device."""
    tapes: list[Tape] = []

    def capture(work: Callable[[], None]) -> Callable[[], None]:
        work()
        with Tape() as tape:
            work()
        tapes.append(tape)
        return tape.play

    monkeypatch.setattr(replay, "capture", capture)
    monkeypatch.setattr(explicit, "replays", lambda state: not torch.is_grad_enabled())
    monkeypatch.setattr(explicit, "LEAST_STEPS", 1)
    return tapes


@pytest.mark.parametrize("method", [n for n, m in METHODS.items() if isinstance(m, ExplicitTableau)])
def test_replayed_steps_are_the_same_steps(method: str, captured: list[Tape]) -> None:
    """With numbers that change in time, walls, a learned term, and intervals that differ."""
    model = loads_model(WAVE)
    field = compile_model(model, grid=grid_from_model(model), kernels=False)
    state = torch.rand(2, 2, 6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    wanted = integrate(field, state, TIMES, method=method, substeps=5).detach()
    with torch.no_grad():
        found = integrate(field, state, TIMES, method=method, substeps=5)
    assert torch.allclose(found, wanted, rtol=1e-12, atol=1e-12)
    assert len(captured) == 1


def test_long_intervals_are_blocks_of_two_sizes(captured: list[Tape], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "MOST_STEPS", 4)
    model = loads_model("state a, b\nparam k = 0.7\ndt(a) = b*cos(t)\ndt(b) = -k*a")
    field, state = compile_model(model, kernels=False), torch.tensor([[0.3, 0.7]], dtype=torch.float64)
    calls: list[None] = []
    with torch.no_grad():
        wanted = integrate(field.rates, state, TIMES, step=0.002)
        inner = field.rates
        monkeypatch.setattr(field, "rates", lambda *given: (calls.append(None), inner(*given))[1])
        found = integrate(field, state, TIMES, step=0.002)
    assert torch.allclose(found, wanted, rtol=1e-13, atol=1e-13)
    # 10, 10 and 15 steps: blocks of 4, 2 and 3, each run by Python twice, of four stages.
    assert len(captured) == 3 and len(calls) == 2 * (4 + 2 + 3) * 4


def test_only_graphs_of_a_gpu_without_gradients_are_captured() -> None:
    state = torch.zeros(1, 2)
    with torch.no_grad():
        assert not replay.replays(state)
        assert not replay.replays(state.to("meta"))


def test_steps_elsewhere_are_planned_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan costs some operations of torch for each output."""
    planned: list[None] = []
    for module in (explicit, fixed_step):
        plan = module.Plan
        monkeypatch.setattr(module, "Plan", lambda *given, plan=plan: (planned.append(None), plan(*given))[1])
    field = compile_model(loads_model("state a\nparam k = 0.7\ndt(a) = -k*a"))
    found = integrate(field, torch.ones(1, 1, dtype=torch.float64), TIMES, method="rk4", substeps=20)
    assert float(found[0, -1, 0].detach()) == pytest.approx(math.exp(-0.7 * 0.07))
    assert len(planned) == 1


def test_iterations_are_not_captured() -> None:
    text = (
        "space x in [0, 1], y in [0, 1]\nstate p(x, y), u(x, y)\n0 = div({k}*grad(p)) + u for p\n"
        "bc p = 0 at boundary\nbc dn(u) = 0 at boundary\ndt(u) = lap(u) + p"
    )
    for k, direct in (("1", True), ("(1 + u^2)", False)):
        model = loads_model(text.format(k=k))
        field = compile_model(model, grid=grid_from_model(model, {"x": 8, "y": 8}), kernels=False)
        state = torch.full((1, 1, 8, 8), 0.5, dtype=torch.float64)
        assert field.for_rollout(torch.zeros(()), state).capturable == direct
