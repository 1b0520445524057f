"""What reading assumes, converts and announces."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from eqdsl.core.errors import DataError
from eqdsl.data import safety
from eqdsl.data.reading import read_data
from tests.data.small_models import axis, field, model

TIMES = np.linspace(0, 1, 5)
VALUES = np.random.default_rng(0).standard_normal((3, 5, 8, 2))
X = (np.arange(8) + 0.5) / 8
ODE = model((field("u"),))
LINE = model((field("u", ("x",)),), (axis("x", points=8),))
FLOW = model((field("w", ("x", "y"), vector=True),), (axis("x"), axis("y")))


def write(path: Path, **contents: object) -> Path:
    with h5py.File(path / "data.h5", "w") as file:
        for name, values in contents.items():
            file[name] = values
    return path / "data.h5"


def test_one_trajectory_without_its_axis(tmp_path: Path) -> None:
    read = read_data(write(tmp_path, t=TIMES, x=X, u=VALUES[0, ..., 0]), LINE)
    np.testing.assert_array_equal(read.state, VALUES[:1, :, None, :, 0])
    assert read.notes == ("`u` has no trajectory axis: read as one trajectory",)


def test_coordinates_from_the_grid_of_the_model(tmp_path: Path) -> None:
    read = read_data(write(tmp_path, t=TIMES, u=VALUES[..., 0]), LINE)
    np.testing.assert_allclose(read.axes["x"], X)
    assert read.notes == ("no coordinates `x`: taken from `grid x = 8`",)


@pytest.mark.parametrize(
    ("mapping", "taken"),
    [
        ({"u": "tensor[...,1]"}, VALUES[..., 1]),
        ({"u": "tensor[:,:,:,-1]"}, VALUES[..., 1]),
        ({"u": "tensor[1:3,...,0]"}, VALUES[1:3, ..., 0]),
        ({"u": "tensor[0,...,0]"}, VALUES[:1, ..., 0]),
        ({"u": "tensor[trajectory,t,x,1]"}, VALUES[..., 1]),
        ({"u": "group/swapped[x,t,trajectory]"}, VALUES[..., 0]),
        ({"u": "tensor[:,::2,:,0]", "t": "t[::2]"}, VALUES[:, ::2, :, 0]),
    ],
)
def test_mapping(mapping: dict[str, str], taken: np.ndarray, tmp_path: Path) -> None:
    path = write(tmp_path, t=TIMES, x=X, tensor=VALUES, **{"group/swapped": VALUES[..., 0].transpose(2, 1, 0)})
    read = read_data(path, LINE, mapping=mapping)
    np.testing.assert_array_equal(read.state[:, :, 0], taken)


def test_components_of_a_vector_from_datasets_of_their_own(tmp_path: Path) -> None:
    parts = np.random.default_rng(1).standard_normal((2, 3, 5, 4, 6))
    y = (np.arange(6) + 0.5) / 6
    path = write(tmp_path, t=TIMES, x=(np.arange(4) + 0.5) / 4, y=y, Vx=parts[0], Vy=parts[1])
    read = read_data(path, FLOW, mapping={"w.x": "Vx", "w.y": "Vy"})
    np.testing.assert_array_equal(read.state, np.moveaxis(parts, 0, 2))


@pytest.mark.parametrize(
    ("stored", "expected"),
    [("f2", "f4"), ("f4", "f4"), (">f4", "f4"), ("f8", "f8"), ("i4", "f8"), ("u1", "f8"), ("?", "f8")],
)
def test_types(stored: str, expected: str, tmp_path: Path) -> None:
    values = (10 * np.abs(VALUES[..., 0, 0])).astype(stored)
    values[0, 0], values[0, 1] = 0, 1
    read = read_data(write(tmp_path, t=TIMES.astype("f4"), u=values), ODE)
    assert read.state.dtype == np.dtype(expected)
    assert read.times.dtype == np.float64
    np.testing.assert_array_equal(read.state[:, :, 0], values.astype(expected))


def test_an_imaginary_part_of_rounding_size_is_dropped(tmp_path: Path) -> None:
    values = VALUES[..., 0, 0]
    read = read_data(write(tmp_path, t=TIMES, u=values + 1e-9j), ODE)
    np.testing.assert_array_equal(read.state[:, :, 0], values)
    assert read.notes == ("`u` is complex with an imaginary part of at most 1e-09, which was dropped",)


def test_packed_integers_are_unpacked(tmp_path: Path) -> None:
    path = write(tmp_path, t=TIMES, u=np.array([[0, 1, 2, -99, 4]], "i2"))
    with h5py.File(path, "r+") as file:
        file["u"].attrs.update({"scale_factor": 0.5, "add_offset": 10.0, "_FillValue": np.int16(-99)})
    read = read_data(path, ODE)
    np.testing.assert_array_equal(read.state[0, :, 0], [10, 10.5, 11, np.nan, 12])
    assert read.notes == ("`u` is packed: values times 0.5 plus 10",)


def test_missing_values_stay_and_trailing_ones_end_a_trajectory(tmp_path: Path) -> None:
    values = VALUES[..., 0, 0].copy()
    values[0, 1] = values[1, 3:] = np.nan
    read = read_data(write(tmp_path, t=TIMES, u=values), ODE)
    assert read.lengths.tolist() == [5, 3, 5]
    np.testing.assert_array_equal(read.state[:, :, 0], values)


def test_times_that_are_nan_end_a_trajectory(tmp_path: Path) -> None:
    times = np.array([[0, 1, 2, 3, 4], [0, 2, 5, np.nan, np.nan]])
    read = read_data(write(tmp_path, t=times, u=VALUES[:2, :, 0, 0]), ODE)
    assert read.lengths.tolist() == [5, 3]
    assert read.times[1].tolist() == [0, 2, 5, 8, 11]


def test_times_with_named_axes(tmp_path: Path) -> None:
    times = np.array([[0, 1, 2, 3, 4], [0, 2, 4, 6, 8], [0, 3, 4, 5, 6.0]])
    path = write(tmp_path, when=times.T, u=VALUES[..., 0, 0])
    np.testing.assert_array_equal(read_data(path, ODE, mapping={"t": "when[t,trajectory]"}).times, times)


@pytest.mark.parametrize("shape", [(5, 1), (1, 5), (5,)])
def test_times_as_matlab_writes_them(shape: tuple[int, ...], tmp_path: Path) -> None:
    read = read_data(write(tmp_path, t=TIMES.reshape(shape), u=VALUES[..., 0, 0]), ODE)
    np.testing.assert_array_equal(read.times, np.tile(TIMES, (3, 1)))


def test_values_outside_the_bounds_are_counted(tmp_path: Path) -> None:
    bounded = model((field("u", lower=0.0, upper=1.0),))
    read = read_data(write(tmp_path, t=TIMES, u=[[0.5, 0.6, -0.25, 2, np.nan]]), bounded)
    assert read.notes == ("`u`: 2 of 5 values lie outside the bounds [0, 1] of `u` (for example -0.25)",)


def test_initial_states_are_enough_when_they_are_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, t=TIMES[:1], u=np.full((3, 1), 2.0))
    assert read_data(path, ODE, minimum_frames=1).state.shape == (3, 1, 1)
    with pytest.raises(DataError, match="at least 2"):
        read_data(path, ODE)


def test_units_come_along(tmp_path: Path) -> None:
    path = write(tmp_path, t=TIMES, x=X, u=VALUES[..., 0])
    with h5py.File(path, "r+") as file:
        file["t"].attrs["units"], file["u"].attrs["units"], file["x"].attrs["units"] = "s", np.bytes_(b"K"), "m"
    assert read_data(path, LINE).units == {"t": "s", "x": "m", "u": "K"}


def test_the_memory_limit_is_checked_before_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, t=TIMES, u=VALUES[..., 0, 0])
    monkeypatch.setattr(safety, "MAX_MEMORY_BYTES", 100)
    with pytest.raises(DataError, match="needs 120 bytes of memory, the limit is 100 bytes") as caught:
        read_data(path, ODE)
    assert caught.value.help is not None and "--map" in caught.value.help
    assert read_data(path, ODE, mapping={"u": "u[0:2]"}).state.shape == (2, 5, 1)


def test_the_time_symbol_of_the_model(tmp_path: Path) -> None:
    renamed = model((field("u"),), time="tau")
    for name in ("tau", "t"):
        assert read_data(write(tmp_path, **{name: TIMES, "u": VALUES[..., 0, 0]}), renamed).frames == 5


def in_unit(tmp_path: Path, units: str) -> Path:
    path = write(tmp_path, t=TIMES, u=VALUES[..., 0, 0])
    with h5py.File(path, "r+") as file:
        file["u"].attrs["units"] = units
    return path


@pytest.mark.parametrize(
    ("theirs", "ours", "said"),
    [
        ("degC", "K", "and numbers are not converted: 0 degC = 273.15 K"),
        ("km s-1", "m/s", "and numbers are not converted: 1 km s-1 = 1000 m/s"),
        ("m/day", "m/s", "and numbers are not converted: 1 m/day = 1.157407407e-05 m/s"),
        ("mg/L", "kg/m^3", "and numbers are not converted: 1 mg/L = 0.001 kg/m^3"),
        ("deg", "rad", "and numbers are not converted: 1 deg = 0.01745329252 rad"),
        ("kPa", "m", "which measure different things"),
    ],
)
def test_another_unit_than_the_model_s_is_refused_with_its_size(
    tmp_path: Path, theirs: str, ours: str, said: str
) -> None:
    with pytest.raises(DataError) as raised:
        read_data(in_unit(tmp_path, theirs), model((field("u", unit=ours),)))
    assert raised.value.message.endswith(f"is in `{theirs}` in the file and `{ours}` in the model, {said}")
    assert raised.value.help is not None and f"declare `: {theirs}` in the model" in raised.value.help


@pytest.mark.parametrize(
    ("theirs", "ours"), [("m s-1", "m/s"), ("N", "kg*m/s^2"), ("J kg**-1", "m^2/s^2"), ("1", "rad")]
)
def test_the_same_unit_may_be_written_in_other_ways(tmp_path: Path, theirs: str, ours: str) -> None:
    assert read_data(in_unit(tmp_path, theirs), model((field("u", unit=ours),))).notes == ()


def test_a_unit_that_is_not_understood_is_announced(tmp_path: Path) -> None:
    notes = read_data(in_unit(tmp_path, "furlong"), model((field("u", unit="m"),))).notes
    assert notes == ("`u` is in `furlong` in the file and `m` in the model; its numbers are not converted",)
