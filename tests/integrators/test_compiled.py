"""Compiled models under methods that ask for more than a rate: Jacobians through walls and learned terms, failures."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import eqdsl
from eqdsl.core.errors import ComputationError
from eqdsl.numerics.integrators.integrate import integrate
from eqdsl.simulation import simulate

STIFF = """
time t
param k1 = 0.04
param k2 = 3e7
param k3 = 1e4
state a
state b
state c
known slow = k1*a
known back = k3*b*c
known fast = k2*b^2
dt(a) = back - slow
dt(b) = slow - back - fast
dt(c) = fast
init a = 1
init b = 0
init c = 0
"""
WALLED = """
space x in [0, 1]
grid  x = 16
state u(x)
learned R(u) by mlp(4) with R(0) = 0
dt(u) = 0.05*dxx(u) + R - u*dx(u)
bc u = sin(3*t) at x = 0
bc dn(u) = 0 at x = 1
init u = 0
"""


def test_robertson_from_its_equations() -> None:
    done = simulate(eqdsl.compile_model(eqdsl.loads(STIFF)), np.array([0.0, 40.0]), method="rodas4")
    assert done.steps < 200
    found = done.trajectories.state[0, -1]
    assert found == pytest.approx([0.7158270687, 9.1855348e-06, 0.2841637457], rel=1e-4)


@pytest.mark.parametrize("memory", ["stored", "checkpoint"])
def test_jacobians_through_walls_and_learned_terms(memory: str) -> None:
    """The implicit method and an explicit one agree, and so do their gradients."""
    field = eqdsl.compile_model(eqdsl.loads(WALLED))
    times = torch.tensor([0.0, 0.2, 0.5], dtype=torch.float64)
    found = {}
    for method in ("rodas4", "tsit5"):
        states = integrate(
            field, field.initial_state(2), times, method=method, rtol=1e-5, atol=1e-7, memory=memory  # type: ignore[arg-type]
        )  # fmt: skip
        found[method] = [states, *torch.autograd.grad((states**2).sum(), list(field.parameters()))]
    for implicit, explicit in zip(found["rodas4"], found["tsit5"], strict=True):
        torch.testing.assert_close(implicit, explicit, rtol=2e-3, atol=2e-4)


def test_a_simulation_names_the_trajectory_that_failed() -> None:
    field = eqdsl.compile_model(eqdsl.loads("state u\ndt(u) = u^2\ninit u = 1\n"))
    start = torch.tensor([[0.1], [0.2], [1.0]], dtype=torch.float64)
    with pytest.raises(ComputationError, match="in trajectory 2; its largest term before was `u\\^2`"):
        simulate(field, np.array([0.0, 2.0]), initial=start)
