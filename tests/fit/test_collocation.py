"""Collocation: networks of time and position, scattered points, and what is found from them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from eqdsl.core.errors import DataError
from eqdsl.data.reading import read_data
from eqdsl.data.split import split_trajectories
from eqdsl.data.trajectories import Points, Trajectories
from eqdsl.fitting.collocation.cloud import cloud_on_grid
from eqdsl.fitting.collocation.frames import cloud_of_points, with_frames
from eqdsl.fitting.collocation.states import StateNetworks
from eqdsl.fitting.fingerprint import content_hash
from eqdsl.fitting.fit import fit
from eqdsl.fitting.objectives.collocation import JOINED
from eqdsl.fitting.objectives.table import OBJECTIVES
from eqdsl.fitting.run_folder import Run
from eqdsl.lowering.points import derivative
from eqdsl.numerics.grid import grid_from_coordinates
from tests.fit.systems import DECAY, decay_data, heat_data, model, quick
from tests.fit.test_resume import resumed_like_whole
from tests.fit.test_training_data import problem_of

HEAT = "space x in [0, 1] periodic\ngrid x = 16\nstate u(x)\nparam a = fit 0.02 in (0, 1)\ndt(u) = a*dxx(u)\n"
WALLED = """\
space x in [0, 1], y in [0, 2] periodic
grid x = 8, y = 8
state u(x, y)
state w
param a = fit 0.02 in (0, 1)
dt(u) = a*lap(u) - w
dtt(w) = -w
bc u = 0 at x = 0
bc dn(u) = 0 at x = 1
"""
COLLOCATION = ("objective.chain=collocation", "data.validation=0", "optimizer.windows=auto", "run.dtype=float32")


def scattered(noise: float, *, points: int = 400, a: float = 0.05) -> Points:
    """Decaying Fourier modes of the heat equation at random points, three trajectories."""
    draw = np.random.default_rng(0)
    t, x = draw.uniform(0, 0.4, (3, points)), draw.uniform(0, 1, (3, points))
    u = sum(
        np.exp(-a * (2 * np.pi * n) ** 2 * t) * np.cos(2 * np.pi * n * x + np.arange(3)[:, None]) for n in (1, 2)
    )  # fmt: skip
    u = u + noise * u.std() * draw.standard_normal(u.shape)
    return Points(np.stack([t, x], axis=-1), u[..., None])


def stored(path: Path, points: Points, **others: np.ndarray) -> Path:
    with h5py.File(path, "w") as handle:
        values = {"t": points.at[..., 0], "x": points.at[..., 1], "u": points.values[..., 0], **others}
        for name, value in values.items():
            handle[name] = value
    return path


def walled_networks() -> StateNetworks:
    points = Points(np.random.default_rng(0).uniform(0, 1, (2, 9, 3)), np.ones((2, 9, 3)))
    cloud = cloud_of_points(points, model(WALLED), torch.zeros((), dtype=torch.float64))
    return StateNetworks(model(WALLED), cloud, seed=0)


@pytest.mark.parametrize("along", [(), (0,), (1,), (2,), (0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (1, 1, 1), (1, 1, 2)])
def test_networks_differentiate_themselves_as_forward_mode_does(along: tuple[int, ...]) -> None:
    networks, rows = walled_networks(), torch.tensor([1, 0])
    fields, at = networks.fields(rows), torch.rand(2, 7, 3, dtype=torch.float64)
    expected = derivative(lambda points: networks.at(rows, points), at, along)
    assert torch.allclose(fields.derivative(at, along), expected, rtol=1e-10, atol=1e-10 * float(expected.abs().max()))
    if set(along) - {0}:
        # A plain variable does not see the position.
        assert float(expected[..., 1].detach().abs().max()) == 0.0


def test_networks_are_periodic_where_the_axis_is() -> None:
    networks, at = walled_networks(), torch.rand(2, 7, 3, dtype=torch.float64)
    around = at + torch.tensor([0.0, 0.0, 2.0], dtype=torch.float64)
    fields = networks.fields(torch.arange(2))
    assert torch.allclose(fields(at), fields(around), atol=1e-12)
    assert torch.allclose(fields.derivative(at, (2, 2)), fields.derivative(around, (2, 2)), atol=1e-9)


def test_a_cloud_holds_every_known_value_of_a_grid_first() -> None:
    data = heat_data(points=4, count=2, frames=3)
    state = data.state.copy()
    state[0, 1, 0, 2] = np.nan
    data = replace(data, state=state, lengths=np.array([3, 2]))
    heat = model(HEAT)
    cloud = cloud_on_grid(data, heat, grid_from_coordinates(heat, data.axes), torch.zeros((), dtype=torch.float64))
    assert cloud.counts.tolist() == [11, 8]
    assert bool(cloud.known[0, :11].all())
    assert not bool(cloud.known[1, 8:].any())
    t, x = cloud.at[1, 5].tolist()
    frame, point = int(np.argmin(np.abs(data.times[1] - t))), int(np.argmin(np.abs(data.axes["x"] - x)))
    assert float(cloud.values[1, 5, 0]) == state[1, frame, 0, point]
    assert cloud.end.tolist() == [data.times[0, 2], data.times[1, 1]]


def test_the_same_batch_has_the_same_points_and_the_equations_grow() -> None:
    problem = problem_of(DECAY, decay_data(), "objective.chain=collocation")
    objective = OBJECTIVES["collocation"](problem, lambda: None)
    batch = problem.train.batch(objective.starts(1)[:7], 1)
    one, two = (objective.misfit(batch, 1) for _ in range(2))
    assert torch.equal(one, two)
    objective.point = JOINED
    joined = objective.misfit(batch, 1)
    assert float(joined.detach()) > float(one.detach())
    (slope,) = torch.autograd.grad(joined, problem.field.physical.get_parameter("raw.value_k"))
    assert float(slope) != 0.0


@pytest.mark.parametrize("share", [0.2, 0.8])
def test_a_resumed_fit_equals_an_uninterrupted_one_bit_for_bit(tmp_path: Path, share: float) -> None:
    config = quick("objective.chain=collocation,rollout", "optimizer.steps=30", "optimizer.polish=10")
    whole, _, resumed = resumed_like_whole(DECAY, decay_data(count=4), config, share, tmp_path / "run")
    networks = [run.checkpoint()["modules"]["states"] for run in (whole, resumed)]
    assert all(torch.equal(networks[0][name], networks[1][name]) for name in networks[0])


def test_a_rate_is_found_from_gappy_noisy_data_without_integrating() -> None:
    data = decay_data(count=3, frames=30)
    draw = np.random.default_rng(0)
    state = data.state + 0.02 * draw.standard_normal(data.state.shape)
    state[draw.uniform(size=state.shape) < 0.3] = np.nan
    config = quick(*COLLOCATION, "optimizer.steps=250", "optimizer.epoch_steps=50", "optimizer.polish=40")
    run = fit(model(DECAY), replace(data, state=state), config=config)
    assert run.state["parameters"]["k"] == pytest.approx(1.3, rel=0.03)
    assert run.history()[-1]["misfit"] < 2 * 0.02**2 / np.nanvar(state)


# ------------------------------------------------------------------ scattered points


def test_scattered_points_are_read_and_get_frames(tmp_path: Path) -> None:
    points = scattered(0.0, points=150)
    points.values[1, 100:] = np.nan
    file = stored(tmp_path / "d.h5", points)
    found = read_data(file, model(HEAT), scattered=True)
    assert found.points is not None
    np.testing.assert_array_equal(found.points.values, points.values)
    assert len(found.select([1, 2]).points.at) == 2  # type: ignore[union-attr]
    framed = with_frames(found, model(HEAT), str(file))
    assert framed.state.shape == (3, 33, 1, 16)
    first, last = points.times()
    np.testing.assert_allclose(framed.times[:, [0, -1]], np.stack([first, last], axis=1))
    t, x = framed.times[0][:, None], framed.axes["x"]
    exact = sum(np.exp(-0.05 * (2 * np.pi * n) ** 2 * t) * np.cos(2 * np.pi * n * x) for n in (1, 2))
    assert np.std(framed.state[0, :, 0] - exact) < 0.1 * exact.std()
    assert framed.notes[-1].startswith("scattered points: frames on the grid are those of networks fitted to them")


@pytest.mark.parametrize(
    ("change", "text", "message"),
    [
        (
            {"u": np.ones((3, 20))}, HEAT,
            "has the shape (3, 20), the points (3, 30)\n= help: store `t`, the axes and the states with one number for "
            "each point, shape (trajectory, point)",
        ),
        (
            {"x": np.full((3, 30), 1.5)}, HEAT,
            "90 points lie outside of `x`, such as 1.5\n= help: the model says `x in [0, 1]`: widen it, or leave them "
            "out",
        ),
        (
            {"t": np.full((3, 30), 0.2)}, HEAT,
            "trajectory 0 has no two points with a known value at different times\n= help: leave it out, or store its "
            "points",
        ),
        (
            {}, HEAT.replace("grid x = 16\n", ""),
            "holds scattered points, and the model has no grid to roll out on\n= help: add `grid x = 64` to the model",
        ),
        (
            {}, HEAT.replace("u", "z"),
            "no dataset `z` beside the points\n= help: store `t`, the axes and the states with one number for each "
            "point, shape (trajectory, point)",
        ),
    ],
)  # fmt: skip
def test_points_that_do_not_suit_the_model_are_refused(
    tmp_path: Path, change: dict[str, np.ndarray], text: str, message: str
) -> None:
    file = stored(tmp_path / "d.h5", scattered(0.0, points=30))
    with h5py.File(file, "a") as handle:
        for name, value in change.items():
            del handle[name]
            handle[name] = value
    with pytest.raises(DataError) as caught:
        fit(model(text), file, config=quick(*COLLOCATION))
    told = f"{caught.value.message}\n= help: {caught.value.help}"
    assert told.removeprefix(str(file)).partition(": ")[2] == message


def test_where_frames_are_needed_points_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds scattered points, and frames on a grid are needed here"):
        read_data(stored(tmp_path / "d.h5", scattered(0.0, points=30)), model(HEAT))


def test_scattered_trajectories_have_environments(tmp_path: Path) -> None:
    points = scattered(0.0, points=30)
    found = read_data(stored(tmp_path / "d.h5", points, environment=np.array([4, 4, 7])), model(HEAT), scattered=True)
    assert found.environment is not None
    assert found.environment.tolist() == [4, 4, 7]
    other = replace(found, environment=np.array([4, 7, 7]))
    assert content_hash(other) != content_hash(found)


def test_what_scattered_points_do_not_hold_is_named(tmp_path: Path) -> None:
    file = stored(tmp_path / "d.h5", scattered(0.0, points=30), p=np.ones((3, 30)))
    for text, said in (
        ("observe p = u^2\ninit u = 1\n", "`p` is observed through an expression"),
        ("input q(t)\npenalty s = q^2*u\n", "the input `q` is read from the data"),
    ):
        with pytest.raises(DataError, match=f"holds scattered points of the states, and {said}"):
            read_data(file, model(HEAT + text), scattered=True)


def test_points_after_the_training_frames_are_held_out() -> None:
    """With two trajectories the last part of each is for validation, the points there too."""
    points = scattered(0.0, points=200)
    times = np.tile(np.linspace(0, 0.4, 33), (3, 1))
    whole = Trajectories(times, np.zeros((3, 33, 1, 16)), np.full(3, 33), ("u",), points=points).select([0, 2])
    split = split_trajectories(whole, validation=0.25)
    assert split.train.points is not None
    assert split.validation.points is not None
    ends, begins = split.train.points.times()[1], split.validation.points.times()[0]
    assert (ends <= 0.3).all()
    assert (begins >= 0.3).all()
    kept = split.train.points.known.sum() + split.validation.points.known.sum()
    assert kept == points.select(np.array([0, 2])).known.sum()


def long_fit(text: str, data: Trajectories | Path) -> Run:
    steps = ("optimizer.steps=1500", "optimizer.epoch_steps=100", "optimizer.polish=150")
    return fit(model(text), data, config=quick(*COLLOCATION, *steps))


@pytest.mark.slow
def test_diffusion_is_found_from_scattered_noisy_points(tmp_path: Path) -> None:
    run = long_fit(HEAT, stored(tmp_path / "d.h5", scattered(0.05)))
    assert run.state["parameters"]["a"] == pytest.approx(0.05, rel=0.02)
    assert run.history()[-1]["misfit"] == pytest.approx(0.05**2, rel=0.2)


@pytest.mark.slow
def test_a_reaction_is_learned_from_scattered_points_between_walls(tmp_path: Path) -> None:
    text = (
        "space x in [0, 1]\ngrid x = 24\nstate u(x)\nparam a = fit 0.02 in (0, 1)\nlearned f(u) by mlp(16)\n"
        "dt(u) = a*dxx(u) + f\nbc dn(u) = 0 at boundary\n"
    )
    # u = A(t) + B(t)*cos(pi*x) with f(u) = 0.5 - 2*u, a = 0.05: both modes decay in closed form.
    draw = np.random.default_rng(0)
    t, x = draw.uniform(0, 1.5, (4, 400)), draw.uniform(0, 1, (4, 400))
    mean, wave = np.array([-1.0, 0.0, 1.0, 2.0])[:, None], np.array([0.5, 1.0, 1.5, 0.7])[:, None]
    u = 0.25 + (mean - 0.25) * np.exp(-2 * t) + wave * np.exp(-(2 + 0.05 * np.pi**2) * t) * np.cos(np.pi * x)
    u = u + 0.02 * u.std() * draw.standard_normal(u.shape)
    run = long_fit(text, stored(tmp_path / "d.h5", Points(np.stack([t, x], -1), u[..., None])))
    assert run.state["parameters"]["a"] == pytest.approx(0.05, rel=0.1)
    states = torch.linspace(-0.5, 2.0, 26)[:, None]
    found = run.field.terms_by_name["f"](states.to(run.field.dtype)).detach()[:, 0]
    assert float((found - (0.5 - 2 * states[:, 0])).square().mean().sqrt()) < 0.1
