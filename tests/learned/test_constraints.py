"""Constraints hold exactly, whatever the weights."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eqdsl.core.errors import UsageError
from eqdsl.learned.base import FamilySpec
from eqdsl.learned.mlp import Mlp
from eqdsl.learned.term import LearnedTermModule
from eqdsl.model.learned_terms import Constraint, Parity, Pinned, Range
from eqdsl.model.model import INF
from tests.learned.building import term

NUMBERS = st.floats(-3, 3).map(lambda v: round(v, 2))
POINTWISE = st.sampled_from(["mlp", "poly", "library"])
RANGES = [(0.0, INF), (-1.0, INF), (-INF, 2.0), (0.0, 1.0), (-3.0, 5.0)]
OPTIONS: dict[str, dict[str, object]] = {"mlp": {"sizes": (8,)}, "poly": {"sizes": (3,)}, "library": {"sizes": (3,)}}


def built(family: str, inputs: int, constraints: list[Constraint], seed: int, outputs: int = 1) -> LearnedTermModule:
    return term(family, inputs, outputs, constraints, seed=seed, **OPTIONS[family])


def points(inputs: int, seed: int, count: int = 30) -> torch.Tensor:
    return 2 * torch.randn(count, inputs, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def placed(x: torch.Tensor, at: tuple[tuple[int, float], ...]) -> torch.Tensor:
    x = x.clone()
    for i, value in at:
        x[:, i] = value
    return x


@settings(max_examples=60, deadline=None)
@given(POINTWISE, st.lists(NUMBERS, min_size=1, max_size=4, unique=True), st.data(), st.integers(0, 1000))
def test_several_points_of_one_input(family: str, at: list[float], data: st.DataObject, seed: int) -> None:
    values = data.draw(st.lists(NUMBERS, min_size=len(at), max_size=len(at)))
    f = built(family, 2, [Pinned(0, ((0, a),), v) for a, v in zip(at, values, strict=True)], seed)
    x = points(2, seed)
    spread = 1.0 / min([abs(a - b) for a in at for b in at if a != b], default=1.0)
    for a, v in zip(at, values, strict=True):
        # Points that nearly coincide make the interpolation between them steep, and rounding with it.
        tolerance = 1e-11 * max(1.0, spread) ** 3
        assert (f(placed(x, ((0, a),))) - v).abs().max() < tolerance


@settings(max_examples=40, deadline=None)
@given(POINTWISE, NUMBERS, NUMBERS, NUMBERS, st.integers(0, 1000))
def test_faces_that_meet(family: str, a: float, b: float, value: float, seed: int) -> None:
    """f(a, y, z) = f(x, b, z) = f(x, y, 1) = value: inclusion and exclusion over all three."""
    faces = [((0, a),), ((1, b),), ((2, 1.0),)]
    f = built(family, 3, [Pinned(0, face, value) for face in faces], seed)
    for face in faces:
        assert (f(placed(points(3, seed), face)) - value).abs().max() < 1e-10


@settings(max_examples=40, deadline=None)
@given(POINTWISE, st.booleans(), st.booleans(), st.integers(0, 1000))
def test_parity_in_both_inputs_with_points(family: str, first_odd: bool, second_odd: bool, seed: int) -> None:
    f = built(family, 2, [Parity(0, first_odd), Parity(1, second_odd), Pinned(0, ((0, 1.5), (1, 0.5)), 0.8)], seed)
    x = points(2, seed)
    for i, odd in ((0, first_odd), (1, second_odd)):
        flip = torch.ones(2).double()
        flip[i] = -1
        torch.testing.assert_close(f(x * flip), -f(x) if odd else f(x), rtol=1e-10, atol=1e-10)
    assert f(torch.tensor([1.5, 0.5]).double()).item() == pytest.approx(0.8, abs=1e-10)


@settings(max_examples=60, deadline=None)
@given(POINTWISE, st.sampled_from(RANGES), st.integers(0, 1000))
def test_range_with_points_inside_and_on_its_ends(family: str, limits: tuple[float, float], seed: int) -> None:
    lower, upper = limits
    ends = [v for v in limits if abs(v) != INF]
    inside = 0.5 * (max(lower, -4.0) + min(upper, 4.0))
    pins = [Pinned(0, ((0, float(i)),), v) for i, v in enumerate([*ends, inside])]
    f = built(family, 2, [*pins, Range(0, lower, upper)], seed)
    values = f(10 * points(2, seed, 200))
    assert torch.isfinite(values).all()
    assert values.min() >= lower
    assert values.max() <= upper
    for pin in pins:
        assert (f(placed(points(2, seed), pin.at)) - pin.value).abs().max() < 1e-10


def test_value_on_the_end_of_a_range_is_exact() -> None:
    f = term("mlp", 2, 1, [Pinned(0, ((0, 0.0),), 0.0), Pinned(0, ((1, 0.0),), 0.0), Range(0, 0.0, INF)], sizes=(8,))
    x = points(2, 1)
    assert (f(placed(x, ((0, 0.0),))) == 0).all()
    assert (f(placed(x, ((1, 0.0),))) == 0).all()


def test_odd_with_a_range_stays_odd_and_within() -> None:
    """An odd function in [-1, 3] lies in [-1, 1]."""
    f = term("mlp", 1, 1, [Parity(0, True), Range(0, -1.0, 3.0), Pinned(0, ((0, 2.0),), 1.0)], sizes=(8,))
    x = points(1, 3)
    torch.testing.assert_close(f(-x), -f(x), rtol=0, atol=1e-12)
    assert f(x).abs().max() <= 1
    assert f(torch.tensor([-2.0]).double()).item() == -1


def test_constraints_of_one_output_leave_the_other_free() -> None:
    plain = term("mlp", 2, 2, sizes=(8,))
    pinned = term("mlp", 2, 2, [Pinned(1, ((0, 0.0),), 0.0)], sizes=(8,))
    x = points(2, 0)
    torch.testing.assert_close(pinned(x)[:, 0], plain(x)[:, 0])
    assert pinned(placed(x, ((0, 0.0),)))[:, 1].abs().max() < 1e-12


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_neighbourhood_with_pins_range_and_parity(dimension: int) -> None:
    size = (7, 6, 7)[:dimension]
    shape = (3, 2, *size)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(shape, dtype=torch.float64, generator=generator)
    f = term("conv", 2, 2, [Pinned(0, ((0, 0.0), (1, 0.0)), 0.0), Range(0, 0.0, INF), Parity(1, False)],
             dimension=dimension, sizes=(4,))  # fmt: skip
    inner = tuple(n - 2 * f.radius for n in size)
    flip = torch.tensor([1.0, -1.0]).double().reshape(1, 2, *(1,) * dimension)
    assert f(x).shape == (3, 2, *inner)
    assert (f(torch.zeros(shape).double())[:, 0] == 0).all()
    assert f(x)[:, 0].min() > 0
    torch.testing.assert_close(f(x * flip), f(x), rtol=0, atol=1e-11)


def test_predation_can_be_learned_under_its_constraints() -> None:
    """f >= 0, f(0, v) = 0 = f(u, 0) leaves room for k*u*v: within 1 % of its largest value after a short fit."""
    f = term("mlp", 2, 1, [Pinned(0, ((0, 0.0),), 0.0), Pinned(0, ((1, 0.0),), 0.0), Range(0, 0.0, INF)], sizes=(16,))
    x = 2 * torch.rand(400, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    target = 1.3 * x[:, :1] * x[:, 1:]
    f.calibrate([1.0, 1.0], [0.6, 0.6], [1.3])
    optimiser = torch.optim.LBFGS(f.parameters(), max_iter=150, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        loss = (f(x) - target).square().mean()
        loss.backward()
        return loss

    optimiser.step(closure)
    assert (f(x) - target).abs().max() < 0.01 * target.max()


CONTRADICTIONS: list[list[Constraint]] = [
    [Pinned(0, ((0, 0.0),), 0.0), Pinned(0, ((1, 0.0),), 1.0)],
    [Parity(0, True), Pinned(0, ((0, 0.0),), 1.0)],
    [Parity(0, True), Pinned(0, ((1, 0.0),), 1.0)],
    [Parity(0, True), Range(0, 0.0, INF)],
    [Parity(0, True), Range(0, -1.0, 3.0), Pinned(0, ((0, 1.0),), 2.0)],
    [Parity(0, False), Pinned(0, ((0, 1.0),), 2.0), Pinned(0, ((0, -1.0),), 3.0)],
]


@pytest.mark.parametrize("constraints", CONTRADICTIONS)
def test_contradictions_are_refused(constraints: list[Constraint]) -> None:
    with pytest.raises(UsageError):
        term("mlp", 2, 1, constraints, sizes=(4,))


STARTS: list[list[Constraint]] = [
    [], [Range(0, 0.0, INF)], [Range(0, 0.0, 1.0)], [Range(0, -5.0, INF)], [Pinned(0, ((0, 0.0),), 0.0)]
]  # fmt: skip


@pytest.mark.parametrize("constraints", STARTS)
def test_start_is_small_and_has_gradients(constraints: list[Constraint]) -> None:
    torch.manual_seed(0)
    f = LearnedTermModule(Mlp(FamilySpec(2, 1, 0, {}, ("x", "y"))), constraints, 2, 1).double()
    values = f(0.5 * points(2, 0))
    values.square().sum().backward()
    assert values.abs().max() < 0.1
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in f.parameters())
