"""Reading what drives a model, from good and from hostile files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from eqdsl.analysis.check import loads_model
from eqdsl.core.errors import DataError
from eqdsl.data.reading import read_data, read_inputs
from eqdsl.data.summary import describe_file
from eqdsl.data.writing import write_trajectories

MODEL = loads_model(
    "space x in [0, 1]\ngrid x = 8\ninput q(t)\ninput p(t) per trajectory hold\ninput land(x)\nstate u(x)\n"
    "dt(u) = q + p + land - u\nbc u = data at x = 0\n"
)
TIMES = np.linspace(0, 1, 5)


def write(path: Path, change: Callable[[dict[str, np.ndarray]], object] = lambda d: None) -> Path:
    data = {
        "t": TIMES,
        "x": (np.arange(8) + 0.5) / 8,
        "u": np.random.default_rng(0).normal(size=(3, 5, 8)),
        "q": np.sin(TIMES),
        "p": np.arange(15.0).reshape(3, 5),
        "land": np.linspace(0, 1, 8),
    }
    change(data)
    with h5py.File(path, "w") as file:
        for name, values in data.items():
            file[name] = values
    return path


def test_series_maps_and_walls_are_read_with_their_rows(tmp_path: Path) -> None:
    data = read_data(write(tmp_path / "d.h5"), MODEL)
    assert data.inputs["q"].values.shape == (1, 5)
    assert data.inputs["land"].values.shape == (1, 8)
    assert data.inputs["land"].times is None
    chosen = data.select([2, 0]).inputs
    np.testing.assert_array_equal(chosen["p"].values, [np.arange(10, 15), np.arange(5)])
    np.testing.assert_array_equal(chosen["u at x, lower end"].values[..., 0], data.state[[2, 0], :, 0, 0])
    assert data.window(2, 4).inputs["q"].values.shape == (1, 5)


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    data = read_data(write(tmp_path / "d.h5"), MODEL)
    part = data.select([1, 2]).window(1, 4)
    write_trajectories(tmp_path / "e.h5", part, model=MODEL)
    again = read_data(tmp_path / "e.h5", MODEL)
    for name in ("q", "p", "land"):
        np.testing.assert_array_equal(again.inputs[name].values, part.inputs[name].values)
    np.testing.assert_array_equal(again.inputs["q"].times, [TIMES])


def test_a_series_with_its_own_times(tmp_path: Path) -> None:
    path = write(tmp_path / "d.h5", lambda d: d.update({"q": np.arange(9.0), "q.t": np.linspace(-1, 3, 9)}))
    values, _ = read_inputs(path, MODEL)
    np.testing.assert_array_equal(values["q"].times, [np.linspace(-1, 3, 9)])


def test_a_file_without_states_gives_inputs(tmp_path: Path) -> None:
    values, axes = read_inputs(write(tmp_path / "d.h5", lambda d: d.pop("u")), MODEL)
    assert set(values) == {"q", "p", "land"}
    assert axes["x"].size == 8


def test_data_info_lists_them(tmp_path: Path) -> None:
    text = str(describe_file(write(tmp_path / "d.h5"), model=MODEL))
    assert "  q <- q" in text and "  land <- land" in text and "no problems found" in text


def nan_at(name: str, place: tuple[int, ...]) -> Callable[[dict[str, np.ndarray]], object]:
    return lambda d: d[name].__setitem__(place, np.nan)


HOSTILE = {
    "missing": (lambda d: d.pop("q"), "dataset `q`: the model's input `q` is missing"),
    "transposed": (
        lambda d: d.update(p=d["p"].T),
        r"dataset `p`: its shape \(5, 3\) has 5 trajectories where there are 3",
    ),
    "several": (lambda d: d.update(q=d["p"]), r"dataset `q`: has shape \(3, 5\); the input `q` needs \(t\)"),
    "one": (lambda d: d.update(p=d["q"]), r"dataset `p`: has shape \(5,\); the input `p` needs \(trajectory, t\)"),
    "short": (
        lambda d: d.update(q=d["q"][:4]),
        r"dataset `q`: its shape \(4,\) has 4 frames where the times of `q` are 5",
    ),
    "grid": (lambda d: d.update(land=np.zeros(9)), "dataset `land`: its shape .* has 9 points along `x`"),
    "empty": (lambda d: d.update(q=np.zeros(0)), "dataset `q`: is empty"),
    "gap": (nan_at("q", (2,)), r"dataset `q`: 1 of 5 values are missing or not finite, the first at t = 0.5"),
    "row": (nan_at("p", (1, 3)), r"dataset `p`: 1 of 15 values .* at trajectory 1, t = 0.75"),
    "infinite": (lambda d: d["land"].__setitem__(3, np.inf), "dataset `land`: 1 of 8 values are missing or not finite"),
    "wall": (nan_at("u", (2, 1, 0)), r"`u` at `x = 0`: 1 of 15 values .* at trajectory 2, t = 0.25"),
    "text": (lambda d: d.update(q=np.array([b"a"] * 5)), "dataset `q`"),
    "complex": (lambda d: d.update(q=d["q"] + 1j), "dataset `q`: is complex"),
    "times": (lambda d: d.update({"q.t": TIMES[::-1].copy()}), "times must increase"),
    "ownership": (
        lambda d: d.update(t=np.stack([TIMES, TIMES + 1, TIMES])),
        "dataset `q`: is one series for all, but the trajectories have times of their own",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_wrong_file_is_named_with_its_dataset(tmp_path: Path, name: str) -> None:
    change, message = HOSTILE[name]
    path = write(tmp_path / "d.h5", change)
    with pytest.raises(DataError, match=message) as failure:
        read_data(path, MODEL)
    assert str(path) in str(failure.value)
    assert "problem:" in str(describe_file(path, model=MODEL))
