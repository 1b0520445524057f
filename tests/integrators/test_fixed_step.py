"""Fixed-step methods: order, output times, times per trajectory, gradients, limits."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from eqdsl.core.errors import UsageError
from eqdsl.numerics.integrators.base import Effort
from eqdsl.numerics.integrators.carrying import Carrying
from eqdsl.numerics.integrators.explicit import ExplicitTableau
from eqdsl.numerics.integrators.fixed_step import substeps_for
from eqdsl.numerics.integrators.integrate import integrate, rollout
from eqdsl.numerics.integrators.table import METHODS
from tests.integrators.fields import SecondOrder, forced, oscillator

CARRYING = {name: m for name, m in METHODS.items() if isinstance(m, Carrying)}
TABLEAUX = {name: m for name, m in METHODS.items() if isinstance(m, ExplicitTableau)}
START = torch.tensor([[1.0, 0.5], [0.2, -1.0]], dtype=torch.float64)
SPAN = torch.tensor([0.0, 2.0], dtype=torch.float64)


def rotated(t: float) -> Tensor:
    c, s = np.cos(t), np.sin(t)
    return START @ torch.tensor([[c, -s], [s, c]], dtype=torch.float64)


@pytest.mark.parametrize("name", sorted(TABLEAUX))
def test_tableaux_are_consistent(name: str) -> None:
    tableau = TABLEAUX[name]
    assert sum(tableau.b) == pytest.approx(1.0)
    assert [sum(row) for row in tableau.a] == pytest.approx(list(tableau.c))
    assert [len(row) for row in tableau.a] == list(range(len(tableau.b)))
    assert tableau.name == name


@pytest.mark.parametrize("name", sorted(TABLEAUX))
@pytest.mark.parametrize("case", ["autonomous", "time-dependent"])
def test_observed_order(name: str, case: str) -> None:
    field, exact = (oscillator, rotated(2.0)) if case == "autonomous" else (forced, START * np.exp(np.sin(2.0)))
    steps = np.array([64, 128, 256]) if TABLEAUX[name].order < 4 else np.array([32, 64, 128])
    errors = [(integrate(field, START, SPAN, method=name, substeps=int(n))[:, -1] - exact).abs().max() for n in steps]
    slope = -np.polyfit(np.log(steps), np.log([float(e) for e in errors]), 1)[0]
    assert slope == pytest.approx(TABLEAUX[name].order, abs=0.1)


SPRING = SecondOrder(lambda t, x, v: -x, damped=False)
SWUNG = SecondOrder(lambda t, x, v: -torch.sin(t) + (2 + torch.sin(t) - x) * (1 + v), damped=True)


@pytest.mark.parametrize("name", sorted(CARRYING))
@pytest.mark.parametrize("times", [SPAN, torch.tensor([0.0, 0.3, 0.7, 2.0])], ids=["one interval", "uneven"])
def test_observed_order_of_methods_with_memory(name: str, times: Tensor) -> None:
    """A spring; and a force of time, place and velocity that makes ``x = 2 + sin t``. Starts cost no order."""
    spring = torch.tensor([[1.0, 0.5]], dtype=torch.float64)
    spring_end = torch.tensor([[np.cos(2.0) - 0.5 * np.sin(2.0), 0.5 * np.cos(2.0) + np.sin(2.0)]])
    swung, swung_end = torch.tensor([[1.0, 2.0]], dtype=torch.float64), torch.tensor([[np.cos(2.0), 2 + np.sin(2.0)]])
    steps = np.array([64, 128, 256])
    for field, start, exact in ((SPRING, spring, spring_end), (SWUNG, swung, swung_end)):
        errors = [
            float((integrate(field, start, times, method=name, substeps=int(n))[:, -1] - exact).abs().max())
            for n in steps
        ]
        slope = -np.polyfit(np.log(steps), np.log(errors), 1)[0]
        assert slope == pytest.approx(CARRYING[name].order, abs=0.1)


def test_multistep_methods_start_anew_only_where_the_step_changes() -> None:
    effort = Effort()
    times = torch.tensor([0.0, 0.1, 0.2, 0.3, 0.5, 0.7], dtype=torch.float64)
    list(rollout(oscillator, START, times, method="ab3", effort=effort))
    # A step by ab3 costs 1 call, one of its starts 3: two at the beginning, and the two that are longer.
    assert effort.evaluations == 3 + 3 + 1 + 3 + 3


@pytest.mark.parametrize("name", ["ab2", "ab3", "leapfrog"])
def test_steps_with_memory_per_trajectory_equal_separate_runs(name: str) -> None:
    times = torch.tensor([[0.0, 0.5, 1.0, 1.7], [3.0, 3.2, 3.4, 3.6]], dtype=torch.float64)
    together = integrate(forced, START, times, method=name, substeps=3)
    assert torch.isfinite(together).all()
    alone = integrate(forced, START[1:], times[1], method=name, substeps=3)
    assert (together[1:] - alone).abs().max() < 1e-3


def test_the_bound_on_steps_is_for_a_step_size_typed_wrong() -> None:
    """Substeps of many frames follow from the data: a fit of long trajectories must not end by it."""
    times = torch.linspace(0, 1, 2001, dtype=torch.float64)
    assert sum(substeps_for(times, 100, None, 100_000)) == 200_000
    with pytest.raises(UsageError, match="more than the limit"):
        substeps_for(times, 1, 1e-6, 100_000)


def test_every_output_time_is_hit_whatever_the_step() -> None:
    """Times that the step does not divide cost no order: no interpolation."""
    times = torch.tensor([0.0, 0.37, 0.5, 1.91, 2.0], dtype=torch.float64)
    states = integrate(oscillator, START, times, method="rk4", step=0.02)
    for n, t in enumerate(times.tolist()):
        assert (states[:, n] - rotated(t)).abs().max() < 1e-7


def test_step_that_divides_an_interval_takes_no_extra_step() -> None:
    effort = Effort()
    list(rollout(oscillator, START, torch.linspace(0, 3, 11, dtype=torch.float64), step=0.1, effort=effort))
    assert effort.steps == 30
    assert effort.evaluations == 120


@pytest.mark.parametrize("name", sorted(TABLEAUX))
def test_times_per_trajectory_equal_separate_runs(name: str) -> None:
    times = torch.tensor([[0.0, 0.5, 1.0], [3.0, 3.2, 4.5]], dtype=torch.float64)
    together = integrate(forced, START, times, method=name, substeps=3)
    for row in range(2):
        alone = integrate(forced, START[row : row + 1], times[row], method=name, substeps=3)
        torch.testing.assert_close(together[row : row + 1], alone, rtol=0, atol=1e-12)


def test_times_are_numbers_of_the_state_s_precision_and_shape() -> None:
    seen: list[tuple[torch.Size, torch.dtype]] = []

    def field(t: Tensor, state: Tensor) -> Tensor:
        seen.append((t.shape, t.dtype))
        return -state

    start = START.float()
    assert integrate(field, start, SPAN).dtype == torch.float32
    assert integrate(field, start, torch.tensor([[0.0, 1.0], [0.0, 2.0]])).dtype == torch.float32
    assert set(seen) == {(torch.Size([]), torch.float32), (torch.Size([2]), torch.float32)}


def test_late_times_keep_their_steps_in_single_precision() -> None:
    """A step of 1e-3 at t = 1e6 is below the spacing of float32 there; the state still advances."""
    times = 1e6 + torch.linspace(0, 1, 1001, dtype=torch.float64)
    final = integrate(lambda t, state: -state, torch.ones(1, 1), times)[0, -1, 0]
    assert final.item() == pytest.approx(np.exp(-1), rel=1e-5)


@pytest.mark.parametrize("name", sorted(TABLEAUX))
@pytest.mark.parametrize("times", [torch.tensor([0.0, 0.4, 1.0]), torch.tensor([[0.0, 0.4, 1.0], [0.0, 0.3, 0.5]])])
def test_gradients_are_those_of_the_discrete_solution(name: str, times: Tensor) -> None:
    def solved(start: Tensor, rate: Tensor) -> Tensor:
        return integrate(lambda t, u: rate * torch.sin(u), start, times, method=name, substeps=2)

    start = START.clone().requires_grad_()
    rate = torch.tensor([0.7, -1.3], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(solved, (start, rate))


def test_gradient_equals_that_of_a_hand_written_loop() -> None:
    rate = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)

    def field(t: Tensor, u: Tensor) -> Tensor:
        return rate * torch.sin(u)

    u, h = START, 0.25
    for _ in range(8):
        k1 = field(SPAN[0], u)
        k2 = field(SPAN[0], u + h / 2 * k1)
        k3 = field(SPAN[0], u + h / 2 * k2)
        k4 = field(SPAN[0], u + h * k3)
        u = u + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    (by_hand,) = torch.autograd.grad(u.sum(), rate)
    (by_engine,) = torch.autograd.grad(integrate(field, START, SPAN, substeps=8)[:, -1].sum(), rate)
    assert by_engine.item() == pytest.approx(by_hand.item(), rel=1e-13)


def test_watch_sees_each_output() -> None:
    seen = []
    times = torch.linspace(0, 1, 5, dtype=torch.float64)
    states = integrate(oscillator, START, times, watch=lambda n, t, state: seen.append((n, float(t), state)))
    assert [(n, t) for n, t, _ in seen] == [(n, float(times[n])) for n in range(1, 5)]
    assert torch.equal(seen[-1][2], states[:, -1])


def test_one_time_is_the_initial_state() -> None:
    assert torch.equal(integrate(oscillator, START, torch.tensor([1.0]))[:, 0], START)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"method": "rk5"}, "no integrator `rk5`"),
        ({"substeps": 0}, "0 steps per interval"),
        ({"step": -1.0}, "cannot be taken"),
        ({"step": float("nan")}, "cannot be taken"),
        ({"step": 1e-9}, "more than the limit"),
        ({"times": torch.tensor([0.0, 0.0, 1.0])}, "strictly increasing"),
        ({"times": torch.tensor([0.0, float("nan")])}, "finite"),
        ({"times": torch.zeros(3, 2)}, "do not fit 2 trajectories"),
    ],
)
def test_what_cannot_be_used_is_refused(options: dict[str, object], words: str) -> None:
    arguments: dict[str, object] = {"times": SPAN, **options}
    with pytest.raises(UsageError, match=words):
        integrate(oscillator, START, **arguments)  # type: ignore[arg-type]


def test_unknown_method_names_the_nearest_and_lists_all() -> None:
    with pytest.raises(UsageError) as caught:
        integrate(oscillator, START, SPAN, method="dorpi5")
    assert "did you mean `dopri5`?" in str(caught.value)
    assert all(name in str(caught.value) for name in METHODS)
