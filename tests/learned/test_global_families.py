"""`fno` and `unet` see the whole domain."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from eqdsl.learned.base import FamilySpec
from eqdsl.learned.table import FAMILIES
from eqdsl.learned.term import LearnedTermModule
from eqdsl.model.learned_terms import Parity, Pinned
from tests.learned.building import term

OPTIONS = {"fno": {"modes": 4, "width": 6}, "unet": {"sizes": (4,)}}
SHIFT = {"fno": 3, "unet": 4}
"""Points by which a field may be shifted: a multiple of the coarsest spacing."""


def built(family: str, dimension: int = 1, constraints: tuple[object, ...] = ()) -> LearnedTermModule:
    return term(family, 2, 2, constraints, dimension=dimension, **OPTIONS[family])  # type: ignore[arg-type]


def walled(family: str) -> LearnedTermModule:
    torch.manual_seed(0)
    spec = FamilySpec(1, 1, 1, OPTIONS[family], ("u",), periodic=(False,))
    return LearnedTermModule(FAMILIES[family](spec), (), 1, 1).double()


@pytest.mark.parametrize("dimension", [1, 2, 3])
@pytest.mark.parametrize("family", sorted(OPTIONS))
def test_every_output_sees_every_point(family: str, dimension: int) -> None:
    f = built(family, dimension)
    shape = (12, 7, 6)[:dimension]
    x = torch.randn(1, 2, *shape, dtype=torch.float64, requires_grad=True)
    out = f(x)
    assert out.shape == (1, 2, *shape)
    (seen,) = torch.autograd.grad(out[(0, 1, *[0] * dimension)], x)
    assert (seen != 0).all()


@pytest.mark.parametrize("dimension", [1, 2])
@pytest.mark.parametrize("family", sorted(OPTIONS))
def test_a_shifted_field_gives_a_shifted_result(family: str, dimension: int) -> None:
    f, by = built(family, dimension), SHIFT[family]
    x = torch.randn(2, 2, *(16, 8)[:dimension], dtype=torch.float64)
    moved = f(x.roll(by, 2))
    torch.testing.assert_close(moved, f(x).roll(by, 2), rtol=1e-10, atol=1e-10)
    assert (moved - f(x)).abs().max() > 0.1


def field_on(points: int) -> Tensor:
    x = torch.arange(points, dtype=torch.float64) * 2 * torch.pi / points
    return torch.stack([torch.sin(x) + 0.3 * torch.cos(2 * x), torch.cos(x)])[None]


def test_an_fno_is_one_operator_on_all_grids() -> None:
    """Activations make waves above any grid's: the difference falls fast as the grid resolves them."""
    f = built("fno")
    fine = f(field_on(512))
    errors = [float((f(field_on(n)) - fine[..., :: 512 // n]).abs().max()) for n in (16, 32, 64)]
    assert errors[1] < errors[0] / 5 and errors[2] < errors[1] / 5
    assert errors[2] < 1e-3 * float(fine.abs().max())


def test_a_coarse_grid_leaves_out_the_modes_that_it_lacks() -> None:
    assert torch.isfinite(built("fno", 2)(torch.randn(1, 2, 4, 5, dtype=torch.float64))).all()


@pytest.mark.parametrize("family", sorted(OPTIONS))
def test_walls_are_mirrors_not_seams(family: str) -> None:
    """A field that is mirrored at the wall gives a mirrored result; one end does not touch the other."""
    f = walled(family)
    x = torch.linspace(0, 1, 16, dtype=torch.float64)[None, None]
    torch.testing.assert_close(f(torch.ones_like(x)), f(torch.ones_like(x))[..., :1].expand_as(x))
    step = f(x) - f(x * 0 + x.mean())
    assert torch.isfinite(step).all()
    assert step.diff().abs()[..., 0] < 4 * step.diff().abs().mean()


@pytest.mark.parametrize("family", sorted(OPTIONS))
def test_constraints_and_trajectories(family: str) -> None:
    f = built(family, 1, (Pinned(0, ((0, 0.0), (1, 0.0)), 1.5), Parity(0, odd=False)))
    x = torch.randn(3, 2, 8, dtype=torch.float64)
    torch.testing.assert_close(f(torch.zeros_like(x))[:, 0], torch.full((3, 8), 1.5, dtype=torch.float64))
    torch.testing.assert_close(f(x)[1:2], f(x[1:2]))
    flipped = x * torch.tensor([-1.0, 1.0], dtype=torch.float64).reshape(1, 2, 1)
    torch.testing.assert_close(f(x), f(flipped))


@pytest.mark.parametrize("family", sorted(OPTIONS))
def test_gradients_agree_with_differences(family: str) -> None:
    f = built(family)
    x = torch.randn(1, 2, 8, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(f, (x,))


@pytest.mark.parametrize("family", sorted(OPTIONS))
def test_it_starts_near_zero_and_can_be_trained(family: str) -> None:
    """It learns ``u -> mean(u^2)``, which no local term can."""
    torch.manual_seed(0)
    module = LearnedTermModule(FAMILIES[family](FamilySpec(1, 1, 1, OPTIONS[family], ("u",))), (), 1, 1).double()
    x = torch.randn(64, 1, 1, dtype=torch.float64) * torch.cos(
        torch.arange(16) * torch.pi / 8 + torch.rand(64, 1, 1, dtype=torch.float64) * 6
    )
    wanted = x.square().mean(-1, keepdim=True).expand_as(x)
    assert module(x).abs().max() < 0.2
    optimizer = torch.optim.Adam(module.parameters(), lr=1e-2)
    for _ in range(150):
        loss = (module(x) - wanted).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < 0.05 * float(wanted.var())
