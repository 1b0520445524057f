"""Units of `benchmarks.aphynity` are resumed, not repeated, and published as they are."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import fits
from benchmarks.aphynity import __main__ as command
from benchmarks.aphynity import table as tables
from benchmarks.aphynity import unit
from benchmarks.aphynity.files import data_file, result_file, write_result
from benchmarks.aphynity.problems import PROBLEMS, Problem
from eqdsl.analysis.check import load_model
from eqdsl.fitting.fit import fit

TINY = replace(
    PROBLEMS["pendulum"],
    settings={
        "optimizer.steps": "50",
        "optimizer.polish": "0",
        "warm_start.steps": "25",
        "optimizer.windows": "20",
        "curriculum.horizon": "2",
    },
)


def result(problem: Problem, variant: str, seed: int, **values: object) -> dict[str, object]:
    """A result as a unit writes it."""
    return {
        "problem": problem.name, "variant": variant, "seed": seed, "substeps": problem.substeps,
        "settings": {} if variant == "true" else problem.options(variant, seed),
        "machine": {"cpu": "a processor", "cores": 2, "torch": "2.13", "commit": "abc"},
        "log10_mse": -6.0 - seed, "log10_mse_without_first": -5.9 - seed, "quantities": {}, "learned_squares": {},
        "seconds": 120.0, "cpu_seconds": 60.0, **values,
    }  # fmt: skip


def test_a_unit_that_was_cut_off_goes_on_and_counts_all_its_sessions(tmp_path: Path):
    train, place = data_file(TINY, "train", tmp_path), tmp_path / "pendulum-restricted-0"
    looks = iter(range(30))
    fit(
        load_model(TINY.model("restricted")), train, out=place, config=unit.settings(TINY, "restricted", 0),
        should_stop=lambda: next(looks, None) is None,
    )  # fmt: skip
    place.with_suffix(".cpu.json").write_text("100.0\n")
    found = unit.measure(TINY, "restricted", 0, work=tmp_path)
    whole = unit.measure(TINY, "restricted", 0, work=tmp_path / "elsewhere")
    assert found["cpu_seconds"] > 100 > whole["cpu_seconds"]
    assert found["log10_mse"] == whole["log10_mse"]
    assert found["learned_squares"] == whole["learned_squares"]
    again = unit.measure(TINY, "restricted", 0, work=tmp_path)
    assert again["cpu_seconds"] == pytest.approx(found["cpu_seconds"], abs=1)
    assert again["quantities"] == found["quantities"]
    other = replace(TINY, settings={**TINY.settings, "optimizer.steps": "30"})
    assert unit.measure(other, "restricted", 0, work=tmp_path)["cpu_seconds"] < 100


def test_only_units_without_a_result_of_the_present_settings_are_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(command, "load", lambda problem, variant, seed: tables.load(problem, variant, seed, tmp_path))
    pendulum, variants = PROBLEMS["pendulum"], ["restricted", "true"]
    assert command.missing_units(["pendulum"], variants, 2) == [
        ("pendulum", "restricted", 0), ("pendulum", "true", 0), ("pendulum", "restricted", 1),
    ]  # fmt: skip
    write_result(result_file("pendulum", "restricted", 0, tmp_path), result(pendulum, "restricted", 0))
    write_result(result_file("pendulum", "true", 0, tmp_path), result(pendulum, "true", 0))
    stale = result(pendulum, "restricted", 1, settings={"optimizer.steps": "1"})
    write_result(result_file("pendulum", "restricted", 1, tmp_path), stale)
    (tmp_path / "pendulum-restricted-2.1234.partial").write_text("{ cut o")
    assert command.missing_units(["pendulum"], variants, 3) == [
        ("pendulum", "restricted", 1), ("pendulum", "restricted", 2),
    ]  # fmt: skip


def test_the_table_holds_what_is_there_and_names_what_is_missing(tmp_path: Path):
    pendulum = PROBLEMS["pendulum"]
    write_result(result_file("pendulum", "true", 0, tmp_path), result(pendulum, "true", 0, log10_mse=-7.78))
    for seed, error in ((0, 0.011), (1, 0.013)):
        row = result(
            pendulum, "all_seeing", seed, quantities={"T0": {"value": 6 * (1 + error), "error": error}},
            learned_squares={"rate_theta": 1e-7 * (1 + seed), "rate_omega": 0.0165},
            projection={"errors": {"T0": 0.0116}, "square": 0.01648, "missing": 0.01667},
        )  # fmt: skip
        write_result(result_file("pendulum", "all_seeing", seed, tmp_path), row)
    text = tables.table(tmp_path, seeds=2).removeprefix(tables.NOTES)
    assert text == Path(__file__).with_name("aphynity_table.md").read_text()


def test_a_row_beyond_the_limit_says_so(tmp_path: Path):
    folder = tmp_path / "aphynity"
    for name, seconds in (("short", 90), ("long", 1860)):
        write_result(folder / f"{name}.json", {"cpu_seconds": seconds})
    (folder / "notes.json").write_text(json.dumps({"other": 1}))
    assert fits.costs(folder) == ["aphynity/long: 31.0 CPU minutes  more than 30", "aphynity/short: 1.5 CPU minutes"]
    assert fits.costs(tmp_path / "nothing") == []


def test_an_unknown_problem_is_named(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        command.main(["pendulums"])
    assert "there is no problem pendulums; there are pendulum, reaction-diffusion, wave" in capsys.readouterr().err
