"""The multiplier over the epochs: in words, as numbers, and on the page."""

from __future__ import annotations

from eqdsl.inspection.inspect import inspect_run
from eqdsl.inspection.multiplier_path import multiplier_path
from eqdsl.inspection.report import report_html
from tests.inspection.teaching import MemoryRun


def test_start_end_and_range() -> None:
    rows = [{"epoch": e, "multiplier": m} for e, m in ((1, 100.0), (2, None), (3, 400.0), (4, 250.0))]
    path = multiplier_path(rows)
    assert path is not None
    assert path.as_json() == {
        "start": 100.0, "end": 250.0, "lowest": 100.0, "highest": 400.0, "epochs": [1, 3, 4],
        "values": [100.0, 400.0, 250.0],
    }  # fmt: skip
    assert path.as_sentence().startswith("100 after epoch 1, 250 after epoch 4, between 100 and 400 on the way")


def test_a_history_without_it() -> None:
    assert multiplier_path([]) is None
    assert multiplier_path([{"epoch": 1, "misfit": 0.1}, {"epoch": 2, "multiplier": float("nan")}]) is None


def test_text_json_and_page_tell_the_path(blind_run: MemoryRun) -> None:
    found = inspect_run(blind_run, plots=False)
    assert found.as_json()["multiplier"]["values"] == [1.0, 3.0, 3.0, 1.0]  # type: ignore[index]
    sentence = "1 after epoch 0, 1 after epoch 3, between 1 and 3 on the way"
    assert sentence in found.as_text() and sentence in report_html(found)
