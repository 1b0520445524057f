"""Every code has an explanation whose examples do what they say."""

from __future__ import annotations

import re

import pytest

from eqdsl.core.codes import CODES
from eqdsl.core.codes.reading import READING
from eqdsl.core.codes.syntax import SYNTAX
from eqdsl.syntax.parser import parse
from eqdsl.syntax.reading import source_from_text


def codes_of(text: str) -> set[str]:
    return {problem.code for problem in parse(source_from_text(text))[1]}


def example(code: str, kind: str) -> str:
    """The first text in back-quotes after ``Wrong:`` or ``Right:``; a fragment is put behind a head."""
    found = re.search(rf"^{kind}: `([^`]+)`", SYNTAX[code].text, re.MULTILINE)
    assert found is not None, code
    return f"learned f(u) {found[1]}" if found[1].startswith("by ") else found[1]


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_is_explained(code: str) -> None:
    assert re.fullmatch(r"[EW]\d{4}", code)
    assert CODES[code].title
    assert CODES[code].text.strip() == CODES[code].text != ""


@pytest.mark.parametrize("code", sorted({**READING, **SYNTAX}))
def test_an_explanation_has_a_wrong_and_a_right_example(code: str) -> None:
    assert "\nWrong: " in CODES[code].text
    assert "\nRight: " in CODES[code].text


@pytest.mark.parametrize("code", sorted(set(SYNTAX) - {"E0207"}))
def test_the_examples_of_syntax_codes(code: str) -> None:
    assert code in codes_of(example(code, "Wrong"))
    assert codes_of(example(code, "Right")) == set()
