"""Adaptive methods: accuracy against SciPy, batches, failures with a time and a reason."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp
from torch import Tensor

from eqdsl.core.errors import ComputationError, UsageError
from eqdsl.numerics.integrators.base import Effort, Field
from eqdsl.numerics.integrators.failure import IntegrationFailure, Reason
from eqdsl.numerics.integrators.integrate import integrate, rollout
from eqdsl.numerics.integrators.table import METHODS
from tests.integrators.fields import forced, lotka_volterra, oscillator, pendulum

ADAPTIVE = sorted(name for name, m in METHODS.items() if not m.fixed_step)
TIMES = torch.linspace(0, 5, 11, dtype=torch.float64)


def reference(field: Field, start: list[float], times: np.ndarray) -> np.ndarray:
    def rate(t: float, y: np.ndarray) -> np.ndarray:
        return field(torch.tensor(t), torch.as_tensor(y).unsqueeze(0))[0].numpy()

    solution = solve_ivp(rate, (times[0], times[-1]), start, "DOP853", times, rtol=1e-12, atol=1e-13)
    return np.asarray(solution.y.T)


@pytest.mark.parametrize(
    ("method", "tolerance"),
    [("dopri5", 1e-4), ("dopri5", 1e-7), ("dopri5", 1e-10), ("dopri8", 1e-6), ("dopri8", 1e-10), ("bosh3", 1e-5),
     ("adaptive_heun", 1e-3)],
)  # fmt: skip
@pytest.mark.parametrize(("field", "start"), [(lotka_volterra, [10.0, 5.0]), (pendulum, [1.5, 0.0])])
def test_error_follows_the_tolerance(field: Field, start: list[float], method: str, tolerance: float) -> None:
    states = integrate(field, torch.tensor([start]).double(), TIMES, method=method, rtol=tolerance, atol=tolerance)
    exact = reference(field, start, TIMES.numpy())
    assert np.abs(states[0].numpy() - exact).max() < 100 * tolerance * max(1.0, np.abs(exact).max())


def test_neighbours_at_rest_do_not_hide_a_hard_trajectory() -> None:
    """The error norm is per trajectory: one moving pendulum among 2000 resting ones is solved as well as alone."""
    crowd = torch.zeros(2000, 2, dtype=torch.float64)
    crowd[0, 0] = 2.0
    exact = reference(pendulum, [2.0, 0.0], TIMES.numpy())
    alone = np.abs(integrate(pendulum, crowd[:1], TIMES, method="dopri5")[0].numpy() - exact).max()
    among = np.abs(integrate(pendulum, crowd, TIMES, method="dopri5")[0].numpy() - exact).max()
    assert among < 2 * alone


def test_times_per_trajectory() -> None:
    start = torch.tensor([[1.0], [2.0], [0.5]], dtype=torch.float64)
    times = torch.tensor([[0.0, 0.5, 1.0], [3.0, 3.2, 4.5], [-1.0, 9.0, 9.1]], dtype=torch.float64)
    states = integrate(forced, start, times, method="dopri5", rtol=1e-9, atol=1e-12)[..., 0]
    exact = start * torch.exp(torch.sin(times) - torch.sin(times[:, :1]))
    torch.testing.assert_close(states, exact, rtol=1e-7, atol=0)


def test_equal_rows_of_times_are_shared_times() -> None:
    start = torch.tensor([[1.0], [2.0]], dtype=torch.float64)
    both = integrate(forced, start, TIMES.expand(2, -1), method="dopri5")
    assert torch.equal(both, integrate(forced, start, TIMES, method="dopri5"))


def test_gradient_follows_the_exact_one() -> None:
    start = torch.tensor([[1.0]], dtype=torch.float64)
    rate = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    final = integrate(lambda t, u: rate * u, start, TIMES[:3], method="dopri5", rtol=1e-9, atol=1e-12)[0, -1, 0]
    (gradient,) = torch.autograd.grad(final, rate)
    assert gradient.item() == pytest.approx(math.exp(0.3), rel=1e-7)


def test_single_precision_late_in_time() -> None:
    times = 1e6 + torch.linspace(0, 1, 6, dtype=torch.float64)
    final = integrate(lambda t, u: -u, torch.ones(1, 1), times, method="dopri5", rtol=1e-5)[0, -1, 0]
    assert final.item() == pytest.approx(math.exp(-1), rel=1e-4)


def test_effort_counts_calls_of_the_field() -> None:
    calls = 0

    def field(t: Tensor, u: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        return oscillator(t, u)

    effort = Effort()
    list(rollout(field, torch.ones(1, 2, dtype=torch.float64), TIMES, method="dopri5", effort=effort))
    assert effort.evaluations == calls
    assert 10 <= effort.steps < calls


def explosive(t: Tensor, u: Tensor) -> Tensor:
    return u * u


def logarithm(t: Tensor, u: Tensor) -> Tensor:
    return u * torch.log(1 - t)


def undefined_above_three(t: Tensor, u: Tensor) -> Tensor:
    return torch.where(u > 3, u * float("nan"), u)


def stiff(t: Tensor, u: Tensor) -> Tensor:
    return -1e6 * (u - torch.cos(t))


@pytest.mark.parametrize("method", ["dopri5", "dopri8", "bosh3"])
@pytest.mark.parametrize(
    ("field", "reason", "time"),
    [
        (explosive, Reason.BLOW_UP, 1.0),
        (logarithm, Reason.NOT_FINITE, 1.0),
        (undefined_above_three, Reason.NOT_FINITE, math.log(3)),
    ],
)
def test_failures_name_time_and_reason(method: str, field: Field, reason: Reason, time: float) -> None:
    with pytest.raises(ComputationError) as caught:
        integrate(field, torch.ones(1, 1, dtype=torch.float64), torch.linspace(0, 2, 5), method=method)
    failure = caught.value
    assert isinstance(failure, IntegrationFailure)
    assert failure.reason is reason
    assert failure.time == pytest.approx(time, abs=1e-3)
    assert f"near t = {failure.time:.6g}" in str(failure)
    assert failure.state is not None
    assert torch.isfinite(failure.state).all()


def test_steps_are_bounded() -> None:
    effort = Effort()
    start = torch.ones(1, 1, dtype=torch.float64)
    with pytest.raises(IntegrationFailure, match="more than 500 steps") as caught:
        list(rollout(stiff, start, torch.tensor([0.0, 2.0]), method="dopri5", max_steps=500, effort=effort))
    assert caught.value.reason is Reason.TOO_MANY_STEPS
    assert "stiff" in str(caught.value)
    assert effort.steps <= 501


def test_a_step_into_nowhere_is_tried_again_shorter() -> None:
    """The solution touches the end of the domain of the root; the first trial steps leave it."""
    start = torch.ones(1, 1, dtype=torch.float64)
    states = integrate(lambda t, u: -2 * torch.sqrt(u), start, torch.tensor([0.0, 0.9]), method="dopri5")
    assert states[0, -1, 0].item() == pytest.approx(0.01, abs=1e-5)


def test_failure_of_one_trajectory_with_its_own_times() -> None:
    start = torch.tensor([[0.1], [1.0]], dtype=torch.float64)
    times = torch.tensor([[0.0, 0.5, 1.0], [10.0, 10.5, 12.0]], dtype=torch.float64)
    with pytest.raises(IntegrationFailure) as caught:
        integrate(explosive, start, times, method="dopri5")
    assert caught.value.reason is Reason.BLOW_UP
    assert caught.value.time == pytest.approx(11.0, abs=1e-3)


@pytest.mark.parametrize(
    ("rtol", "atol", "dtype"),
    [(0.0, 0.0, torch.float64), (-1.0, 1e-9, torch.float64), (1e-12, 1e-12, torch.float32),
     (1e-17, 1e-9, torch.float64)],
)  # fmt: skip
def test_tolerances_that_cannot_be_met_are_refused(rtol: float, atol: float, dtype: torch.dtype) -> None:
    with pytest.raises(UsageError, match="rtol"):
        integrate(oscillator, torch.ones(1, 2, dtype=dtype), TIMES, method="dopri5", rtol=rtol, atol=atol)


@pytest.mark.parametrize("method", ADAPTIVE)
def test_every_adaptive_method_runs(method: str) -> None:
    start = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    final = integrate(oscillator, start, torch.tensor([0.0, 1.0]), method=method, rtol=1e-4, atol=1e-6)[0, -1]
    assert final.tolist() == pytest.approx([math.cos(1), -math.sin(1)], abs=1e-3)
