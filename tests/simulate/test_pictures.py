"""Pictures of simulations: one for each number of axes, written whole, with names and units on the axes."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from eqdsl.analysis.check import loads_model
from eqdsl.core.errors import UsageError
from eqdsl.inspection.figures import simulation as pictures
from eqdsl.inspection.figures.simulation import plot_trajectories
from eqdsl.lowering.vector_field import compile_model
from eqdsl.simulation import simulate

SPACE = ("x: km in [0, 1] periodic", "y: km in [0, 2] periodic", "z: km in [0, 1] periodic")
POINTS = ("x = 8", "y = 7", "z = 6")


def model_text(dimension: int) -> str:
    space = [f"space {', '.join(SPACE[:dimension])}", f"grid {', '.join(POINTS[:dimension])}"] if dimension else []
    place = f"({', '.join('xyz'[:dimension])})" if dimension else ""
    states = [f"state u{place}: K", "state q: 1", "param k: 1/day = 1", "dt(u) = -k*u", "dt(q) = -k*q"]
    return "\n".join(["time t: day", *space, *states, "init u = 1", "init q = 2"])


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that are turned into PNG bytes."""
    figures: list[Figure] = []

    def remember(figure: Figure) -> bytes:
        figures.append(figure)
        return original(figure)

    original = pictures.png
    monkeypatch.setattr(pictures, "png", remember)
    return figures


@pytest.mark.parametrize("dimension", [0, 1, 2, 3])
def test_picture_of_each_dimension(dimension: int, tmp_path: Path, drawn: list[Figure]) -> None:
    model = loads_model(model_text(dimension))
    field = compile_model(model)
    start = torch.rand(2, 2, *field.grid.shape, dtype=torch.float64)
    trajectories = simulate(field, np.linspace(0, 1, 11), initial=start).trajectories
    path = tmp_path / "picture.png"
    plot_trajectories(trajectories, path, model)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert [p.name for p in tmp_path.iterdir()] == ["picture.png"]
    texts = {t.get_text() for ax in drawn[0].axes for t in (ax.xaxis.label, ax.yaxis.label, ax.title)}
    texts |= {t.get_text().split("\n")[0] for ax in drawn[0].axes for c in ax.child_axes for t in (c.yaxis.label,)}
    assert "u [K]" in texts
    assert ("t [day]" in texts) == (dimension < 2)
    assert ("x [km]" in texts) == (dimension > 0)
    assert ("t = 0.5" in texts) == (dimension >= 2)


def test_missing_matplotlib_names_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    field = compile_model(loads_model("state u\ndt(u) = -u\ninit u = 1\n"))
    trajectories = simulate(field, np.linspace(0, 1, 3)).trajectories
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(UsageError, match=r"eqdsl\[plot\]"):
        plot_trajectories(trajectories, tmp_path / "p.png")
