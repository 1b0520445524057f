"""``div(w) = 0``: zero to rounding for the model's own divergence, whatever the weights, the walls and the order."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor, nn

from eqdsl.analysis.check import loads_model
from eqdsl.cli.describe import model_in_words
from eqdsl.core.errors import ModelError
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.numerics.projection import ProjectionAxis, without_divergence

TOPOLOGY = ["periodic", "cells", "nodes"]


def compiled(
    topologies: tuple[str, ...], points: tuple[int, ...], learned: str, *, order: int = 2, call: str = "w"
) -> VectorField:
    """``dt(u) = -advect(w, u)`` with a learned w and its divergence as a known term, weights of order one."""
    names = "xyz"[: len(points)]
    space = ", ".join(
        f"{n} in [0, 1]{' periodic' if t == 'periodic' else ''}" for n, t in zip(names, topologies, strict=True)
    )
    grid = ", ".join(
        f"{n} = {p}{' nodes' if t == 'nodes' else ''}" for n, p, t in zip(names, points, topologies, strict=True)
    )
    field = compile_model(
        loads_model(
            f"space {space}\ngrid {grid}\nscheme order = {order}\nstate u({', '.join(names)})\n{learned}\n"
            f"let v = {call}\nknown divergence = div(v)\nknown carried = div(v*u)\n"
            "known x_flow = v.x\nknown y_flow = v.y\n"
            "dt(u) = -advect(v, u) + divergence + 0*x_flow + 0*y_flow + 0*carried\n"
        )
    )
    torch.manual_seed(1)
    with torch.no_grad():
        for weight in field.learned.parameters():
            weight.normal_()
    return field


def state(field: VectorField, batch: int = 2) -> Tensor:
    return torch.rand(batch, 1, *field.grid.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(2))


def known(field: VectorField, batch: int = 2) -> dict[str, Tensor]:
    with torch.no_grad():
        return field.named(0.0, state(field, batch))


@pytest.mark.parametrize("family", ["mlp(8)", "conv(4)", "poly(2)"])
@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("topologies", list(itertools.product(TOPOLOGY, TOPOLOGY)), ids="-".join)
def test_a_stream_function_leaves_no_divergence(topologies: tuple[str, str], order: int, family: str) -> None:
    field = compiled(topologies, (13, 14), f"learned w(u, x) -> vector by {family} with div(w) = 0", order=order)
    found = known(field)
    size = found["x_flow"].abs().max()
    # Rounding of a difference of differences over the spacing, in units of the flow.
    assert found["divergence"].abs().max() < 1e-12 * max(1.0, float(size))
    assert size > 0.1 and found["y_flow"].abs().max() > 0.1


@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("topologies", [(*t, "periodic") for t in itertools.product(TOPOLOGY, TOPOLOGY)], ids="-".join)
def test_a_projection_leaves_no_divergence(topologies: tuple[str, ...], order: int) -> None:
    field = compiled(topologies, (11, 12, 10), "learned w(u) -> vector by mlp(8) with div(w) = 0", order=order)
    found = known(field)
    size = found["x_flow"].abs().max()
    assert found["divergence"].abs().max() < 1e-12 * max(1.0, float(size))
    assert size > 0.1


@pytest.mark.parametrize("points", [(13, 14), (9, 10, 8)], ids=["stream function", "projection"])
@pytest.mark.parametrize("position", ["cells", "nodes"])
def test_nothing_flows_through_a_wall(position: str, points: tuple[int, ...]) -> None:
    """What is carried in flux form is kept to rounding; on nodes the flow across a wall is zero itself."""
    topologies = (position, *("periodic",) * (len(points) - 1))
    field = compiled(topologies, points, "learned w(u) -> vector by mlp(8) with div(w) = 0")
    found = known(field)
    if position == "nodes":
        assert found["x_flow"][:, [0, -1]].abs().max() < 1e-13
    weights = torch.ones(points[0], dtype=torch.float64)
    weights[[0, -1]] = 0.5 if position == "nodes" else 1.0
    gained = (found["carried"].flatten(2).mean(2) * weights).sum(1)
    assert gained.abs().max() < 1e-12 * found["carried"].abs().max()


def test_a_flow_through_a_periodic_axis_has_a_mean_of_its_own() -> None:
    """What a periodic psi cannot be: a uniform flow, along periodic axes only."""
    field = compiled(("periodic", "cells"), (12, 12), "learned w(u) -> vector by mlp(8) with div(w) = 0")
    found = known(field)
    assert found["x_flow"].mean().abs() > 0.1
    assert found["y_flow"].mean().abs() < 1e-12


class Given(nn.Module):
    """In the place of a network: a stream function of position, and no uniform flow."""

    radius, channel_axis = 0, -1

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.outputs = outputs

    def forward(self, inputs: Tensor) -> Tensor:
        x, y = inputs[..., 0], inputs[..., 1]
        psi = torch.exp(0.5 * x) * torch.cos(2 * math.pi * y)
        return torch.stack([psi, *(torch.zeros_like(psi) for _ in range(self.outputs - 1))], dim=-1)


@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("position", ["cells", "nodes"])
def test_the_order_of_the_scheme_is_kept(position: str, order: int) -> None:
    """w of a given psi, walls along x: ``psi*sin(pi*x)`` differentiated by hand."""
    errors = []
    for points in (16, 32, 64):
        field = compiled(
            (position, "periodic"), (points, points), "learned w(x, y) -> vector by mlp(4) with div(w) = 0", order=order
        )
        field.learned["term_w"] = Given(2)
        found = known(field, 1)
        x, y = torch.meshgrid(
            *(torch.as_tensor(a.coordinates(0), dtype=torch.float64) for a in field.grid.axes), indexing="ij"
        )
        window, slope = torch.sin(math.pi * x), math.pi * torch.cos(math.pi * x)
        wave, turned = torch.cos(2 * math.pi * y), -2 * math.pi * torch.sin(2 * math.pi * y)
        exact = {
            "x_flow": torch.exp(0.5 * x) * window * turned,
            "y_flow": -torch.exp(0.5 * x) * (slope + 0.5 * window) * wave,
        }
        errors.append(max(float((found[n][0] - v).square().mean().sqrt()) for n, v in exact.items()))
    observed = [math.log2(a / b) for a, b in itertools.pairwise(errors)]
    assert observed[-1] > order - 0.2


@pytest.mark.parametrize("order", [2, 4])
def test_a_projection_is_that_of_the_equations(order: int) -> None:
    """``(sin x cos y, 0, 0)`` less its gradient part is ``(sin x cos y, -cos x sin y, 0)/2``, at the scheme's order."""
    weights = {2: (-0.5, 0.0, 0.5), 4: (1 / 12, -2 / 3, 0.0, 2 / 3, -1 / 12)}[order]
    errors = []
    for points in (12, 24, 48):
        h = 2 * math.pi / points
        axis = ProjectionAxis(points, True, False, tuple(w / h for w in weights))
        grid = torch.arange(points, dtype=torch.float64) * h
        # Another wavenumber along y, for which the discrete gradient has another direction than the exact one.
        x, y, z = torch.meshgrid(grid, grid, grid, indexing="ij")
        vector = torch.stack([torch.sin(x) * torch.cos(2 * y), 0 * x, 0.7 + 0 * z])[None]
        exact = torch.stack(
            [0.8 * torch.sin(x) * torch.cos(2 * y), -0.4 * torch.cos(x) * torch.sin(2 * y), 0.7 + 0 * z]
        )
        errors.append(float((without_divergence(vector, [axis] * 3)[0] - exact).abs().max()))
    observed = [math.log2(a / b) for a, b in itertools.pairwise(errors)]
    assert observed[-1] > order - 0.1


