"""Files that do not fit the model: the whole message of each stands in `expected_mismatches.txt`.

``UPDATE_EXPECTED=1 pytest tests/data/test_mismatches.py`` writes that file anew; read the difference before keeping it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest

from eqdsl.core.errors import EqdslError
from eqdsl.data.mapping import map_option
from eqdsl.data.reading import read_data
from eqdsl.model.model import Model
from tests.data.small_models import axis, field, model

EXPECTED = Path(__file__).with_name("expected_mismatches.txt")
TIMES = np.linspace(0, 1, 5)
X = (np.arange(8) + 0.5) / 8
Y = np.linspace(0, 1, 6)
RNG = np.random.default_rng(0)
VALUES = RNG.standard_normal((3, 5, 8, 6))

ODE = model((field("u"),))
PAIR = model((field("hare"), field("lynx")))
PLANE = model((field("u", ("x", "y")),), (axis("x"), axis("y", periodic=False)))
LINE = model((field("u", ("x",)),), (axis("x"),))
FLOW = model((field("w", ("x", "y"), vector=True),), (axis("x"), axis("y", periodic=False)))
WAVE = model((field("w", ("x",), time_order=2),), (axis("x"),))
GRIDDED = model((field("u", ("x",)),), (axis("x", points=16),))

Contents = dict[str, object]
Case = tuple[Model, Contents, dict[str, str], bool]


def case(model: Model, contents: Contents, *, mapping: dict[str, str] | None = None, velocity: bool = False) -> Case:
    return model, contents, mapping or {}, velocity


def plane(**changes: object) -> Contents:
    """Contents that fit `PLANE`, with changes; None leaves a dataset out."""
    contents = {"t": TIMES, "x": X, "y": Y, "u": VALUES} | changes
    return {name: values for name, values in contents.items() if values is not None}


def ode(values: object = None, times: object = TIMES) -> Contents:
    return {"t": times, "u": VALUES[:, :, 0, 0] if values is None else values}


def with_value(value: float) -> np.ndarray:
    changed = VALUES[:, :, 0, 0].copy()
    changed[1, 2] = value
    return changed


CASES: dict[str, Callable[[], Case]] = {
    "missing name, another case": lambda: case(
        PAIR, {"t": TIMES, "Hare": VALUES[:, :, 0, 0], "lynx": VALUES[:, :, 0, 1]}
    ),
    "missing name, as PDEBench has it": lambda: case(
        LINE, {"t": TIMES, "x-coordinate": X, "tensor": VALUES[..., 0]}, mapping={"u": "tensor"}
    ),
    "missing name, nothing near": lambda: case(ODE, {"t": TIMES, "tensor": VALUES}),
    "missing time": lambda: case(ODE, {"time": TIMES, "u": VALUES[:, :, 0, 0]}),
    "mapped to nothing": lambda: case(ODE, ode(), mapping={"u": "data/u"}),
    "mapped name unknown to the model": lambda: case(ODE, ode(), mapping={"v": "u"}),
    "mapping does not parse": lambda: case(ODE, ode(), mapping={"u": "u[__import__('os')]"}),
    "mapping with too many entries": lambda: case(ODE, ode(), mapping={"u": "u[0,0,0]"}),
    "mapping outside": lambda: case(ODE, ode(), mapping={"u": "u[7]"}),
    "mapping names a strange axis": lambda: case(LINE, plane(), mapping={"u": "u[trajectory,t,x,z]"}),
    "mapping leaves an axis out": lambda: case(PLANE, plane(), mapping={"u": "u[trajectory,t,x,0]"}),
    "mapping of times outside": lambda: case(ODE, ode(), mapping={"t": "t[0,0]"}),
    "mapping of times with strange axes": lambda: case(ODE, ode(), mapping={"t": "t[x]"}),
    "mapping of a part in another order": lambda: case(
        LINE, {"t": TIMES, "x": X, "u": VALUES[..., 0].transpose(0, 2, 1)}, mapping={"u": "u[0:2]"}
    ),
    "too many axes": lambda: case(ODE, ode(VALUES)),
    "too few axes": lambda: case(PLANE, plane(u=VALUES[0, 0])),
    "state without space": lambda: case(PLANE, plane(u=VALUES[:, :, 0, 0])),
    "axes in another order": lambda: case(PLANE, plane(u=VALUES.transpose(0, 1, 3, 2))),
    "time last": lambda: case(LINE, {"t": TIMES, "x": X, "u": VALUES[0, :, :, 0].T}),
    "time last, picked from a tensor": lambda: case(
        LINE, {"t": TIMES, "x": X, "tensor": VALUES.transpose(0, 2, 1, 3)}, mapping={"u": "tensor[...,0]"}
    ),
    "time length": lambda: case(ODE, ode(times=np.arange(9.0))),
    "one time too many": lambda: case(ODE, ode(times=np.arange(6.0))),
    "points along an axis": lambda: case(LINE, {"t": TIMES, "x": X, "u": VALUES[:, :, :7, 0]}),
    "more points than coordinates": lambda: case(LINE, {"t": TIMES, "x": X, "u": np.ones((3, 5, 9)) * TIMES[:, None]}),
    "components of a vector": lambda: case(FLOW, {"t": TIMES, "x": X, "y": Y, "w": np.stack([VALUES] * 3, axis=-1)}),
    "trajectories differ": lambda: case(PAIR, {"t": TIMES, "hare": VALUES[:, :, 0, 0], "lynx": VALUES[:2, :, 0, 1]}),
    "extent": lambda: case(PLANE, plane(x=2 * X)),
    "coordinates not regular": lambda: case(PLANE, plane(y=Y**2)),
    "coordinates of two axes": lambda: case(PLANE, plane(x=np.stack([X] * 3))),
    "no coordinates, no grid": lambda: case(PLANE, plane(x=None)),
    "no coordinates, another grid": lambda: case(GRIDDED, {"t": TIMES, "u": VALUES[:, :, :, 0]}),
    "duplicate times": lambda: case(ODE, ode(times=np.array([0, 1, 1, 2, 3.0]))),
    "times fall": lambda: case(ODE, ode(times=np.array([[0, 1, 2, 3, 4.0], [0, 1, 2, 1.5, 4], [0, 1, 2, 3, 4]]))),
    "a time is NaN": lambda: case(ODE, ode(times=np.array([0, 1, np.nan, 3, 4]))),
    "a time is infinite": lambda: case(ODE, ode(times=np.array([0, 1, 2, 3, np.inf]))),
    "one frame": lambda: case(ODE, ode(VALUES[:, :1, 0, 0], TIMES[:1])),
    "a trajectory of one frame": lambda: case(
        ODE, ode(np.where((np.arange(3)[:, None] == 1) & (np.arange(5) > 0), np.nan, VALUES[:, :, 0, 0]))
    ),
    "an empty trajectory": lambda: case(ODE, ode(np.where(np.arange(3)[:, None] == 2, np.nan, VALUES[:, :, 0, 0]))),
    "all NaN": lambda: case(PAIR, {"t": TIMES, "hare": VALUES[:, :, 0, 0], "lynx": np.full((3, 5), np.nan)}),
    "constant": lambda: case(PAIR, {"t": TIMES, "hare": VALUES[:, :, 0, 0], "lynx": np.full((3, 5), 2)}),
    "infinite": lambda: case(ODE, ode(with_value(np.inf))),
    "complex": lambda: case(ODE, ode(VALUES[:, :, 0, 0] * (1 + 1j))),
    "velocity required": lambda: case(WAVE, {"t": TIMES, "x": X, "w": VALUES[:, :, :, 0]}, velocity=True),
    "several problems at once": lambda: case(PLANE, plane(t=None, u=VALUES[0, 0], x=3 * X)),
}  # fmt: skip


def message(name: str, folder: Path) -> str:
    """What reading the case says; the file is always shown as ``data.h5``."""
    model, contents, mapping, velocity = CASES[name]()
    path = folder / "data.h5"
    with h5py.File(path, "w") as file:
        for dataset, values in contents.items():
            file[dataset] = values
    with pytest.raises(EqdslError) as caught:
        read_data(path, model, mapping=mapping, require_velocity=velocity)
    return str(caught.value).replace(str(path), "data.h5")


def stored() -> dict[str, str]:
    """Expected messages by case."""
    sections = EXPECTED.read_text(encoding="utf-8").split("\n== ")[1:] if EXPECTED.exists() else []
    return {name: text.rstrip("\n") for name, _, text in (section.partition(" ==\n") for section in sections)}


@pytest.fixture(scope="module", autouse=True)
def update(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    if os.environ.get("UPDATE_EXPECTED"):
        texts = [f"\n== {name} ==\n{message(name, tmp_path_factory.mktemp('case'))}\n" for name in CASES]
        EXPECTED.write_text("".join(texts), encoding="utf-8")
    yield


@pytest.mark.parametrize("name", CASES)
def test_message(name: str, tmp_path: Path) -> None:
    text = message(name, tmp_path)
    assert text == stored()[name]
    assert "= help: " in text


def test_no_stored_message_is_orphaned() -> None:
    assert set(stored()) == set(CASES)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("axes in another order", {"u": "u[trajectory,t,y,x]"}), ("time last", {"u": "u[x,t]"}),
        ("missing name, another case", {"hare": "Hare"}), ("one time too many", {"t": "t[:5]"}),
        ("missing time", {"t": "time"}), ("time length", {"t": "t[:5]"}),
        ("more points than coordinates", {"u": "u[:,:,:8,...]"}),
        ("time last, picked from a tensor", {"u": "tensor[trajectory,x,t,0]"}),
    ],
)  # fmt: skip
def test_the_proposed_mapping_works(name: str, remedy: dict[str, str], tmp_path: Path) -> None:
    text = message(name, tmp_path)
    model, *_ = CASES[name]()
    ((target, source),) = remedy.items()
    assert map_option(target, source) in text
    assert len(read_data(tmp_path / "data.h5", model, mapping=remedy)) in (1, 3)
