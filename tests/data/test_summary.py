"""What `describe_file` shows, whole and by sample."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from eqdsl.analysis.check import loads_model
from eqdsl.data import sampling, summary
from eqdsl.data.inventory import DatasetInfo
from eqdsl.data.mapping import expand_index
from eqdsl.data.summary import describe_file
from tests.data.small_models import axis, field, model

LINE = model((field("u", ("x",)), field("v", ("x",))), (axis("x"),))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    values = np.arange(120.0).reshape(2, 5, 12)
    values[0, 0, :6] = np.nan
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["t"], file["x"] = np.linspace(0, 1, 5), (np.arange(12) + 0.5) / 12
        file.create_dataset("u", data=values, chunks=(1, 5, 12), compression="gzip", shuffle=True)
        file["V"], file["label"] = values.astype("f4"), b"text"
        file["u"].attrs["units"] = "K"
        file["far"] = h5py.ExternalLink("other.h5", "/u")
    return tmp_path / "data.h5"


def test_datasets(path: Path) -> None:
    found = {d.name: d for d in describe_file(path).datasets}
    u = found["u"]
    assert (u.shape, u.dtype, u.chunks) == ((2, 5, 12), "float64", (1, 5, 12))
    assert (u.filters, u.units) == (("shuffle", "gzip"), "K")
    assert u.statistics == sampling.Statistics(0.05, 6.0, 119.0, 0, sampled=False)
    assert found["label"].statistics is None and "text" in (found["label"].refusal or "")


def test_every_problem_is_listed_and_nothing_is_raised(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        file["x"][...] *= 2
    described = describe_file(path, model=LINE).model
    assert described is not None
    assert len(described.problems) == 2
    assert "dataset `v`: no such dataset" in described.problems[0] and "`--map v=V`" in described.problems[0]
    assert "fits neither cells nor nodes" in described.problems[1]
    assert described.sources == {"u": "u"}


def test_what_a_model_takes(path: Path) -> None:
    described = describe_file(path, model=LINE, mapping={"v": "V"}).model
    assert described is not None
    assert described.problems == ()
    assert described.sources == {"u": "u", "v": "V"}
    assert (described.trajectories, described.frames, described.times) == (2, 5, (0.0, 1.0))
    assert described.grid == {"x": (12, 0.5 / 12, 11.5 / 12)}


def test_problems_of_values_are_found(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        file["V"][...] = 1
    described = describe_file(path, model=LINE, mapping={"v": "V"}).model
    assert described is not None and "never changes" in described.problems[0]


def test_large_states_are_not_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summary, "MAX_CHECKED_BYTES", 100)
    described = describe_file(path, model=LINE, mapping={"v": "V"}).model
    assert described is not None
    assert described.notes == ("the values (1.9 KiB) are checked when they are read, not here",)


def test_text_and_json(path: Path) -> None:
    described = describe_file(path, model=LINE)
    text = str(described)
    assert "5 datasets" in text and "chunks 1 x 5 x 12 shuffle+gzip" in text and "6 … 119" in text
    assert "far: a link to another file, not followed" in text
    assert "problem: " in text and "u <- u" in text
    again = json.loads(json.dumps(described.as_json(), allow_nan=False))
    assert again["model"]["sources"] == {"u": "u"}
    assert next(d for d in again["datasets"] if d["name"] == "u")["statistics"] == {
        "missing_share": 0.05,
        "minimum": 6.0,
        "maximum": 119.0,
        "infinite": 0,
        "sampled": False,
    }


@pytest.mark.parametrize("shape", [(100_000,), (5, 20_000), (300, 7, 50), (3, 4, 5, 1000)])
def test_a_sample_is_small_inside_and_spread(shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "SAMPLE_BYTES", 160_000)
    values = np.arange(np.prod(shape)).reshape(shape)
    parts = [values[expand_index(s, shape)[0]] for s in sampling.blocks(DatasetInfo("u", b"u", shape, np.dtype("f8")))]
    assert 1 < len(parts) <= sampling.MAX_BLOCKS
    assert all(0 < part.nbytes <= 160_000 // sampling.MAX_BLOCKS for part in parts)
    assert parts[0].min() == 0 and parts[-1].max() == values.max()


def test_a_sample_is_announced(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "SAMPLE_BYTES", 640)
    text = describe_file(path).as_text()
    assert "~ judged by a sample of the values" in text


SCATTERED = "space x in [0, 1]\ngrid x = 8\nstate u(x)\ndt(u) = dxx(u)\n"


def test_scattered_points_are_no_problem(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    with h5py.File(tmp_path / "points.h5", "w") as file:
        file["t"], file["x"], file["u"] = rng.uniform(0.0, 1.0, (3, 2, 30))
    found = describe_file(tmp_path / "points.h5", model=loads_model(SCATTERED))
    assert found.model is not None and found.model.problems == ()
    assert "layout points; 2 trajectories of 30 points" in str(found)
    assert "note: scattered points: `eqdsl fit --objective collocation` needs no frames" in str(found)


def test_points_outside_of_the_domain_are_a_problem(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "points.h5", "w") as file:
        file["t"] = file["u"] = np.linspace(0, 1, 30).reshape(2, 15)
        file["x"] = np.linspace(0, 3, 30).reshape(2, 15)
    found = describe_file(tmp_path / "points.h5", model=loads_model(SCATTERED))
    assert found.model is not None and len(found.model.problems) == 1
    assert "20 points lie outside of `x`" in found.model.problems[0]


def test_a_model_that_observes_nothing_is_named(path: Path) -> None:
    unseen = loads_model("hidden state v\nparam k = fit 1\ndt(v) = -k*v\ninit v = 1\n")
    found = describe_file(path, model=unseen)
    assert found.model is not None and len(found.model.problems) == 1
    assert "the model takes no values from the file: nothing in it is observed" in found.model.problems[0]
    assert "declare a state without `hidden`, or write `observe y = …`" in found.model.problems[0]
