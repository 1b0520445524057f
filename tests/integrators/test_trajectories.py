"""Every trajectory has its own steps: neighbours neither change it nor cost much."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp
from torch import Tensor

from eqdsl.numerics.integrators.adaptive import Adaptive
from eqdsl.numerics.integrators.base import Effort, Field
from eqdsl.numerics.integrators.failure import IntegrationFailure
from eqdsl.numerics.integrators.integrate import integrate, rollout
from eqdsl.numerics.integrators.table import METHODS
from tests.integrators.fields import lorenz, lotka_volterra, pendulum

OURS = sorted(name for name, m in METHODS.items() if isinstance(m, Adaptive))
EXPLICIT = [name for name in OURS if name != "rodas4"]


def reference(field: Field, start: list[float], times: np.ndarray) -> np.ndarray:
    def rate(t: float, y: np.ndarray) -> np.ndarray:
        return field(torch.tensor(t), torch.as_tensor(y).unsqueeze(0))[0].numpy()

    return np.asarray(solve_ivp(rate, (times[0], times[-1]), start, "DOP853", times, rtol=1e-12, atol=1e-12).y.T)


@pytest.mark.parametrize(
    ("field", "start"),
    [(pendulum, [1.5, 0.0]), (lotka_volterra, [10.0, 5.0]), (lorenz, [1.0, 1.0, 1.0])],
    ids=["pendulum", "lotka_volterra", "lorenz"],
)
def test_error_is_at_most_a_hundred_tolerances(field: Field, start: list[float]) -> None:
    """From 1e-4 to 1e-10 up to t = 10: chaos multiplies Lorenz' errors by 1e4 at most there, and every tolerance does.

    Errors count against the solution's size, as tolerances do.
    """
    times = np.linspace(0, 10, 21)
    exact = reference(field, start, times)
    size = max(1.0, float(np.abs(exact).max()))
    for method in ("dopri5", "tsit5"):
        for tolerance in (1e-4, 1e-6, 1e-8, 1e-10):
            found = integrate(
                field,
                torch.tensor([start]).double(),
                torch.as_tensor(times),
                method=method,
                rtol=tolerance,
                atol=tolerance,
            )
            assert np.abs(found[0].numpy() - exact).max() <= 100 * tolerance * size, (method, tolerance)


@pytest.mark.parametrize("method", EXPLICIT)
@pytest.mark.parametrize("neighbour", [0.0, 0.05])
def test_ten_thousand_quiet_neighbours_change_nothing(method: str, neighbour: float) -> None:
    """At rest, or swinging gently: the error stays, and few steps are taken by more than a few trajectories."""
    crowd = torch.zeros(10_001, 2, dtype=torch.float64)
    crowd[1:, 0] = neighbour
    crowd[0, 0] = 2.5
    times = torch.tensor([0.0, 4.0], dtype=torch.float64)
    exact = reference(pendulum, [2.5, 0.0], times.numpy())[-1]
    calls: list[int] = []

    def counted(t: Tensor, state: Tensor) -> Tensor:
        calls.append(len(state))
        return pendulum(t, state)

    def error(batch: Tensor, field: Field) -> float:
        found = integrate(field, batch, times, method=method, rtol=1e-5, atol=1e-5)
        return float((found[0, -1] - torch.as_tensor(exact)).abs().max())

    alone, among = error(crowd[:1], pendulum), error(crowd, counted)
    assert 0.5 * alone < among < 2 * alone
    assert sum(n == 1 for n in calls) > 0.2 * len(calls)


@pytest.mark.parametrize("method", OURS)
def test_a_batch_equals_its_trajectories(method: str) -> None:
    """Own times, own steps, rows that finish early and are put back in their place; time-dependent."""

    def field(t: Tensor, u: Tensor) -> Tensor:
        return pendulum(t, u) * torch.cos(3 * t)[:, None]

    start = torch.tensor([[2.0, 0.0], [0.1, 0.0], [0.0, 6.0], [0.0, 0.0]], dtype=torch.float64)
    ends = torch.tensor([1.0, 0.2, 3.0, 10.0], dtype=torch.float64)
    times = torch.stack([torch.zeros(4, dtype=torch.float64), 0.4 * ends, ends], dim=1)
    together = integrate(field, start, times, method=method)
    for row in range(4):
        alone = integrate(field, start[row : row + 1], times[row], method=method)
        torch.testing.assert_close(together[row : row + 1], alone, rtol=0, atol=1e-13)


def test_a_field_with_weights_for_each_trajectory() -> None:
    """`subsets = False`: row b of the rates belongs to trajectory b, and every call has all of them."""
    rates = torch.tensor([[0.1], [30.0], [1.0]], dtype=torch.float64)
    start, times = torch.ones(3, 1, dtype=torch.float64), torch.tensor([0.0, 1.0])
    found = integrate(lambda t, u: -rates * u, start, times, method="dopri5", subsets=False)
    torch.testing.assert_close(found[:, 1], torch.exp(-rates), rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize("method", OURS)
def test_gradients_do_not_see_rejected_steps(method: str) -> None:
    """``u' = 1`` turns to ``u' = -1`` just before u leaves the domain of a root; long trial steps overlook the turn.

    The neighbour's steps, short and many because it swings, are accepted all the while.
    """
    undefined: list[bool] = []

    def field(t: Tensor, state: Tensor) -> Tensor:
        u, _, swing = state.unbind(1)
        slope = -torch.tanh(50 * (t - 0.5)) + 0 * torch.sqrt(0.52 - u)
        undefined.append(bool(slope.isnan().any()))
        return torch.stack([slope, swing * torch.cos(30 * t), torch.zeros_like(u)], dim=1)

    first = torch.zeros(2, 1, dtype=torch.float64, requires_grad=True)
    start = torch.cat([first, torch.tensor([[0.0, 0.0], [0.0, 30.0]], dtype=torch.float64)], dim=1)
    states = integrate(field, start, torch.tensor([0.0, 1.0]), method=method)
    assert any(undefined)
    (gradient,) = torch.autograd.grad(states[:, -1, 0].sum(), first)
    torch.testing.assert_close(gradient, torch.ones_like(gradient), rtol=0, atol=1e-12)


@pytest.mark.parametrize("method", OURS)
def test_gradient_of_parameters(method: str) -> None:
    """With tight tolerances the discrete gradient is that of the equation: difference quotients of the exact flow."""
    rate = torch.tensor(1.3, dtype=torch.float64, requires_grad=True)
    start = torch.tensor([[0.2], [0.7]], dtype=torch.float64)
    times = torch.tensor([0.0, 0.5, 2.0], dtype=torch.float64)
    found = integrate(lambda t, u: rate * u * (1 - u), start, times, method=method, rtol=1e-9, atol=1e-11)
    (gradient,) = torch.autograd.grad(found[:, -1].sum(), rate)
    growth = torch.exp(-2 * rate.detach())
    odds = (1 - start) / start
    exact = (2 * odds * growth / (1 + odds * growth) ** 2).sum()
    assert gradient.item() == pytest.approx(exact.item(), rel=1e-7)


def test_the_failure_names_the_trajectory() -> None:
    start = torch.tensor([[0.1], [0.2], [1.0]], dtype=torch.float64)
    with pytest.raises(IntegrationFailure) as caught:
        integrate(lambda t, u: u * u, start, torch.tensor([0.0, 2.0]), method="dopri5")
    assert caught.value.trajectory == 2
    assert caught.value.time == pytest.approx(1.0, abs=1e-3)
    assert caught.value.state is not None
    assert caught.value.state.shape == (1, 1)


def test_effort_counts_calls_and_steps_of_the_whole_batch() -> None:
    calls = 0

    def field(t: Tensor, u: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        return pendulum(t, u)

    effort = Effort()
    start = torch.tensor([[2.0, 0.0], [0.1, 0.0]], dtype=torch.float64)
    list(rollout(field, start, torch.linspace(0, 2, 5), method="tsit5", effort=effort))
    assert effort.evaluations == calls == 2 + 6 * effort.steps
