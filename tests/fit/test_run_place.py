"""Where a run may be put: nothing of the user's is ever deleted, and at every moment a whole run is there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from eqdsl.core.errors import DataError, UsageError
from eqdsl.fitting import run_place as places
from eqdsl.fitting.fit import fit
from eqdsl.fitting.run_folder import load_run
from eqdsl.fitting.run_place import beside, put_in_place, run_place, set_aside
from tests.fit.systems import DECAY, decay_data, model, quick


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run; copied, not changed."""
    out = tmp_path_factory.mktemp("place") / "run"
    fit(model(DECAY), decay_data(), out=out, config=quick("optimizer.steps=10", "optimizer.polish=0"))
    return out


def copy(run: Path, to: Path, **more: str) -> Path:
    to.mkdir()
    for file in run.iterdir():
        (to / file.name).write_bytes(file.read_bytes())
    for name, text in more.items():
        (to / name.replace("_", ".")).write_text(text)
    return to


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_all_that_a_fit_leaves_may_be_replaced(fitted: Path, tmp_path: Path) -> None:
    run = copy(fitted, tmp_path / "run", distilled_eq="state u\n")
    (run / "report.html").write_text("<html>")
    (run / "plots").mkdir()
    (run / "plots" / "ledger.png").write_bytes(b"")
    (run / ".state.json.123.tmp").write_text("{")
    assert run_place(run, force=True) == run
    fit(model(DECAY), decay_data(), out=run, config=quick("optimizer.steps=10", "optimizer.polish=0"), force=True)
    assert load_run(run).state["status"] == "done"
    assert [p.name for p in tmp_path.iterdir()] == ["run"]
    assert not (run / "distilled.eq").exists()


def test_a_file_of_the_user_is_never_deleted(fitted: Path, tmp_path: Path) -> None:
    run = copy(fitted, tmp_path / "run", thesis_tex="years")
    before = contents(run)
    with pytest.raises(UsageError, match=r"holds thesis.tex, which is no part of a run"):
        fit(model(DECAY), decay_data(), out=run, config=quick(), force=True)
    assert contents(run) == before
    (run / "thesis.tex").unlink()
    (run / "plots").mkdir()
    (run / "plots" / "fig1.svg").write_text("mine")
    with pytest.raises(UsageError, match=r"holds plots/fig1\.svg"):
        run_place(run, force=True)


def test_a_folder_with_a_state_is_not_yet_a_run(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{}")
    with pytest.raises(UsageError, match=r"is not a run folder: it has no model.eq"):
        run_place(tmp_path, force=True)


@pytest.mark.parametrize("name", [".", "..", "/", "../work", "inner/.."])
def test_the_folder_one_is_in_is_not_replaced(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    with pytest.raises(UsageError, match="the folder you are in"):
        run_place(Path(name), force=True)


def test_places_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_text("x")
    link.symlink_to(tmp_path / "gone")
    for path, words in [(file, "is not a folder"), (link, "which does not exist"), (tmp_path / "a" / "b", "mkdir -p")]:
        with pytest.raises(UsageError, match=words):
            run_place(path, force=True)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(UsageError, match="cannot be written to"):
        run_place(tmp_path / "run", force=False)


def test_a_link_stays_and_its_target_is_replaced(fitted: Path, tmp_path: Path) -> None:
    run, link = copy(fitted, tmp_path / "run"), tmp_path / "link"
    link.symlink_to(run)
    assert run_place(link, force=True) == run


@pytest.mark.parametrize("call", ["first rename", "second rename", "deletion"])
def test_cut_off_at_any_moment_a_run_is_left(
    call: str, fitted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`BaseException` handlers do not run after kill -9, so the process is stopped for good before each call."""
    run = copy(fitted, tmp_path / "run")
    new = copy(fitted, beside(run, "partial"), history_csv="new")
    child = os.fork()
    if child == 0:
        renames, rename = [0], Path.rename

        def counted(self: Path, target: Path) -> Path:
            renames[0] += 1
            if call == ("first rename", "second rename")[renames[0] - 1]:
                os._exit(9)
            return rename(self, target)

        monkeypatch.setattr(Path, "rename", counted)
        monkeypatch.setattr(places.shutil, "rmtree", lambda *a, **k: os._exit(9))
        put_in_place(new, run)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    if run.exists():
        assert load_run(run).state["status"] == "done"
        return
    (old,) = set_aside(run)
    with pytest.raises(DataError) as caught:
        load_run(run)
    assert f"`mv {old} {run}` brings it back" in str(caught.value)
    assert load_run(old).state["status"] == "done"


def test_a_rename_that_fails_puts_the_old_run_back(fitted: Path, tmp_path: Path) -> None:
    run = copy(fitted, tmp_path / "run")
    before = contents(run)
    with pytest.raises(FileNotFoundError):
        put_in_place(tmp_path / "missing", run)
    assert contents(run) == before


@pytest.mark.parametrize("name", ["model.eq", "config.toml"])
def test_a_run_that_lacks_a_file_is_wrong_data(name: str, fitted: Path, tmp_path: Path) -> None:
    run = copy(fitted, tmp_path / "run")
    (run / name).unlink()
    with pytest.raises(DataError, match=f"{name}: is missing"):
        load_run(run)
