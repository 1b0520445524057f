"""What rollouts are compared with: only what the data hold, and each trajectory to its own end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eqdsl.analysis.check import loads_model
from eqdsl.core.errors import ComputationError
from eqdsl.data.reading import read_data
from eqdsl.data.trajectories import Trajectories
from eqdsl.data.writing import write_trajectories
from eqdsl.inspection import pictures
from eqdsl.inspection.figures.rollouts import draw_rollouts
from eqdsl.inspection.horizon import horizon_error, rollouts
from eqdsl.inspection.inspect import inspect_run
from eqdsl.inspection.pictures import _only, _uniform, _without_space, error_pictures
from eqdsl.inspection.report import report_html
from eqdsl.lowering.vector_field import compile_model
from eqdsl.model.model import Model
from tests.inspection.teaching import MemoryRun

EXPLODING = "state u\nparam a = fit 1 in (0, 5)\ndt(u) = a*u^2\n"
OSCILLATOR = "state q\nparam k = fit 4 in (0, 9)\nlearned f(q) by mlp(4)\ndtt(q) = -k*q + f\n"


def stored(data: Trajectories, model: Model, folder: Path) -> Trajectories:
    """The same through a file, as a run keeps its samples."""
    write_trajectories(folder / "stored.h5", data, model=model)
    return read_data(folder / "stored.h5", model)


def exploding(*, starts: list[float], ends: list[float]) -> Trajectories:
    """u = 1/(1/u0 - t), which is infinite at t = 1/u0, each recorded to its own end."""
    times = np.tile(0.1 * np.arange(21), (len(starts), 1))
    lengths = np.array([round(end / 0.1) + 1 for end in ends])
    state = 1 / np.maximum(1 / np.array(starts)[:, None] - times, 0.05)
    state[np.arange(21) >= lengths[:, None]] = np.nan
    return Trajectories(times, state[:, :, None], lengths, ("u",))


def test_a_short_trajectory_is_rolled_out_to_its_own_end_only(tmp_path: Path) -> None:
    """Past t = 0.8, where its record ends, the first one explodes at t = 1; its neighbour is recorded to t = 2."""
    model = loads_model(EXPLODING)
    data = stored(exploding(starts=[1.0, 0.2], ends=[0.8, 2.0]), model, tmp_path)
    found = rollouts(compile_model(model).double(), data)
    assert (found.rows, found.lost) == ((0, 1), ())
    assert np.isfinite(found.model.state).all()
    assert horizon_error(found.data, found.model, found.observed).overall < 1e-8


def test_a_failed_rollout_leaves_the_others(tmp_path: Path) -> None:
    model = loads_model(EXPLODING)
    data = exploding(starts=[0.2, 1.0, 0.3], ends=[2.0, 2.0, 2.0])
    run = MemoryRun(tmp_path, model, compile_model(model), data, parts={"train": data.select([0]), "validation": data})
    found = inspect_run(run, plots=False)
    assert found.horizon is not None and found.horizon.trajectories == 2 and found.horizon.overall < 1e-8
    (sentence,) = [s for s in found.caveats if "failed" in s]
    assert sentence.startswith("1 of 3 rollouts of the validation data failed and are left out of the errors: ")
    assert "trajectory 1: the solution grows without bound near t = 1" in sentence


def test_when_every_rollout_fails_the_rest_of_the_inspection_stands(tmp_path: Path) -> None:
    model = loads_model(EXPLODING)
    data = exploding(starts=[1.0, 1.1], ends=[2.0, 2.0])
    with pytest.raises(ComputationError, match="grows without bound"):
        rollouts(compile_model(model), data)
    found = inspect_run(MemoryRun(tmp_path, model, compile_model(model), data, parts={"train": data}))
    assert found.horizon is None and found.ledger.equations and found.parameters
    assert any(s.startswith("No rollout could be compared with the train data: ") for s in found.caveats)
    assert {p.section for p in found.pictures} == {"ledger", "training"}


def test_velocities_made_from_differences_are_not_scored_nor_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file holds q only; dt(q) is all NaN when it is read back."""
    model = loads_model(OSCILLATOR)
    times = np.tile(0.1 * np.arange(30), (4, 1))
    state = np.full((4, 30, 2), np.nan)
    state[:, :, 0] = np.linspace(0.5, 2, 4)[:, None] * np.cos(2 * times)
    data = stored(Trajectories(times, state, np.full(4, 30), ("q", "dt(q)")), model, tmp_path)
    assert data.channels == ("q", "dt(q)")
    drawn: list[tuple[tuple[str, ...], int]] = []
    real = pictures.draw_rollouts

    def spy(shown: Trajectories, model: Trajectories, *arguments: object) -> object:
        drawn.append((shown.channels, model.state.shape[2]))
        return real(shown, model, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(pictures, "draw_rollouts", spy)
    found = inspect_run(MemoryRun(tmp_path, model, compile_model(model), data, parts={"train": data}), distil=True)
    assert found.horizon is not None and set(found.horizon.per_channel) == {"q"}
    assert found.horizon.variance == pytest.approx(np.var(state[:, :, 0]))
    assert drawn == [(("q",), 1)]
    assert found.distillation is not None and found.distillation.comparison is not None
    assert found.distillation.comparison.network_to_data == pytest.approx(found.horizon.overall)


@pytest.mark.parametrize(
    ("others", "part", "words"),
    [
        (("validation", "test"), "test", "2 test trajectories"),
        (("validation",), "validation", "2 validation trajectories (they chose the best weights)"),
        ((), "train", "9 training trajectories"),
    ],
)
def test_errors_are_those_on_the_part_the_fit_saw_least_of(
    others: tuple[str, ...], part: str, words: str, blind_run: MemoryRun, tmp_path: Path
) -> None:
    whole = blind_run.trajectories
    parts = {"train": whole, **dict.fromkeys(others, whole)}
    if others:
        parts[part] = whole.select([0, 1])
    found = inspect_run(replace(blind_run, path=tmp_path, parts=parts), distil=True, plots=False)
    assert found.as_json()["errors"]["part"] == part  # type: ignore[index]
    assert f"Rollouts of {words}, 30 frames" in found.as_text()
    assert f"<p>{words}, up to 30 frames each" in report_html(found)
    assert found.horizon is not None and found.distillation is not None and found.distillation.comparison is not None
    assert found.distillation.comparison.network_to_data == pytest.approx(found.horizon.overall)
    assert any("which chose the best weights" in s for s in found.caveats) is (part == "validation")
    assert any("No trajectory was held out" in s for s in found.caveats) is (part == "train")


def test_text_gives_the_error_against_the_horizon(blind_run: MemoryRun) -> None:
    found = inspect_run(blind_run, plots=False)
    assert found.horizon is not None
    shown = found.horizon.shown_frames(5)
    assert len(shown) == 5 and shown[0] > 0 and shown[-1] == 29
    text = found.as_text()
    assert "t since the first frame [s]  mean square error" in text
    for frame in shown:
        assert f"{found.horizon.times[frame]:.4g}".ljust(29) + f"{found.horizon.mse[frame]:.4g}" in text


def test_sensors_are_drawn_as_lines_beside_fields() -> None:
    """``total`` is a field, ``left`` one number: each has its own picture, not a band over all positions."""
    text = "space x in [0, 1]\ngrid x = 8\nstate u(x)\nparam k = fit 1\ndt(u) = -k*u\ninit u = x\n"
    field = compile_model(loads_model(text + "observe total = 2*u\nobserve left = sample(u, 0.3)\n"))
    times = np.linspace(0, 1, 5)[None]
    state = np.full((1, 5, 3, 8), np.nan)
    state[:, :, 1:] = 1.0
    data = Trajectories(times, state, np.array([5]), field.model.data_channel_names, field.grid.coordinates())
    compared = rollouts(field, data)
    error = horizon_error(compared.data, compared.model, compared.observed)
    names = [picture.file for picture in error_pictures(field, error, compared, "data")]
    assert names == ["horizon", "rollout", "rollout_numbers"]
    assert _uniform(compared.model) == ("left",)
    figure = draw_rollouts(
        *(_without_space(_only(("left",), t)) for t in (compared.data, compared.model)),
        field.grid,
        ("left",),
        ("x",),
        "t",
    )
    (ax,) = figure.axes
    assert np.asarray(ax.lines[1].get_ydata()) == pytest.approx(0.3 * np.exp(-times[0]), rel=1e-5)
