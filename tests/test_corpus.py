"""Programs as tests: every model under `models/` is read, checked and formatted.

`good/` has no errors; `good_syntax/` parses (it holds statements whose meaning is not built yet); `bad/` is answered
with exactly the text stored beside it. `pytest tests/test_corpus.py --update-expected` rewrites that text.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eqdsl.analysis.check import check_source
from eqdsl.core.codes import CODES
from eqdsl.core.diagnostics import Diagnostic, has_errors
from eqdsl.core.errors import ModelError
from eqdsl.core.rendering import render_all
from eqdsl.core.source import SourceText
from eqdsl.syntax.formatter import format_source
from eqdsl.syntax.parser import parse
from eqdsl.syntax.reading import read_source, source_from_text
from tests.trees import shape

MODELS = Path(__file__).parent / "models"
GOOD = sorted(MODELS.glob("good/*.eq"))
PARSED = sorted(MODELS.glob("good*/*.eq"))
WORD = re.compile(r"\w+|[ ]+|[^\w ]")
BAD = sorted(MODELS.glob("bad/*.eq"))


def name(path: Path) -> str:
    return path.stem


def source_of(path: Path) -> SourceText:
    """The text under its file name alone, so that stored messages hold no folders."""
    source = read_source(path)
    return SourceText(path.name, source.text)


def found_in(path: Path) -> tuple[SourceText, tuple[Diagnostic, ...]]:
    try:
        source = source_of(path)
    except ModelError as failure:
        return SourceText(path.name, failure.source.text), failure.diagnostics
    return source, check_source(source).diagnostics


@pytest.mark.parametrize("path", BAD, ids=name)
def test_a_bad_model_is_answered_with_the_stored_text(path: Path, update_expected: bool) -> None:
    source, diagnostics = found_in(path)
    text = render_all(diagnostics, source) + "\n"
    expected = path.with_suffix(".expected")
    if update_expected:
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")
    assert diagnostics
    assert {d.code for d in diagnostics} <= set(CODES)


@pytest.mark.parametrize("path", GOOD, ids=name)
def test_a_good_model_has_no_errors(path: Path) -> None:
    source = source_of(path)
    result = check_source(source)
    assert result.model is not None, render_all(result.diagnostics, source)


@pytest.mark.parametrize("path", PARSED, ids=name)
def test_a_good_model_keeps_its_meaning_when_formatted(path: Path) -> None:
    source = source_of(path)
    tree, problems = parse(source)
    assert not problems, render_all(problems, source)
    formatted = source_from_text(format_source(source))
    again, _ = parse(formatted)
    assert shape(again) == shape(tree)
    assert format_source(formatted) == formatted.text


def test_no_stored_text_is_left_without_its_model() -> None:
    assert [p.name for p in MODELS.glob("bad/*.expected") if not p.with_suffix(".eq").exists()] == []


@settings(max_examples=100, deadline=2000)
@given(st.data())
def test_shuffled_good_models_are_answered(data: st.DataObject) -> None:
    """Any word in the place of any other: a diagnostic or a model, never an exception."""
    words = WORD.findall(data.draw(st.sampled_from(PARSED)).read_text(encoding="utf-8"))
    for _ in range(data.draw(st.integers(1, 3))):
        place, other = data.draw(st.integers(0, len(words) - 1)), data.draw(st.integers(0, len(words) - 1))
        words[place] = words[other]
    source = source_from_text("".join(words), "mutated.eq")
    result = check_source(source)
    assert (result.model is None) == has_errors(result.diagnostics)
    assert render_all(result.diagnostics, source)
