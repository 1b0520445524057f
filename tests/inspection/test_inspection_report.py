"""The inspection as JSON, as text and as a page."""

from __future__ import annotations

import base64
import json
import re
import sys
import warnings
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from eqdsl.core.errors import UsageError
from eqdsl.inspection.figures.history import draw_history
from eqdsl.inspection.figures.profile import draw_profiles
from eqdsl.inspection.inspect import inspect_run, write_pictures, write_report
from eqdsl.inspection.inspection import Inspection
from eqdsl.inspection.report import report_html
from tests.inspection.teaching import MemoryRun

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def inspection(seeing_run: MemoryRun) -> Inspection:
    return inspect_run(seeing_run, distil=True, force=True)


@pytest.fixture(scope="module")
def page(inspection: Inspection, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(inspection, path)
    assert [p.name for p in path.parent.iterdir()] == ["report.html"]
    return path.read_text(encoding="utf-8")


class Tags(HTMLParser):
    """Collects tags with their attributes, and checks that they close in order."""

    VOID = ("meta", "img", "br", "link", "input")

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_json_has_the_keys_scripts_rely_on(inspection: Inspection) -> None:
    data = json.loads(json.dumps(inspection.as_json(), allow_nan=False))
    assert {"parameters", "learned", "equations"} <= set(data)
    assert {"value", "low", "high"} <= set(data["parameters"]["omega0"])
    assert data["parameters"]["omega0"]["low"] < 1.0 < data["parameters"]["omega0"]["high"]
    assert {"rms", "share", "formula", "r2"} <= set(data["learned"]["friction"])
    assert data["learned"]["friction"]["formula"] == "-0.2*omega"
    assert data["learned"]["friction"]["r2"] > 0.999
    assert set(data["equations"]) == {"theta", "omega"}
    assert all(isinstance(text, str) for text in data["equations"].values())


def test_every_equation_tells_how_much_is_learned(inspection: Inspection, page: str) -> None:
    ratio = inspection.ledger.equation("omega").learned_over_rhs
    assert ratio > 0.1
    data = inspection.as_json()["ledger"]
    assert data["omega"]["learned_over_rhs"] == ratio  # type: ignore[index]
    (line,) = [line for line in inspection.as_text().splitlines() if " gravity " in line]
    assert line.endswith(f"  {ratio:.4f}") and "||learned||/||rhs||" in inspection.as_text()
    assert f'<td class="number">{ratio:.4f}</td>' in page and "‖learned‖/‖rhs‖" in page


def test_without_distillation_formulas_are_null(seeing_run: MemoryRun) -> None:
    data = inspect_run(seeing_run, plots=False).as_json()
    assert data["learned"]["friction"]["formula"] is None  # type: ignore[index]
    assert data["distilled"] is None


def test_text_names_terms_parameters_and_errors(inspection: Inspection) -> None:
    text = inspection.as_text()
    for part in ("omega0", "gravity", "friction (learned)", "-0.2*omega", "log10", "energy", "Keep in mind"):
        assert part in text
    assert str(inspection) == text


def test_page_is_well_formed_and_loads_nothing(page: str) -> None:
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    names = {tag for tag, _ in tags.found}
    assert not names & {"script", "link", "iframe", "object", "base"}
    for _, attributes in tags.found:
        for name in ("src", "href", "data", "action"):
            assert not attributes.get(name) or str(attributes[name]).startswith("data:image/png;base64,")
        assert not any(name.startswith("on") for name in attributes)
    assert "@import" not in page and "url(" not in page


def test_text_of_the_user_is_escaped(page: str) -> None:
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_every_picture_is_a_picture(inspection: Inspection, page: str) -> None:
    assert {p.section for p in inspection.pictures} == {"parameters", "ledger", "learned", "errors", "training"}
    embedded = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    assert len(embedded) == len(inspection.pictures)
    for data in embedded:
        decoded = base64.b64decode(data)
        assert decoded.startswith(PNG) and len(decoded) > 5000


def test_pictures_are_written_and_replaced(inspection: Inspection, tmp_path: Path) -> None:
    folder = tmp_path / "plots"
    for _ in range(2):
        write_pictures(inspection.pictures, folder)
        assert {p.name for p in folder.iterdir()} == {
            "profiles.png", "ledger.png", "learned_friction.png", "horizon.png", "rollout.png", "training.png",
        }  # fmt: skip
        (folder / "ledger.png").write_bytes(b"older")
    write_pictures(inspection.pictures, folder)
    assert all(p.read_bytes().startswith(PNG) for p in folder.iterdir())


def test_pictures_that_cannot_be_written(inspection: Inspection, tmp_path: Path) -> None:
    (tmp_path / "plots").write_text("a file")
    with pytest.raises(UsageError, match="plots: the pictures cannot be written: File exists"):
        write_pictures(inspection.pictures, tmp_path / "plots")


def test_without_matplotlib_one_sentence_says_so(seeing_run: MemoryRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    found = inspect_run(seeing_run)
    assert found.pictures == ()
    assert [s for s in found.caveats if "matplotlib" in s] == [
        "There are no pictures: matplotlib is not installed (`pip install 'eqdsl[plot]'`)."
    ]
    assert "matplotlib is not installed" in report_html(found)


def test_a_quantity_that_moves_little_has_numbers_on_its_axis() -> None:
    rows: list[dict[str, object]] = [{"epoch": e, "penalty": 0.042 + 1e-3 * e, "multiplier": 10.0**e} for e in range(5)]
    figure = draw_history(rows)
    assert figure is not None
    figure.canvas.draw()
    penalty, multiplier = ([t.get_text() for t in ax.get_yticklabels()] for ax in figure.axes)
    assert len(penalty) >= 3 and "0.044" in penalty
    assert "10²" in multiplier


def test_a_penalty_of_zero_has_no_panel() -> None:
    """Of a model without learned terms: a logarithmic axis cannot show it, and matplotlib would warn."""
    rows: list[dict[str, object]] = [{"epoch": e, "misfit": 10.0**-e, "penalty": 0.0} for e in range(3)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = draw_history(rows)
    assert figure is not None
    assert [ax.get_ylabel() for ax in figure.axes] == ["misfit"]


def test_a_profile_passes_through_the_ends_of_the_ranges(inspection: Inspection) -> None:
    figure = draw_profiles(inspection.parameters, {"omega0": (0.98, 1.01)})
    assert figure is not None
    (ax,) = figure.axes
    curve = ax.lines[0]
    x, y = np.asarray(curve.get_xdata()), np.asarray(curve.get_ydata())
    for (low, high), rise in zip(inspection.parameters[0].ranges, (1.0, 5.0), strict=True):
        assert np.interp([low, high], x, y) == pytest.approx([rise, rise], rel=0.01)
    assert ax.get_ylabel() == "rise of the\nnorm of the learned part [%]"


def test_laws_and_caveats(inspection: Inspection) -> None:
    (energy,) = inspection.laws
    assert energy.trend == "decreasing" and energy.drift < -0.1 and energy.violation < 1e-3
    text = " ".join(inspection.caveats)
    assert "projection" in text and "extrapolation" in text
    assert inspection.identifiability.rank == 0
    assert "declare `friction(omega)` without theta or fix omega0." in inspection.as_text()


def test_ranges_at_both_rises_are_told(inspection: Inspection, page: str) -> None:
    (row,) = inspection.parameters
    (near, far) = row.ranges
    assert far[0] < near[0] < row.value < near[1] < far[1]
    assert "range at +1%" in page and "range at +5%" in page and "rank 0 of 1" in page
    data = inspection.as_json()["parameters"]["omega0"]  # type: ignore[index]
    assert data["ranges"] == {"1%": list(near), "5%": list(far)} and data["decided"] == "norm"


def test_report_is_not_left_half_written(inspection: Inspection, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        write_report(inspection, tmp_path / "missing" / "report.html")
