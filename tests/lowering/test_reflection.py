"""What a learned neighbourhood sees beyond a wall: the reflection, bounded however far it looks."""

from __future__ import annotations

import pytest
import torch

from eqdsl.analysis.check import loads_model
from eqdsl.lowering.closures import closure, reflection
from eqdsl.lowering.vector_field import compile_model

RADIUS = 6
POINTS = 16
POSITIONS = ["cells", "nodes"]


def seen(walls: str, position: str, state: torch.Tensor, order: int = 2, argument: str = "u") -> torch.Tensor:
    """The input of a convolution that sees 6 points to each side."""
    model = loads_model(
        f"space x in [0, 1]\ngrid x = {POINTS} {position}\nscheme order = {order}\nstate u(x)\nparam c = fit 0.7\n"
        f"learned R({argument}) by conv(4, kernel = 7)\ndt(u) = R + 0*c\n{walls}"
    )
    field = compile_model(model)
    found: list[torch.Tensor] = []
    field.learned["term_R"].register_forward_pre_hook(lambda module, inputs: found.append(inputs[0]))
    field(0.0, state[None, None])
    return found[0][0, 0].detach()


def random_state() -> torch.Tensor:
    return torch.randn(POINTS, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def images(values: torch.Tensor, position: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The ghosts beyond x = 0 from the wall outward, their mirror images, and the distances between both."""
    inside = values[RADIUS:]
    skipped = 0 if position == "cells" else 1
    distance = (2 * torch.arange(RADIUS) + 1 + skipped).double()
    spacing = 1 / (POINTS if position == "cells" else POINTS - 1)
    return values[:RADIUS].flip(0), inside[skipped : skipped + RADIUS], distance * spacing


@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("position", POSITIONS)
def test_a_given_value_is_reflected_oddly(position, order):
    ghosts, mirrored, _ = images(seen("bc u = 0.3 at x = 0\n", position, random_state(), order), position)
    assert torch.allclose(ghosts, 0.6 - mirrored, rtol=0, atol=1e-14)


@pytest.mark.parametrize("position", POSITIONS)
def test_a_value_given_on_nodes_replaces_the_stored_one(position):
    values = seen("bc u = 0.3 at x = 0\n", position, random_state())
    stored = random_state()[0]
    assert values[RADIUS] == pytest.approx(0.3 if position == "nodes" else stored.item(), abs=1e-14)


@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("position", POSITIONS)
def test_a_given_slope_is_reflected_evenly(position, order):
    state = random_state()
    ghosts, mirrored, distance = images(seen("", position, state, order), position)
    assert torch.equal(ghosts, mirrored)
    ghosts, mirrored, distance = images(seen("bc dn(u) = 0.4 at x = 0\n", position, state, order), position)
    assert torch.allclose(ghosts, mirrored + 0.4 * distance, rtol=0, atol=1e-14)


@pytest.mark.parametrize("text", ["0.7*u + 0.5*dn(u) = 0.2", "c*u + 0.5*dn(u) = 0.2"])
@pytest.mark.parametrize("position", POSITIONS)
def test_exchange_holds_between_every_point_and_its_image(position, text):
    ghosts, mirrored, distance = images(seen(f"bc {text} at x = 0\n", position, random_state()), position)
    held = 0.7 * (ghosts + mirrored) / 2 + 0.5 * (ghosts - mirrored) / distance
    assert torch.allclose(held, torch.full_like(held, 0.2), rtol=0, atol=1e-12)


@pytest.mark.parametrize("wall", ["u = 2", "dn(u) = 0", "3*u + dn(u) = 6", "c*u + dn(u) = 2*c"])
@pytest.mark.parametrize("position", POSITIONS)
def test_constants_stay_constant(position, wall):
    walls = f"bc {wall} at x = 0\nbc {wall} at x = 1\n"
    values = seen(walls, position, torch.full((POINTS,), 2.0, dtype=torch.float64), order=4)
    assert torch.allclose(values, torch.full_like(values, 2.0), rtol=0, atol=1e-13)


@pytest.mark.parametrize("wall", ["u = 0", "dn(u) = 0", "3*u + dn(u) = 0", "1000*u + dn(u) = 0"])
@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("position", POSITIONS)
def test_noise_is_never_blown_up(position, order, wall):
    walls = f"bc {wall} at x = 0\nbc {wall} at x = 1\n"
    assert seen(walls, position, random_state(), order).abs().max() <= random_state().abs().max() * (1 + 1e-12)


@pytest.mark.parametrize("position", POSITIONS)
def test_a_derivative_that_a_convolution_reads_keeps_its_closure(position):
    """The points of the grid see the same ``dx(u)`` as the equation; only beyond it is a reflection."""
    model = loads_model(
        f"space x in [0, 1]\ngrid x = {POINTS} {position}\nscheme order = 4\nstate u(x)\ndt(u) = dx(u)\n"
        "bc dn(u) + u = 1 at x = 0\n"
    )
    alone = compile_model(model)(0.0, random_state()[None, None])[0, 0]
    values = seen("bc dn(u) + u = 1 at x = 0\n", position, random_state(), order=4, argument="dx(u)")
    assert torch.allclose(values[RADIUS:-RADIUS], alone, rtol=0, atol=1e-12)
    plain = closure(4, 2, position, "robin", derivative=1)
    assert max(abs(w) for row in plain.extrapolation for w in row) < 50


def test_images_lie_as_far_behind_the_wall_as_in_front():
    assert [len(reflection(k, "cells").extrapolation[0]) for k in range(3)] == [1, 3, 5]
    assert [len(reflection(k, "nodes").extrapolation[0]) for k in range(3)] == [2, 4, 6]
