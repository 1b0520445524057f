"""Hidden states in data files, and frames to look back on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from eqdsl.analysis.check import loads_model
from eqdsl.core.errors import DataError, UsageError
from eqdsl.data.frames import check_frames, past_frames, with_frames_before
from eqdsl.data.reading import read_data
from eqdsl.data.trajectories import Trajectories
from eqdsl.data.writing import write_trajectories

MODEL = "state u\nhidden state v\ninit v = fit\ndt(u) = v\ndtt(v) = -v\n"


def file_of(path: Path, **more: np.ndarray) -> Path:
    with h5py.File(path, "w") as file:
        file["t"] = np.arange(5.0)
        file["u"] = np.arange(10.0).reshape(2, 5)
        for name, values in more.items():
            file[name] = values
    return path


def test_a_hidden_state_is_not_looked_for(tmp_path: Path) -> None:
    found = read_data(file_of(tmp_path / "a.h5"), loads_model(MODEL))
    assert found.channels == ("u", "v", "dt(v)")
    assert np.isnan(found.state[:, :, 1:]).all() and np.isfinite(found.state[:, :, 0]).all()
    assert found.notes == ()


def test_a_hidden_state_in_the_file_is_announced_and_not_read(tmp_path: Path) -> None:
    found = read_data(file_of(tmp_path / "a.h5", v=np.ones((2, 5))), loads_model(MODEL))
    assert np.isnan(found.state[:, :, 1]).all()
    assert found.notes == ("the file holds `v`, which is hidden in the model: it is not read",)
    with pytest.raises(UsageError, match="`v` is hidden in the model, so it is never read"):
        read_data(tmp_path / "a.h5", loads_model(MODEL), mapping={"v": "v"})


def test_hidden_states_are_written_where_they_are_known(tmp_path: Path) -> None:
    model, found = loads_model(MODEL), read_data(file_of(tmp_path / "a.h5"), loads_model(MODEL))
    write_trajectories(tmp_path / "b.h5", found, model=model)
    write_trajectories(tmp_path / "c.h5", replace(found, state=np.nan_to_num(found.state)), model=model)
    with h5py.File(tmp_path / "b.h5") as without, h5py.File(tmp_path / "c.h5") as known:
        assert "v" not in without and {"v", "dt(v)"} <= set(known)


def steps(times: np.ndarray, lengths: tuple[int, ...]) -> Trajectories:
    state = np.arange(times.size, dtype=float).reshape(*times.shape, 1)
    return Trajectories(times, state, np.array(lengths), ("u",))


def test_past_frames_are_those_up_to_a_frame() -> None:
    data = steps(np.tile(np.arange(6.0), (2, 1)), (6, 6))
    past = past_frames(data, np.array([0, 1]), np.array([2, 5]), 3)
    assert past is not None
    assert past[:, :, 0].tolist() == [[0, 1, 2], [9, 10, 11]]
    known = np.array([[True, True, False, True, True, True]])
    assert with_frames_before(known, 3).tolist() == [[False, False, False, False, False, True]]


def test_frames_must_be_enough_and_evenly_spaced() -> None:
    times = np.array([[0, 1, 2, 3.0], [0, 1, 2, 2.5]])
    check_frames(steps(times, (4, 3)), 2)
    check_frames(steps(times, (4, 3)), 1, spacing=9.0)
    with pytest.raises(DataError, match=r"trajectory 1 has 3 frames, but .* needs 3"):
        check_frames(steps(times, (4, 3)), 3)
    with pytest.raises(DataError, match=r"from t = 2 to 2\.5 in trajectory 1 0\.5 pass, and the usual interval is 1"):
        check_frames(steps(times, (4, 4)), 3)
    with pytest.raises(DataError, match=r"1 pass, and the model was fitted to frames that are apart by 0\.5"):
        check_frames(steps(times, (4, 3)), 2, spacing=0.5)
