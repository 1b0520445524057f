"""Shapes, radius, precision, gradients and determinism of every family."""

from __future__ import annotations

import pytest
import torch

from eqdsl.core.errors import UsageError
from eqdsl.learned.activations import ACTIVATIONS
from eqdsl.learned.base import FamilySpec
from eqdsl.learned.conv import Conv
from eqdsl.learned.mlp import Mlp
from eqdsl.learned.table import FAMILIES
from eqdsl.model.learned_terms import Pinned, Range
from tests.learned.building import term

SIZES = {"mlp": (6, 6), "poly": (3,), "library": (2,)}
POINTWISE = sorted(SIZES)


@pytest.mark.parametrize("family", POINTWISE)
@pytest.mark.parametrize("shape", [(), (5,), (4, 3, 2)])
def test_pointwise_shapes(family: str, shape: tuple[int, ...]) -> None:
    f = term(family, 3, 2, [Pinned(0, ((0, 0.0), (1, 0.0), (2, 0.0)), 1.0)], sizes=SIZES[family])
    assert f.radius == 0
    assert f(torch.randn(*shape, 3, dtype=torch.float64)).shape == (*shape, 2)


@pytest.mark.parametrize(("sizes", "kernel", "radius"), [((4,), 3, 2), ((4, 4), 3, 3), ((4,), 5, 4)])
def test_conv_sees_exactly_its_radius(sizes: tuple[int, ...], kernel: int, radius: int) -> None:
    f = term("conv", 1, 1, dimension=1, sizes=sizes, kernel=kernel)
    assert f.radius == radius
    x = torch.randn(1, 1, 2 * radius + 1, dtype=torch.float64, requires_grad=True)
    f(x).sum().backward()
    assert x.grad is not None
    assert (x.grad != 0).all()


def test_conv_does_not_mix_trajectories() -> None:
    f = term("conv", 2, 1, dimension=2, sizes=(4,))
    x = torch.randn(3, 2, 9, 9, dtype=torch.float64)
    torch.testing.assert_close(f(x)[1:2], f(x[1:2]))


@pytest.mark.parametrize("act", sorted(ACTIVATIONS))
def test_gradients_agree_with_differences(act: str) -> None:
    f = term("mlp", 2, 2, [Pinned(0, ((0, 0.0),), 0.5), Range(1, 0.0, 1.0)], sizes=(4,), act=act)
    x = torch.randn(5, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(f, (x,))


@pytest.mark.parametrize("family", ["poly", "library"])
def test_gradients_of_polynomials_agree_with_differences(family: str) -> None:
    f = term(family, 2, 1, [Pinned(0, ((0, 1.0),), 0.5)], sizes=(3,))
    assert torch.autograd.gradcheck(f, (torch.randn(5, 2, dtype=torch.float64, requires_grad=True),))


@pytest.mark.parametrize("family", POINTWISE)
def test_single_precision_follows_double(family: str) -> None:
    constraints = [Pinned(0, ((0, 0.0),), 0.0), Range(0, 0.0, 9.0)]
    double = term(family, 2, 1, constraints, sizes=SIZES[family])
    single = term(family, 2, 1, constraints, sizes=SIZES[family])
    single.load_state_dict(double.state_dict())
    single = single.to(torch.float32)
    x = torch.randn(20, 2, dtype=torch.float64)
    assert single(x.float()).dtype == torch.float32
    torch.testing.assert_close(single(x.float()).double(), double(x), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_same_seed_same_weights(family: str) -> None:
    spec = FamilySpec(2, 1, 1, {}, ("x", "y"))
    first, second = ((torch.manual_seed(3), FAMILIES[family](spec).state_dict())[1] for _ in range(2))
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert all(isinstance(value, torch.Tensor) for value in first.values())


def test_terms_work_under_functional_transforms() -> None:
    f = term("mlp", 2, 1, [Pinned(0, ((0, 0.0),), 0.0), Range(0, 0.0, 9.0)], sizes=(4,))
    x = torch.randn(6, 2, dtype=torch.float64)
    torch.testing.assert_close(torch.func.vmap(f)(x), f(x))
    jacobian = torch.func.vmap(torch.func.jacrev(f))(x)
    assert jacobian.shape == (6, 1, 2)
    assert (jacobian != 0).all()


@pytest.mark.parametrize("options", [{"kernel": 2}, {"kernel": 1}, {"act": "step"}])
def test_options_that_cannot_be_used(options: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Conv(FamilySpec(1, 1, 1, options, ("u",)))


def test_conv_needs_space_and_mlp_an_activation_that_exists() -> None:
    with pytest.raises(UsageError, match="neighbouring"):
        Conv(FamilySpec(1, 1, 0, {}, ("u",)))
    with pytest.raises(UsageError, match="activation `step`"):
        Mlp(FamilySpec(1, 1, 0, {"act": "step"}, ("u",)))
