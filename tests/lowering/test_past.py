"""Vector fields that look back on frames."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from eqdsl.analysis.check import loads_model
from eqdsl.core.errors import UsageError
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.numerics.integrators.integrate import integrate
from eqdsl.simulation.remembering import roll_out, rollout

LAG = """
state u, v
learned f(history(u, 3), v) by poly(1)
dt(u) = f
dt(v) = -v
"""
SPACE = """
space x in [0, 1] periodic, y in [0, 2]
grid x = 8, y = 10
state c(x, y)
vector state q(x, y)
state s
learned w(history(q, 2), history(s, 2)) -> vector by conv(4)
dt(c) = dx(c)*w.x + dy(w.y)
dt(q) = (0, 0)
dt(s) = -s
bc c = 0 at y = 0
bc q = (0, 0) at boundary
"""


def lagging(coefficients: dict[int, float]) -> VectorField:
    """``dt(u)`` = a sum of past values of u (0: the oldest of three) and of v (3)."""
    field = compile_model(loads_model(LAG))
    family = field.terms_by_name["f"].family
    weights = family.get_parameter("weight")
    with torch.no_grad():
        weights.zero_()
        for row, exponents in enumerate(family.monomials.exponents):
            for place, value in coefficients.items():
                if sum(exponents) == 1 and exponents[place] == 1:
                    weights[0, row] = value
    return field


def past_of(*frames: tuple[float, float]) -> Tensor:
    return torch.tensor([frames], dtype=torch.float64)


def test_inputs_are_frames_the_oldest_first() -> None:
    past = past_of((1, 0), (2, 0), (3, 0))
    for place, wanted in enumerate((1.0, 2.0, 3.0)):
        field = lagging({place: 1.0}).with_past(past)
        assert field.memory == 3 and field.remembers
        assert float(field(0.0, past[:, -1])[0, 0]) == pytest.approx(wanted)


def test_predicted_frames_become_the_past() -> None:
    """``dt(u) = u two frames ago`` over unit intervals: 1, 2, 3 -> 4, 6, 9, 13."""
    field = lagging({0: 1.0}).with_past(past_of((1, 0), (2, 0), (3, 0)))
    times = torch.arange(5, dtype=torch.float64)
    start = torch.tensor([[3.0, 0.0]], dtype=torch.float64)
    for method in ("rk4", "dopri5"):
        found = roll_out(field, start, times, method=method)[0, :, 0]
        assert found.tolist() == pytest.approx([3, 4, 6, 9, 13])
        assert [float(s[0, 0]) for s in rollout(field, start, times, method=method)] == pytest.approx([4, 6, 9, 13])


def test_gradients_pass_through_the_frames_fed_back() -> None:
    field = lagging({0: 0.7, 2: -0.3, 3: 0.2})
    past = past_of((1.0, 0.5), (0.4, 0.3), (0.2, 0.9)).requires_grad_()
    times = torch.tensor([0.0, 0.5, 1.0, 1.5], dtype=torch.float64)

    def last(frames: Tensor) -> Tensor:
        return roll_out(field.with_past(frames), frames[:, -1], times, method="rk4", substeps=2)[:, -1]

    assert torch.autograd.gradcheck(last, (past,))


@pytest.mark.parametrize("method", ["rk4", "dopri5", "tsit5"])
def test_every_row_has_its_own_past(method: str) -> None:
    """In space, with walls, vectors and plain variables; the same alone and in a batch."""
    field = compile_model(loads_model(SPACE))
    past = torch.rand(3, 2, 4, 8, 10, dtype=torch.float64)
    past[:, :, 3] = past[:, :, 3, :1, :1]
    times = torch.tensor([0.0, 0.01, 0.02], dtype=torch.float64)
    both = roll_out(field.with_past(past), past[:, -1], times, method=method)
    for row in range(3):
        alone = field.with_past(past[row : row + 1])
        found = roll_out(alone, past[row : row + 1, -1], times, method=method)
        torch.testing.assert_close(found[0], both[row], rtol=1e-9, atol=1e-9)
        chosen = field.with_past(past).of_rows(torch.tensor([row]))
        torch.testing.assert_close(chosen(0.0, past[row : row + 1, -1]), alone(0.0, past[row : row + 1, -1]))


def test_what_follows_from_past_frames_alone_is_evaluated_once_an_interval() -> None:
    field = compile_model(loads_model(SPACE))
    calls = []
    field.terms_by_name["w"].register_forward_hook(lambda *a: calls.append(1))
    past = torch.rand(2, 2, 4, 8, 10, dtype=torch.float64)
    with torch.no_grad():
        roll_out(field.with_past(past), past[:, -1], torch.tensor([0.0, 1e-3, 2e-3]), method="rk4", substeps=5)
    # With and without ghost cells in each of two intervals, whatever the number of steps.
    assert len(calls) == 4


def test_a_field_without_its_past_says_so() -> None:
    with pytest.raises(UsageError, match="reads past frames, and the vector field has none"):
        integrate(lagging({}), torch.ones(1, 2, dtype=torch.float64), torch.tensor([0.0, 1.0]))


def test_a_past_that_does_not_fit_is_refused() -> None:
    field, state = lagging({0: 1.0}), torch.ones(3, 2, dtype=torch.float64)
    for shape in ((3, 2, 2), (3, 3, 1), (3, 3)):
        with pytest.raises(UsageError) as caught:
            field.with_past(torch.ones(shape, dtype=torch.float64))
        assert caught.value.message == f"past frames have the shape {shape}, the vector field reads (B, 3, 2)"
    for rows in (1, 2):
        with pytest.raises(UsageError, match=f"past frames are those of {rows} trajectories, the state has 3"):
            field.with_past(torch.ones(rows, 3, 2, dtype=torch.float64))(0.0, state)
    longer = torch.arange(12, dtype=torch.float64).reshape(1, 6, 2)
    assert float(field.with_past(longer)(0.0, state[:1])[0, 0]) == 6.0


def test_gradients_through_past_frames_are_stored_or_computed_again() -> None:
    past, times = past_of((1.0, 0.5), (0.4, 0.3), (0.2, 0.9)).requires_grad_(), torch.linspace(0, 1, 4)
    field = lagging({0: 0.7, 2: -0.3, 3: 0.2}).with_past(past)
    slopes = [
        torch.autograd.grad(roll_out(field, past[:, -1], times, method="rk4", memory=memory).square().sum(), past)[0]
        for memory in ("stored", "checkpoint")
    ]
    torch.testing.assert_close(*slopes, rtol=0, atol=0)
    # Undone, a step would be taken again for each step of each interval after it.
    for memory, method in (("reversible", "leapfrog"), ("adjoint", "dopri8")):
        with pytest.raises(UsageError, match=f"`memory = {memory}` does not go with past frames"):
            roll_out(field, past[:, -1], times, method=method, memory=memory)
