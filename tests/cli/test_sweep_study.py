"""Which trials a sweep gives out, and that its journal survives kills at any place."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from eqdsl.cli.sweeping.plan import grid_plan, one_split, parse_grid, search_plan
from eqdsl.cli.sweeping.space import SPACE
from eqdsl.cli.sweeping.study import Study
from eqdsl.core.errors import UsageError
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.config_file import with_overrides
from eqdsl.inspection.figures.sweep import positions
from tests.fit.systems import DECAY, DECAY_LEARNED, model

GRID = {"optimizer.learning_rate": ["1e-3", "1e-2"], "run.seed": ["0", "1"]}


def grid_study(folder: Path) -> Study:
    return Study(folder / "journal.log", grid_plan(FitConfig(), GRID, model(DECAY)))


def search_study(folder: Path, trials: int) -> Study:
    return Study(folder / "journal.log", search_plan(FitConfig(), trials, model(DECAY_LEARNED)))


def test_a_grid_gives_out_every_combination_once_in_order(tmp_path: Path) -> None:
    study = grid_study(tmp_path)
    given = [study.next() for _ in range(4)]
    assert [(t.name, *t.settings.values()) for t in given if t is not None] == [
        ("trial-0001", "1e-3", "0"), ("trial-0002", "1e-3", "1"),
        ("trial-0003", "1e-2", "0"), ("trial-0004", "1e-2", "1"),
    ]  # fmt: skip
    assert study.next() is None


def test_after_a_kill_what_was_cut_off_comes_first_and_finished_trials_are_kept(tmp_path: Path) -> None:
    first = grid_study(tmp_path)
    one, two, three = (first.next() for _ in range(3))
    assert one is not None and two is not None and three is not None
    first.complete(one, 0.5)
    first.fail(three)
    again = grid_study(tmp_path)
    assert again.next() == two
    last = again.next()
    assert last is not None and last.settings == {"optimizer.learning_rate": "1e-2", "run.seed": "1"}
    assert again.next() is None
    assert [(t.state, t.value) for t in again.trials()] == [
        ("COMPLETE", 0.5), ("RUNNING", None), ("FAIL", None), ("RUNNING", None),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["grid", "search"])
def test_a_kill_at_any_byte_of_the_journal_loses_no_trial(tmp_path: Path, kind: str) -> None:
    def study() -> Study:
        return grid_study(tmp_path) if kind == "grid" else search_study(tmp_path, 4)

    journal = tmp_path / "journal.log"
    made = study()
    begun = journal.stat().st_size
    for _ in range(2):
        trial = made.next()
        assert trial is not None
        made.complete(trial, 1.0)
    whole = journal.read_bytes()
    for cut in range(begun, len(whole), max(1, (len(whole) - begun) // 12)):
        journal.write_bytes(whole[:cut])
        again = study()
        while (trial := again.next()) is not None:
            again.complete(trial, 2.0)
        found = [t for t in study().trials() if t.state == "COMPLETE"]
        assert len(found) == 4
        if kind == "grid":
            assert {tuple(t.settings.values()) for t in found} == {(r, s) for r in ("1e-3", "1e-2") for s in ("0", "1")}


def test_a_search_begins_with_the_defaults_stays_in_its_ranges_and_can_grow(tmp_path: Path) -> None:
    study = search_study(tmp_path, 3)
    for _ in range(3):
        trial = study.next()
        assert trial is not None
        study.complete(trial, 1.0)
    assert study.next() is None
    grown = search_study(tmp_path, 5)
    for _ in range(2):
        trial = grown.next()
        assert trial is not None
        grown.complete(trial, 1.0)
    assert grown.next() is None
    drawn = [t.settings for t in grown.trials()]
    assert {key: float(value) for key, value in drawn[0].items()} == {part.key: part.first for part in SPACE}
    assert all(part.low <= float(settings[part.key]) <= part.high for settings in drawn for part in SPACE)
    assert len({settings["optimizer.learning_rate"] for settings in drawn}) == 5
    # What was drawn is what `--set` takes.
    for settings in drawn:
        with_overrides(FitConfig(), [f"{key}={value}" for key, value in settings.items()])


def test_what_the_user_fixed_or_the_model_lacks_is_not_drawn() -> None:
    fixed = with_overrides(FitConfig(), ["optimizer.learning_rate=1e-4", "run.seed=3"])
    assert search_plan(fixed, 2, model(DECAY_LEARNED)).keys == ("optimizer.parameter_learning_rate", "multiplier.start")
    assert search_plan(FitConfig(), 2, model(DECAY)).keys == ("optimizer.parameter_learning_rate", "run.seed")
    nothing = with_overrides(fixed, ["optimizer.parameter_learning_rate=1e-3"])
    with pytest.raises(UsageError, match="every setting that it would draw is fixed"):
        search_plan(nothing, 2, model(DECAY))


def test_defaults_of_the_search_are_those_of_a_fit() -> None:
    from eqdsl.fitting.multiplier.start import start

    for part in SPACE:
        section, key = part.key.split(".")
        value = getattr(getattr(FitConfig(), section), key)
        assert part.first == (start(FitConfig().multiplier) if value == "auto" else value)


def test_all_trials_share_one_split_unless_it_is_what_varies() -> None:
    base = with_overrides(FitConfig(), ["run.seed=7"])
    assert grid_plan(base, {"run.seed": ["1", "2"]}, model(DECAY)).base.data.seed == 7
    assert one_split(base, ["data.seed"]).data.seed is None
    assert one_split(with_overrides(base, ["data.seed=2"]), []).data.seed == 2


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["run.seed"], "`run.seed` is not `section.key=value,value`"),
        (["run.seed=1,"], "`run.seed=1,` is not `section.key=value,value`"),
        (["run.seed=1", "run.seed=2"], "`run.seed` is given twice"),
        (["optimizer.learning_rate=1e-3,0.001"], "`optimizer.learning_rate=1e-3,0.001` has a value twice"),
    ],
)
def test_malformed_grids_are_named(texts: list[str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_grid(texts)
    assert caught.value.message == f"--grid: {message}"


def test_a_missing_optuna_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(UsageError, match=r"a sweep needs optuna\n.*pip install 'eqdsl\[sweep\]'"):
        grid_study(tmp_path)


def test_values_that_are_not_numbers_have_places_of_their_own() -> None:
    assert positions(["1e-3", "0.5"]) == ([0.001, 0.5], [])
    assert positions(["rk4", "tsit5", "rk4"]) == ([0.0, 1.0, 0.0], ["rk4", "tsit5"])
    assert positions(["auto", "3"]) == ([0.0, 1.0], ["auto", "3"])