@pytest.mark.parametrize("order", [2, 4])
def test_between_walls_a_projection_depends_on_the_grid_at_second_order(order: int) -> None:
    """The same v on grids of nodes that hold each other's points; compared where they meet."""
    weights = {2: (-0.5, 0.0, 0.5), 4: (1 / 12, -2 / 3, 0.0, 2 / 3, -1 / 12)}[order]
    found = []
    for cells in (16, 32, 64, 128):
        axes = [
            ProjectionAxis(cells + walled, not walled, True, tuple(w * cells for w in weights)) for walled in (1, 0)
        ]
        x, y = torch.meshgrid(*(torch.arange(a.points, dtype=torch.float64) / cells for a in axes), indexing="ij")
        across = torch.sin(math.pi * x) * torch.exp(x) * torch.cos(2 * math.pi * y)
        along = torch.cos(3 * x) * torch.sin(2 * math.pi * y)
        found.append(without_divergence(torch.stack([across, along])[None], axes))
    changes = [float((a - b[..., ::2, ::2]).abs().max()) for a, b in itertools.pairwise(found)]
    assert math.log2(changes[-2] / changes[-1]) > 1.75


def test_a_projection_leaves_a_flow_without_divergence_as_it_is() -> None:
    axes = [
        ProjectionAxis(n, p, q, (-n / 2, 0.0, n / 2))
        for n, p, q in ((9, True, False), (8, False, False), (7, False, True))
    ]
    vector = torch.randn(2, 3, 9, 8, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    once = without_divergence(vector, axes)
    assert once.abs().max() > 0.1
    torch.testing.assert_close(without_divergence(once, axes), once, rtol=0, atol=1e-13)


def test_a_box_holds_no_uniform_flow() -> None:
    """A constant across walls is a gradient: on an odd number of cells it would leave a wave of two points."""
    axis = ProjectionAxis(9, False, False, (-4.5, 0.0, 4.5))
    assert without_divergence(torch.ones(1, 3, 9, 9, 9, dtype=torch.float64), [axis] * 3).abs().max() < 1e-13


@pytest.mark.parametrize(
    ("topologies", "points"), [(("cells", "periodic"), (6, 7)), (("cells", "nodes", "periodic"), (6, 6, 6))]
)
def test_gradients_reach_state_and_weights(topologies: tuple[str, ...], points: tuple[int, ...]) -> None:
    field = compiled(topologies, points, "learned w(u) -> vector by mlp(3) with div(w) = 0")
    # One trajectory on few points keeps the numerical derivatives cheap.
    start = state(field, 1).requires_grad_()
    assert torch.autograd.gradcheck(lambda s: field(0.0, s).square().sum(), (start,), check_forward_ad=True)
    name, weight = next(iter(field.learned.named_parameters()))
    changed = weight.detach().clone().requires_grad_()
    key = f"learned.{name}"
    assert torch.autograd.gradcheck(
        lambda w: torch.func.functional_call(field, {key: w}, (0.0, start.detach())).square().sum(),
        (changed,),
        check_forward_ad=True,
    )


@pytest.mark.parametrize("points", [(8, 8), (6, 6, 6)], ids=["stream function", "projection"])
def test_a_steady_flow_is_the_same_for_all_trajectories(points: tuple[int, ...]) -> None:
    """It depends on position alone; each trajectory is carried by it as if it were the only one."""
    names = ", ".join("xyz"[: len(points)])
    field = compiled(
        ("periodic", *("cells",) * (len(points) - 1)), points, f"learned w({names}) -> vector by mlp(4) with div(w) = 0"
    )
    start = state(field, 3)
    with torch.no_grad():
        together, apart = field(0.0, start), torch.cat([field(0.0, row) for row in start.split(1)])
    torch.testing.assert_close(together, apart, rtol=0, atol=1e-12)


def test_at_other_arguments_it_is_another_flow_without_divergence() -> None:
    learned = "learned w(u, y) -> vector by mlp(4) with div(w) = 0"
    flows = [known(compiled(("periodic", "cells"), (8, 9), learned, call=call)) for call in ("w", "w(u^2, x)")]
    assert all(f["divergence"].abs().max() < 1e-12 * max(1.0, float(f["x_flow"].abs().max())) for f in flows)
    assert (flows[0]["x_flow"] - flows[1]["x_flow"]).abs().max() > 0.1


def test_show_says_how() -> None:
    learned = "learned w(u) -> vector by mlp(4) with div(w) = 0"
    plane = model_in_words(compiled(("periodic", "cells"), (8, 8), learned).model)
    assert (
        "div(w) = 0 by a stream function and a uniform flow along x, no flow through the walls of y (by construction)"
        in plane
    )
    solid = model_in_words(compiled(("periodic",) * 3, (6, 6, 6), learned).model)
    assert "div(w) = 0 by projection (by construction)" in solid


def test_a_flux_of_it_is_refused_under_a_scheme_of_transport() -> None:
    with pytest.raises(ModelError, match=r"write `-advect\(w, u\)`"):
        loads_model(
            "space x in [0, 1] periodic, y in [0, 1] periodic\nscheme dx = upwind(3)\nstate u(x, y)\n"
            "learned w(u) -> vector with div(w) = 0\ndt(u) = -div(w*u)\n"
        )
