"""Inspection of models with space: two heads on a plane, a term that sees neighbours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eqdsl.analysis.check import loads_model
from eqdsl.data.trajectories import Trajectories
from eqdsl.inspection.inspect import inspect_run
from eqdsl.inspection.inspection import Inspection
from eqdsl.lowering.vector_field import compile_model
from tests.inspection.teaching import MemoryRun, teach, truth_rollouts

PLANE = """
model fitzhugh_nagumo
space x in [-1, 1] periodic, y in [-1, 1] periodic
grid x = 12, y = 12
state u(x, y), v(x, y)
param a = fit 1e-3 in (0, 0.1)
param b = fit 5e-3 in (0, 0.1)
learned Ru(u, v), Rv(u, v) by mlp(16, 16)
dt(u) = a*lap(u) + Ru
dt(v) = b*lap(v) + Rv
"""

LINE = """
space x in [0, 1] periodic
grid x = 24
state u(x)
param k = fit 0.01 in (0, 1)
learned R(u) by conv(8, kernel = 3)
dt(u) = k*dxx(u) + R
"""


def blobs(shape: tuple[int, ...], rows: int) -> np.ndarray:
    """Smooth random fields."""
    rng = np.random.default_rng(5)
    noise = np.fft.fftn(rng.normal(size=(rows, 2, *shape)), axes=range(2, 2 + len(shape)))
    waves = np.meshgrid(*(np.fft.fftfreq(n) * n for n in shape), indexing="ij")
    smooth = np.exp(-sum(w**2 for w in waves) / 6)
    field = np.fft.ifftn(noise * smooth, axes=range(2, 2 + len(shape))).real
    return np.asarray(field / field.std() * 0.4)


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Inspection:
    truth = "\n".join(
        "known Ru = u - u^3 - v - 0.005\nknown Rv = u - v" if line.startswith("learned") else line
        for line in PLANE.replace("fit ", "").replace(" in (0, 0.1)", "").splitlines()
    )
    data = truth_rollouts(truth, blobs((12, 12), 4), 0.5 * np.arange(6))
    model = loads_model(PLANE, "fitzhugh_nagumo.eq")
    field = compile_model(model, seed=2)
    teach(field, data, {"Ru": lambda s: s[:, 0] - s[:, 0] ** 3 - s[:, 1] - 0.005, "Rv": lambda s: s[:, 0] - s[:, 1]})
    return inspect_run(MemoryRun(tmp_path_factory.mktemp("plane"), model, field, data), distil=True)


def test_reactions_come_back(plane: Inspection) -> None:
    assert plane.distillation is not None
    formulas = plane.distillation.formulas
    assert {candidate.powers for _, candidate in formulas["Ru"].terms} >= {(1, 0), (0, 1), (3, 0)}
    assert formulas["Ru"].r2 > 0.999
    assert formulas["Rv"].text == "u - v"
    assert plane.distillation.text is not None and "known Ru = " in plane.distillation.text
    assert "param a = 0.001" in plane.distillation.text
    comparison = plane.distillation.comparison
    assert comparison is not None and comparison.formula_to_network < 1e-3


def test_a_pointwise_term_cannot_imitate_diffusion(plane: Inspection) -> None:
    for parameter in plane.parameters:
        assert parameter.absorbed is not None and parameter.absorbed < 0.9
        assert parameter.low is not None and parameter.high is not None
        assert parameter.lower <= parameter.low <= parameter.value <= parameter.high <= parameter.upper


def test_pictures_of_a_plane(plane: Inspection) -> None:
    titles = [picture.title for picture in plane.pictures]
    assert "Ru, Rv(u, v)" in titles and "Ru, Rv(u, v) over the grid" in titles
    assert all(len(picture.png) > 5000 for picture in plane.pictures)


def test_a_term_that_sees_neighbours_has_no_formula(tmp_path: Path) -> None:
    model = loads_model(LINE, "line.eq")
    field = compile_model(model, seed=0)
    times = np.tile(0.01 * np.arange(6), (4, 1))
    state = np.stack([blobs((24,), 4)[:, :1]] * 6, axis=1)
    data = Trajectories(times, state, np.full(4, 6), ("u",), field.grid.coordinates())
    found = inspect_run(MemoryRun(tmp_path, model, field, data), distil=True)
    assert found.distillation is not None and found.distillation.text is None
    assert "neighbourhood" in found.distillation.refused["R"]
    assert not (tmp_path / "distilled.eq").exists()
    assert found.parameters[0].absorbed is not None and found.parameters[0].absorbed > 0.9
    assert {"R(u), output against input", "R(u) over the grid"} <= {picture.title for picture in found.pictures}
