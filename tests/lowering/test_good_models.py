"""Every model of the corpus is compiled and evaluated: right type and shape, finite, its terms sum to its rate."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from eqdsl.analysis.check import load_model
from eqdsl.cli.describe import model_in_words, model_json
from eqdsl.core.errors import UsageError
from eqdsl.data.trajectories import InputValues, Trajectories
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.model.model import Model, least_points
from eqdsl.numerics.grid import GridAxis, grid_from_model
from eqdsl.numerics.integrators.integrate import integrate

MODELS = Path(__file__).parents[1] / "models" / "good"
GOOD = sorted(MODELS.glob("*.eq"))
POINTS = 12


def small_grid(model: Model):
    points = {a.name: max(POINTS, least_points(model.order)) for a in model.axes if a.points is None}
    return grid_from_model(model, points)


def drive(field: VectorField) -> Trajectories:
    """Two frames of data whose inputs are about 0.5, for any model."""
    model, times, shape = field.model, np.array([[0.0, 1.0]]), field.grid.shape
    inputs = {}
    for declared in model.inputs:
        size = (1, *((2,) if declared.time else ()), *(shape if declared.axes else ()))
        values = 0.5 + 0.1 * np.sin(np.arange(np.prod(size, dtype=int)).reshape(size))
        inputs[declared.name] = InputValues(values, times if declared.time else None)
    state = np.full((1, 2, len(model.channels), *shape), 0.5)
    return Trajectories(times, state, np.array([2]), model.channel_names, field.grid.coordinates(), inputs=inputs)


def remembering(field: VectorField, batch: int) -> VectorField:
    """The field with frames of about 0.5 to look back on."""
    shape = (batch, max(field.memory, 1), len(field.model.channels), *field.grid.shape)
    return field.with_past(0.5 + 0.1 * torch.sin(torch.arange(math.prod(shape), dtype=torch.float64)).reshape(shape))


@pytest.mark.parametrize("path", GOOD, ids=lambda p: p.stem)
def test_a_good_model_has_a_rate(path: Path) -> None:
    model = load_model(path)
    field = compile_model(model, grid=small_grid(model))
    field = remembering(field.driven(drive(field)), 2)
    generator = torch.Generator().manual_seed(1)
    # Concentrations, depths and populations are positive; one below 1 keeps every function within its domain.
    state = torch.rand(2, len(model.channels), *field.grid.shape, generator=generator, dtype=torch.float64) * 0.8 + 0.1
    for index, channel in enumerate(model.channels):
        if channel.uniform and model.axes:
            state[:, index] = state[:, index].flatten(1)[:, :1].reshape(2, *(1,) * model.dimension)
    rate = field(0.3, state)
    assert rate.dtype is torch.float64 and rate.shape == state.shape
    assert torch.isfinite(rate).all()

    terms = field.terms(0.3, state)
    for index, channel in enumerate(model.channels):
        total = sum(terms[channel.name].values())
        free = off_dirichlet_nodes(model, channel.name, field.grid.axes, total)
        assert torch.allclose(total[free], rate[:, index][free], rtol=1e-12, atol=1e-12)
    for values in (field.named, field.learned_outputs, field.laws, field.penalties):
        assert all(v.dtype is torch.float64 and torch.isfinite(v).all() for v in values(0.3, state).values())
    if all(i.kind == "expression" for i in model.initial):
        start = field.initial_state()
        assert start.dtype is torch.float64 and torch.isfinite(start).all()


@pytest.mark.parametrize("path", GOOD, ids=lambda p: p.stem)
def test_a_good_model_is_described_with_its_linear_part(path: Path) -> None:
    """In words and as JSON; what is found can be compiled, or is refused in words."""
    model = load_model(path)
    described = model_json(model)
    assert set(described["linear"]) <= {c.name for c in model.channels}
    assert all(text in model_in_words(model) for text in described["linear"].values())
    field = compile_model(model, grid=small_grid(model))
    field = remembering(field.driven(drive(field)), 1)
    state = torch.full((1, len(model.channels), *field.grid.shape), 0.5, dtype=torch.float64)
    if described["linear"]:
        assert torch.isfinite(field.linear_part().solve(state, 1e-3)).all()
    elif model.axes:
        with pytest.raises(UsageError, match="no linear part"):
            field.linear_part()


def test_a_split_method_leaves_solved_states_to_the_rest() -> None:
    """Vortices carried by a stream function that is solved for: ars222 against rk4 with short steps."""
    model = load_model(MODELS / "navier_stokes_stream.eq")
    field = compile_model(model, grid=grid_from_model(model, {"x": 16, "y": 16}))
    start, times = field.initial_state(), torch.tensor([0.0, 0.5], dtype=torch.float64)
    split = integrate(field, start, times, method="ars222", substeps=10)[:, -1]
    fine = integrate(field, start, times, method="rk4", substeps=50)[:, -1]
    assert (split - fine).abs().max() < 1e-5


def off_dirichlet_nodes(model: Model, channel: str, axes: tuple[GridAxis, ...], like: torch.Tensor) -> torch.Tensor:
    """Where the rate is that of the equation, not that of a wall."""
    free = torch.ones_like(like, dtype=torch.bool)
    for wall in (w for w in model.walls if w.channel == channel and getattr(w.normal_coefficient, "value", 1) == 0):
        number = next(i for i, a in enumerate(axes) if a.name == wall.axis)
        if axes[number].position == "nodes" or wall.from_data:
            free.select(number + 1, -1 if wall.side else 0)[...] = False
    return free
