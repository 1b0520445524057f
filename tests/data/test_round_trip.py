"""What is written is read back, and opens elsewhere with names and units."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eqdsl.core.errors import UsageError
from eqdsl.data.reading import read_data
from eqdsl.data.trajectories import Trajectories
from eqdsl.data.writing import write_trajectories
from eqdsl.model.model import Model
from tests.data.small_models import axis, field, model

MODELS = {
    "ode": model((field("hare"), field("lynx"))),
    "line": model((field("u", ("x",)),), (axis("x"),)),
    "plane": model(
        (field("u", ("x", "y"), unit="K"), field("w", ("x", "y"), vector=True, time_order=2), field("q")),
        (axis("x"), axis("y", periodic=False)),
    ),
    "solid": model((field("u", ("x", "y", "z"), time_order=2),), (axis("x"), axis("y"), axis("z"))),
    "taken names": model((field("trajectory"), field("frame"), field("component", ("x",))), (axis("x"),), time="tau"),
}  # fmt: skip


@st.composite
def trajectories(draw: st.DrawFn) -> tuple[Model, Trajectories]:
    """Any model of the list with random shapes, lengths, spacings and missing values."""
    chosen = MODELS[draw(st.sampled_from(sorted(MODELS)))]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    batch, frames = draw(st.integers(1, 4)), draw(st.integers(2, 7))
    sizes = [draw(st.integers(3, 6)) for _ in chosen.axes]
    lengths = rng.integers(2, frames + 1, size=batch)
    lengths[0] = frames
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    state = rng.standard_normal((batch, frames, len(chosen.channels), *sizes)).astype(dtype)
    state[rng.random(state.shape) < draw(st.sampled_from([0.0, 0.3]))] = np.nan
    for position, channel in enumerate(chosen.channels):
        if channel.uniform:
            state[:, :, position] = state[(slice(None), slice(None), position) + (slice(0, 1),) * len(sizes)]
    # Every last frame holds a value (else the trajectory ends before it), and no state is constant.
    for row, length in enumerate(lengths):
        state[row, 0], state[row, length - 1], state[row, length:] = 1.5, 2.5, np.nan
    steps = rng.uniform(0.1, 1, size=(1 if draw(st.booleans()) else batch, frames))
    times = np.broadcast_to(np.cumsum(steps, axis=1), (batch, frames)).copy()
    axes = {a.name: (np.arange(n) + 0.5) / n for a, n in zip(chosen.axes, sizes, strict=True)}
    return chosen, Trajectories(times, state, lengths, chosen.channel_names, axes)


@given(trajectories())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_written_is_read(tmp_path: Path, drawn: tuple[Model, Trajectories]) -> None:
    chosen, written = drawn
    path = tmp_path / "data.h5"
    write_trajectories(path, written, model=chosen, force=True)
    read = read_data(path, chosen)
    assert read.state.dtype == written.state.dtype
    np.testing.assert_array_equal(read.state, written.state)
    np.testing.assert_array_equal(read.lengths, written.lengths)
    for row, length in enumerate(written.lengths):
        np.testing.assert_array_equal(read.times[row, :length], written.times[row, :length])
    assert np.all(np.diff(read.times, axis=1) > 0)
    assert list(read.axes) == list(written.axes)


def plane_data(frames: int = 4) -> Trajectories:
    chosen = MODELS["plane"]
    rng = np.random.default_rng(1)
    state = rng.standard_normal((2, frames, len(chosen.channels), 4, 5))
    state[:, :, -1] = state[:, :, -1, :1, :1]
    axes = {"x": (np.arange(4) + 0.5) / 4, "y": np.linspace(0, 1, 5)}
    times = np.tile(0.5 * np.arange(frames), (2, 1))
    return Trajectories(times, state, np.full(2, frames), chosen.channel_names, axes, {"t": "s", "x": "m"})


def test_xarray_shows_names_and_units(tmp_path: Path) -> None:
    data = plane_data()
    write_trajectories(tmp_path / "data.h5", data, model=MODELS["plane"], attributes={"k": 0.3, "made": "by a test"})
    xarray = pytest.importorskip("xarray")
    with xarray.open_dataset(tmp_path / "data.h5", engine="h5netcdf") as opened:
        assert opened["u"].dims == ("trajectory", "t", "x", "y")
        assert opened["w"].dims == opened["dt(w)"].dims == ("trajectory", "t", "x", "y", "component")
        assert opened["q"].dims == ("trajectory", "t")
        assert (opened["u"].attrs["units"], opened["x"].attrs["units"], opened["t"].attrs["units"]) == ("K", "m", "s")
        assert opened.attrs["k"] == 0.3 and opened.attrs["made"] == "by a test"
        np.testing.assert_array_equal(opened["u"].sel(x=0.375).values, data.state[:, :, 0, 1])


def test_xarray_opens_times_of_their_own(tmp_path: Path) -> None:
    data = plane_data()
    data.times[1] *= 2
    write_trajectories(tmp_path / "data.h5", data, model=MODELS["plane"])
    xarray = pytest.importorskip("xarray")
    with xarray.open_dataset(tmp_path / "data.h5", engine="h5netcdf") as opened:
        assert opened["t"].dims == ("trajectory", "frame")
        assert opened["u"].dims == ("trajectory", "frame", "x", "y")


def test_written_without_a_model_reads_with_one(tmp_path: Path) -> None:
    chosen = MODELS["solid"]
    state = np.random.default_rng(2).standard_normal((2, 3, 2, 4, 4, 4))
    axes = {name: (np.arange(4) + 0.5) / 4 for name in "xyz"}
    data = Trajectories(np.tile(np.arange(3.0), (2, 1)), state, np.full(2, 3), chosen.channel_names, axes)
    write_trajectories(tmp_path / "data.h5", data)
    np.testing.assert_array_equal(read_data(tmp_path / "data.h5", chosen).state, state)


def test_a_velocity_without_values_is_left_out_and_comes_back_as_nan(tmp_path: Path) -> None:
    data = plane_data()
    data.state[:, :, 3:5] = np.nan
    write_trajectories(tmp_path / "data.h5", data, model=MODELS["plane"])
    with h5py.File(tmp_path / "data.h5") as file:
        assert "dt(w)" not in file
    read = read_data(tmp_path / "data.h5", MODELS["plane"])
    assert np.isnan(read.state[:, :, 3:5]).all()
    assert read.notes == ("no dataset `dt(w)`: the velocity of `w` is not in the data",)


def test_an_existing_file_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "data.h5"
    path.write_text("precious")
    with pytest.raises(UsageError, match="--force"):
        write_trajectories(path, plane_data())
    assert path.read_text() == "precious"
    write_trajectories(path, plane_data(), force=True)
    assert [p.name for p in tmp_path.iterdir()] == ["data.h5"]


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="attribute `f` is a function"):
        write_trajectories(tmp_path / "data.h5", plane_data(), attributes={"f": test_an_existing_file_is_kept})  # type: ignore[dict-item]
    with pytest.raises(UsageError, match="does not exist"):
        write_trajectories(tmp_path / "no" / "data.h5", plane_data())
    with pytest.raises(UsageError, match="is a folder"):
        write_trajectories(tmp_path, plane_data())
    with pytest.raises(UsageError, match="channels"):
        write_trajectories(tmp_path / "data.h5", plane_data(), model=MODELS["ode"])
    assert list(tmp_path.iterdir()) == []
