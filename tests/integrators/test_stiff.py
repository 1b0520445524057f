"""Stiff equations: accuracy against SciPy's Radau, order, gradients, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp
from torch import Tensor

from eqdsl.core.errors import UsageError
from eqdsl.numerics.integrators.base import Effort
from eqdsl.numerics.integrators.integrate import integrate, rollout
from eqdsl.numerics.integrators.rodas4 import RODAS4


def van_der_pol(t: Tensor, state: Tensor) -> Tensor:
    x, v = state.unbind(1)
    return torch.stack([v, 1000 * (1 - x**2) * v - x], dim=1)


def robertson(t: Tensor, state: Tensor) -> Tensor:
    a, b, c = state.unbind(1)
    slow, back, fast = 0.04 * a, 1e4 * b * c, 3e7 * b**2
    return torch.stack([back - slow, slow - back - fast, fast], dim=1)


def van_der_pol_by_numbers(t: float, y: list[float]) -> list[float]:
    return [y[1], 1000 * (1 - y[0] ** 2) * y[1] - y[0]]


def robertson_by_numbers(t: float, y: list[float]) -> list[float]:
    slow, back, fast = 0.04 * y[0], 1e4 * y[1] * y[2], 3e7 * y[1] ** 2
    return [back - slow, slow - back - fast, fast]


@pytest.mark.parametrize(
    "tolerance", [1e-4, 1e-6, 1e-8, pytest.param(1e-10, marks=pytest.mark.slow, id="1e-10, two minutes")]
)
@pytest.mark.parametrize(
    ("field", "by_numbers", "start", "times", "smallest"),
    [
        # The second time lies behind the first jump, at t = 807.
        (van_der_pol, van_der_pol_by_numbers, [2.0, 0.0], [0.0, 400.0, 900.0], 1e-2),
        (robertson, robertson_by_numbers, [1.0, 0.0, 0.0], [0.0, 0.4, 40.0, 4e3, 4e4], 1e-6),
    ],
    ids=["van_der_pol", "robertson"],
)
def test_error_is_at_most_a_hundred_tolerances(
    field: Callable[[Tensor, Tensor], Tensor], by_numbers: Callable[[float, list[float]], list[float]],
    start: list[float], times: list[float], smallest: float, tolerance: float,
) -> None:  # fmt: skip
    """Relative errors of every component, the smallest of 1e-3 and 1e-7."""
    exact = solve_ivp(by_numbers, (times[0], times[-1]), start, "Radau", times, rtol=1e-12, atol=1e-15).y.T[1:]
    effort = Effort()
    states = rollout(
        field, torch.tensor([start], dtype=torch.float64), torch.tensor(times, dtype=torch.float64), method="rodas4",
        rtol=tolerance, atol=smallest * tolerance, effort=effort,
    )  # fmt: skip
    found = torch.cat(list(states)).numpy()
    assert (np.abs(found - exact) / np.abs(exact)).max() <= 100 * tolerance
    assert effort.steps < (4000 if tolerance >= 1e-8 else 20_000)


def forced_decay(t: Tensor, u: Tensor) -> Tensor:
    return -(u - torch.cos(t)[:, None]) * (1 + 0.3 * u)


def test_observed_order_with_time_in_the_equation() -> None:
    t, state = torch.full((1,), 0.3, dtype=torch.float64), torch.full((1, 1), 1.4, dtype=torch.float64)
    lengths = np.array([0.2, 0.1, 0.05])
    errors, estimates = [], []
    for h in lengths:
        exact = solve_ivp(lambda s, y: -(y - math.cos(s)) * (1 + 0.3 * y), (0.3, 0.3 + h), [1.4], "DOP853",
                          rtol=1e-13, atol=1e-14).y[0, -1]  # fmt: skip
        trial = RODAS4.attempt(forced_decay, t, state, torch.tensor([h], dtype=torch.float64), None)
        errors.append(abs(trial.state.item() - exact))
        estimates.append(abs(trial.error.item()))
    assert np.polyfit(np.log(lengths), np.log(errors), 1)[0] == pytest.approx(5, abs=0.3)
    assert np.polyfit(np.log(lengths), np.log(estimates), 1)[0] == pytest.approx(4, abs=0.3)


def test_fast_decay_is_damped_at_once() -> None:
    """L-stable: a step of 1e6 time constants leaves nothing of what decays."""
    t, state, h = (torch.full(shape, 1.0, dtype=torch.float64) for shape in ((1,), (1, 1), (1,)))
    after = RODAS4.attempt(lambda t, u: -1e6 * u, t, state, h, None).state
    assert abs(after.item()) < 1e-5


def test_gradients_match_difference_quotients() -> None:
    rates = torch.tensor([2.0, 1e3, 0.5], dtype=torch.float64, requires_grad=True)

    def final(rates: Tensor) -> Tensor:
        def field(t: Tensor, u: Tensor) -> Tensor:
            a, b = u.unbind(1)
            return torch.stack(
                [-rates[0] * a + rates[2] * b, rates[0] * a - rates[1] * (b - torch.cos(t) * a**2)], dim=1
            )

        start = torch.tensor([[1.0, 0.0], [0.5, 0.1]], dtype=torch.float64)
        times = torch.tensor([0.0, 0.1, 0.5], dtype=torch.float64)
        return integrate(field, start, times, method="rodas4", rtol=1e-6, atol=1e-9)[:, -1].sum()

    (gradient,) = torch.autograd.grad(final(rates), rates)
    for n in range(3):
        nudge = torch.zeros(3, dtype=torch.float64)
        nudge[n] = 1e-4 * rates[n].item()
        with torch.no_grad():
            quotient = (final(rates + nudge) - final(rates - nudge)) / (2 * nudge[n])
        assert (gradient[n] - quotient).abs() * rates[n] < 1e-4 * (gradient * rates).abs().max()


def test_a_small_diffusion_is_solved_by_few_steps() -> None:
    """64 points: an explicit method needs 1e4 steps for one time unit of decay."""
    n = 64
    x = torch.linspace(0, 2 * math.pi, n + 1, dtype=torch.float64)[:-1]

    def heat(t: Tensor, u: Tensor) -> Tensor:
        return (u.roll(1, 2) - 2 * u + u.roll(-1, 2)) / float(x[1]) ** 2

    effort = Effort()
    start = (torch.sin(x) + 0.1 * torch.sin(20 * x)).reshape(1, 1, n)
    (final,) = rollout(heat, start, torch.tensor([0.0, 1.0]), method="rodas4", rtol=1e-6, effort=effort)
    slow = (2 - 2 * math.cos(float(x[1]))) / float(x[1]) ** 2
    torch.testing.assert_close(final[0, 0], math.exp(-slow) * torch.sin(x), rtol=0, atol=1e-5)
    assert effort.steps < 100


def test_too_many_unknowns_are_refused_with_advice() -> None:
    with pytest.raises(UsageError) as caught:
        integrate(lambda t, u: -u, torch.ones(1, 1, 50, 50), torch.tensor([0.0, 1.0]), method="rodas4")
    assert "2500 unknowns" in str(caught.value)
    assert "IMEX" in str(caught.value)
