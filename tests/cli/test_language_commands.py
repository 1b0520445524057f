"""check, show, fmt, new and explain."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from eqdsl.analysis.check import check_source
from eqdsl.cli.commands.new import TEMPLATES
from eqdsl.core.codes import CODES
from eqdsl.syntax.formatter import format_source
from eqdsl.syntax.reading import read_source
from tests.cli.support import DECAY, Call

UNTIDY = "state   u\n# kept\nparam k=0.5\ndt(u)=-k*u\ninit u=1\n"


class StandardInput:
    """Stands in for `sys.stdin`."""

    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)


def test_check_says_nothing_on_stdout_for_a_good_model(call: Call, decay: Path) -> None:
    outcome = call("check", decay)
    assert (outcome.status, outcome.out, outcome.err) == (0, "", f"{decay}: no errors\n")


def test_check_shows_the_place(call: Call, wrong: Path) -> None:
    outcome = call("check", wrong)
    assert outcome.status == 1
    assert f"--> {wrong}:2:10" in outcome.out
    assert "error[E03" in outcome.out
    assert outcome.err == ""


def test_check_goes_on_after_a_bad_file(call: Call, wrong: Path, decay: Path, tmp_path: Path) -> None:
    outcome = call("check", "--json", tmp_path / "missing.eq", wrong, decay)
    assert outcome.status == 1
    files = outcome.json["files"]
    assert [set(file) for file in files] == [{"path", "ok", "diagnostics"}] * 3
    assert [file["ok"] for file in files] == [False, False, True]
    (finding,) = files[1]["diagnostics"]
    assert set(finding) == {"code", "severity", "message", "line", "column", "help"}
    assert (finding["severity"], finding["line"], finding["column"]) == ("error", 2, 10)
    assert finding["code"] in CODES
    assert files[0]["diagnostics"][0]["severity"] == "error"
    assert files[2]["diagnostics"] == []


def test_check_reads_standard_input(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", StandardInput(b"state u\r\ndt(u) = k\r\n"))
    outcome = call("check", "-")
    assert outcome.status == 1
    assert "--> <stdin>:2:9" in outcome.out


def test_check_of_undecodable_standard_input(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", StandardInput(b"state u\xff"))
    outcome = call("check", "-")
    assert outcome.status == 1
    assert "UTF-8" in outcome.out


@pytest.mark.parametrize("name", ["check", "show", "fmt", "simulate", "fit"])
@pytest.mark.parametrize("kind", ["missing", "folder", "binary", "empty", "text that is no model"])
def test_files_that_are_no_models(name: str, kind: str, call: Call, tmp_path: Path) -> None:
    path = tmp_path / "m.eq"
    if kind == "folder":
        path.mkdir()
    elif kind == "binary":
        path.write_bytes(bytes(range(256)) * 8)
    elif kind == "empty":
        path.write_text("")
    elif kind == "text that is no model":
        path.write_text("Lorem ipsum\ndolor = sit amet (\n")
    rest = {
        "simulate": ["-o", tmp_path / "o.h5", "--until", 1, "--every", 1],
        "fit": [tmp_path / "d.h5", "-o", tmp_path / "r"],
    }
    outcome = call(name, path, *rest.get(name, []))
    assert outcome.status == 1
    assert "defect" not in outcome.err + outcome.out
    assert "Traceback" not in outcome.err + outcome.out
    assert str(path) in outcome.err + outcome.out


def test_show_prints_equations_and_defaults(call: Call, unlearned: Path) -> None:
    outcome = call("show", unlearned)
    assert outcome.status == 0
    for line in ("States", "Learned terms", "  dt(u) = f", "Defaults"):
        assert line in outcome.out.splitlines()
    assert "f(u)" in outcome.out
    assert "by mlp(8, act = silu) with f(0) = 0" in outcome.out


def test_show_json_names_the_parts(call: Call, decay: Path) -> None:
    shown = call("show", "--json", decay).json
    assert shown["name"] == "decay"
    assert shown["states"][0]["name"] == "u"
    (parameter,) = shown["parameters"]
    assert (parameter["name"], parameter["value"], parameter["fitted"]) == ("k", 0.5, True)
    assert (parameter["lower"], parameter["upper"]) == (0, 5)
    assert shown["learned"] == []
    assert shown["equations"] == {"u": "dt(u) = -k*u"}


def test_show_lists_the_terms_that_are_treated_apart(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "fisher.eq"
    path.write_text(
        "space x in [0, 1] periodic\nstate u(x)\nparam D = 2\nparam r = 1\ndt(u) = D*dxx(u) + r*u*(1 - u) - u/3\n"
    )
    lines = call("show", path).out.splitlines()
    assert lines[lines.index("Linear part, which imex and etd methods treat apart") + 1] == "  u: D*dxx(u) - u/3"
    assert call("show", "--json", path).json["linear"] == {"u": "D*dxx(u) - u/3"}


def test_show_latex(call: Call, decay: Path) -> None:
    outcome = call("show", "--latex", decay)
    assert outcome.status == 0
    assert "\\dot{u} &= -k" in outcome.out


@pytest.mark.parametrize(("stage", "word"), [("nodes", "Name"), ("model", "ParamRef"), ("program", "%0 = ")])
def test_show_stages(stage: str, word: str, call: Call, decay: Path) -> None:
    outcome = call("show", "--stage", stage, decay)
    assert outcome.status == 0
    assert word in outcome.out
    assert "SourceText" not in outcome.out


def test_fmt_rewrites_in_place_once(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "untidy.eq"
    path.write_text(UNTIDY)
    path.chmod(0o640)
    assert call("fmt", path).err == f"{path}: rewritten\n"
    tidy = path.read_text()
    assert "# kept" in tidy
    assert "param k = 0.5" in tidy
    assert path.stat().st_mode & 0o777 == 0o640
    assert (call("fmt", path).err, path.read_text()) == ("", tidy)
    assert list(tmp_path.iterdir()) == [path]


def test_fmt_check_changes_nothing(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "untidy.eq"
    path.write_text(UNTIDY)
    outcome = call("fmt", "--check", path)
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err == f"{path}: would be rewritten\n"
    assert path.read_text() == UNTIDY
    path.write_text(format_source(read_source(path)))
    assert call("fmt", "--check", path).status == 0


def test_fmt_diff_prints_the_change(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "untidy.eq"
    path.write_text(UNTIDY)
    outcome = call("fmt", "--diff", path)
    assert outcome.status == 0
    assert {"-param k=0.5", "+param k = 0.5"} <= set(outcome.out.splitlines())
    assert call("fmt", "--diff", "--check", path).status == 1
    assert path.read_text() == UNTIDY


def test_fmt_leaves_a_broken_file_and_formats_the_others(call: Call, tmp_path: Path) -> None:
    broken, untidy = tmp_path / "broken.eq", tmp_path / "untidy.eq"
    broken.write_text("state (\n")
    untidy.write_text(UNTIDY)
    outcome = call("fmt", broken, untidy)
    assert outcome.status == 1
    assert str(broken) in outcome.err
    assert broken.read_text() == "state (\n"
    assert untidy.read_text() != UNTIDY


def test_fmt_of_standard_input(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", StandardInput(UNTIDY.encode()))
    outcome = call("fmt", "-")
    assert "param k = 0.5\n" in outcome.out


@pytest.mark.parametrize("template", list(TEMPLATES))
def test_templates_check_clean_and_are_formatted(template: str, call: Call, tmp_path: Path) -> None:
    path = tmp_path / "mine.eq"
    outcome = call("new", tmp_path / "mine", "--template", template)
    assert (outcome.status, outcome.out) == (0, f"{path}\n")
    source = read_source(path)
    checked = check_source(source)
    assert checked.model is not None
    assert checked.model.name == "mine"
    assert list(checked.diagnostics) == []
    assert format_source(source) == source.text


def test_new_overwrites_nothing_unasked(call: Call, decay: Path) -> None:
    outcome = call("new", decay)
    assert outcome.status == 2
    assert "--force" in outcome.err
    assert decay.read_text() == DECAY
    assert call("new", decay, "--force").status == 0
    assert decay.read_text() != DECAY


@pytest.mark.parametrize("name", ["2d", "a b", "x/", "-"])
def test_new_refuses_names_that_no_model_can_have(name: str, call: Call, tmp_path: Path) -> None:
    outcome = call("new", "--", f"{tmp_path}/{name}")
    assert outcome.status == 2
    assert "cannot be the name of a model" in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_new_in_a_missing_folder(call: Call, tmp_path: Path) -> None:
    outcome = call("new", tmp_path / "no" / "heat")
    assert outcome.status == 2
    assert "mkdir -p" in outcome.err


@pytest.mark.parametrize("code", sorted(CODES))
def test_explain_covers_every_code(code: str, call: Call) -> None:
    outcome = call("explain", code.lower())
    assert outcome.status == 0
    title, empty, first, *_ = outcome.out.splitlines()
    assert title == f"{code}: {CODES[code].title}"
    assert empty == ""
    assert first


def test_explain_of_an_unknown_code_lists_the_nearest(call: Call) -> None:
    outcome = call("explain", "E0199")
    assert outcome.status == 2
    assert "the nearest are E01" in outcome.err


def test_explain_lists_all(call: Call) -> None:
    lines = call("explain", "--list").out.splitlines()
    assert [line.split()[0] for line in lines] == sorted(CODES)


def test_json_is_one_document(call: Call, decay: Path) -> None:
    assert json.loads(call("version", "--json").out)["eqdsl"] == "0.1.0"
    assert {"versions", "devices", "threads", "compiler", "extras"} <= set(call("doctor", "--json").json)
