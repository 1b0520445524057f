"""Every method in the table has the order that it claims: a new one is measured without a line here."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp
from torch import Tensor
from torchdiffeq import odeint

from eqdsl.analysis.check import loads_model
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.numerics.integrators.adaptive import Adaptive
from eqdsl.numerics.integrators.base import Field, Method
from eqdsl.numerics.integrators.integrate import integrate
from eqdsl.numerics.integrators.table import METHODS
from eqdsl.numerics.integrators.torchdiffeq_method import TorchdiffeqMethod

FIXED = [name for name, m in METHODS.items() if m.fixed_step]
ADAPTIVE = [name for name, m in METHODS.items() if not m.fixed_step]

WAVE = (
    "space x in [0, 2*pi] periodic\ngrid x = 12\nstate w(x)\n"
    "dtt(w) = 0.5*dxx(w) - 0.1*dt(w) - w^3 + sin(2*t)*w\ninit w = sin(x) + 0.3*cos(2*x)\ninit dt(w) = 0.5\n"
)
"""Second order in time, with a linear part and a dependence on time and velocity: every kind of method can take it."""

END = 1.0
STEPS = {1: (800, 1600), 2: (128, 256), 3: (64, 128), 4: (32, 64)}
"""By order: few enough for rounding, enough for the leading term."""


@cache
def solved() -> tuple[VectorField, Tensor]:
    field = compile_model(loads_model(WAVE))
    with torch.no_grad():
        return field, integrate(field, field.initial_state(), torch.tensor([0.0, END]), method="dopri8", rtol=1e-13,
                                atol=1e-13)[:, -1]  # fmt: skip


@pytest.mark.parametrize("name", FIXED)
def test_observed_order_of_fixed_steps(name: str) -> None:
    field, exact = solved()
    times, steps = torch.tensor([0.0, END]), STEPS[METHODS[name].order]
    with torch.no_grad():
        errors = [
            float((integrate(field, field.initial_state(), times, method=name, substeps=n)[:, -1] - exact).abs().max())
            for n in steps
        ]
    assert math.log2(errors[0] / errors[1]) == pytest.approx(METHODS[name].order, abs=0.1)


SWINGS = {5: (4.0, 64), 8: (6.0, 16)}
"""By order: until when, and in how many steps; there the leading term shows, and with twice as many no rounding."""


def swing(t: Tensor, u: Tensor) -> Tensor:
    """A damped pendulum that is pushed."""
    x, v = u.unbind(1)
    return torch.stack([v, -2 * torch.sin(x) - 0.2 * v + torch.cos(t) * x], dim=1)


def one_step(method: Method, field: Field, t: float, state: Tensor, h: float) -> Tensor:
    """The state after one step of an adaptive method."""
    if isinstance(method, Adaptive):
        time = torch.tensor([t], dtype=torch.float64)
        return method.attempt(field, time, state, torch.tensor([h], dtype=torch.float64), field(time, state)).state
    assert isinstance(method, TorchdiffeqMethod), f"how does `{method.name}` take one step?"
    times = torch.tensor([t, t + h], dtype=torch.float64)
    options = {"first_step": h, "step_t": times[1:]}
    return odeint(field, state, times, method=method.theirs, rtol=1e9, atol=1e9, options=options)[1]


@pytest.mark.parametrize("name", ADAPTIVE)
def test_observed_order_of_adaptive_methods_in_steps_of_one_length(name: str) -> None:
    method, start = METHODS[name], [1.2, 0.5]
    end, fewest = SWINGS.get(method.order, (4.0, 64))
    exact = solve_ivp(
        lambda t, u: swing(torch.tensor(t), torch.as_tensor(u)[None])[0].numpy(), (0.0, end), start, "DOP853",
        rtol=1e-13, atol=1e-14,
    ).y[:, -1]  # fmt: skip
    errors = []
    for steps in (fewest, 2 * fewest):
        state, h = torch.tensor([start], dtype=torch.float64), end / steps
        for n in range(steps):
            state = one_step(method, swing, n * h, state, h)
        errors.append(float(np.abs(state[0].numpy() - exact).max()))
    assert math.log2(errors[0] / errors[1]) == pytest.approx(method.order, abs=0.1)
