"""The continuous adjoint: near the gradient where nothing decays, bounded where it does, else refused."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from eqdsl.core.errors import UsageError
from eqdsl.numerics.integrators.failure import IntegrationFailure
from eqdsl.numerics.integrators.integrate import integrate
from eqdsl.numerics.integrators.table import METHODS

START = torch.tensor([[0.0, 1.2], [0.4, -0.3]], dtype=torch.float64)
TIMES = torch.linspace(0, 3, 4, dtype=torch.float64)


def test_gradient_of_a_pendulum_with_its_parameter_in_a_closure() -> None:
    rate = torch.tensor(0.9, dtype=torch.float64, requires_grad=True)

    def swing(t: Tensor, state: Tensor) -> Tensor:
        return torch.stack([state[:, 1], -rate * torch.sin(state[:, 0])], dim=1)

    def gradients(memory: str) -> tuple[Tensor, ...]:
        start = START.clone().requires_grad_()
        states = integrate(
            swing, start, TIMES, method="torchdiffeq_dopri5", rtol=1e-9, atol=1e-9, memory=memory,  # type: ignore[arg-type]
        )  # fmt: skip
        return torch.autograd.grad(states.square().sum(), [start, rate])

    for one, other in zip(gradients("stored"), gradients("adjoint"), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-8)


def test_what_decays_ends_within_the_bound_on_the_steps() -> None:
    """Backwards a decay of 400 over 3 time units would grow by e^1200."""
    start = START.clone().requires_grad_()
    states = integrate(
        lambda t, u: -400 * u, start, TIMES, method="torchdiffeq_dopri5", max_steps=300, memory="adjoint"
    )
    with pytest.raises(IntegrationFailure, match="more than 300 steps were needed"):
        states.sum().backward()


def test_who_has_none_says_so() -> None:
    with pytest.raises(UsageError, match="`rk4` has no adjoint equation") as caught:
        integrate(lambda t, u: -u, START, TIMES, method="rk4", memory="adjoint")
    assert all(f"`{name}`" in str(caught.value) for name in METHODS if "torchdiffeq" in name or name == "dopri8")
    own = torch.stack([TIMES, 2 * TIMES])
    with pytest.raises(UsageError, match="same times"):
        integrate(lambda t, u: -u, START, own, method="dopri8", memory="adjoint")
