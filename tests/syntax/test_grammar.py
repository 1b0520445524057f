"""The grammar file: no conflicts, found in every kind of installation, and the same tokens as the scanner."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from lark import Lark, logger

from eqdsl.syntax import grammar, words
from eqdsl.syntax.grammar import build_parser, fingerprint, grammar_folder, grammar_text
from eqdsl.syntax.parser import lexed, parse
from eqdsl.syntax.reading import read_source, source_from_text
from eqdsl.syntax.scanning import COMMENT, scan
from eqdsl.syntax.splitting import split
from eqdsl.syntax.statements import StatementBuilder

PARSED = sorted((Path(__file__).parents[1] / "models").glob("good*/*.eq"))


def test_no_conflict_is_resolved_silently(caplog: pytest.LogCaptureFixture) -> None:
    level = logger.level
    logger.setLevel(logging.DEBUG)
    try:
        with caplog.at_level(logging.DEBUG, logger=logger.name):
            Lark(grammar_text(), parser="lalr", lexer="contextual", debug=True)
    finally:
        logger.setLevel(level)
    assert "conflict" not in caplog.text.lower()


def test_no_two_terminals_collide() -> None:
    pytest.importorskip("interegular")
    Lark(grammar_text(), parser="lalr", lexer="contextual", strict=True)


def test_stored_tables_are_those_of_the_grammar(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = json.loads(grammar_folder().joinpath(grammar.TABLES).read_text())
    assert stored["made_from"] == fingerprint(grammar_text()), "run `make grammar`"
    texts = [path.read_text() for path in PARSED]

    def read() -> list[object]:
        parser = build_parser(StatementBuilder())
        return [parser.parse(text[c.start : c.end]) for text in texts for c in split(text)]

    ready = read()
    monkeypatch.setattr(grammar, "TABLES", "missing.json")
    assert ready == read()
    assert len(ready) > 400


def test_tables_of_another_grammar_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = grammar_text().replace("MODEL: ", 'MODEL: "modell" | ', 1)
    assert changed != grammar_text()
    monkeypatch.setattr(grammar, "grammar_text", lambda: changed)
    patterns = {t.name: t.pattern.value for t in build_parser(StatementBuilder()).terminals}
    assert "modell" in patterns["MODEL"]


def test_every_statement_and_clause_has_its_words() -> None:
    terminals = {t.name for t in Lark(grammar_text(), parser="lalr", lexer="contextual").terminals}
    assert set(words.CLAUSES) <= terminals
    assert {word.upper() for word in words.STATEMENTS} <= terminals


@pytest.mark.parametrize("path", PARSED, ids=lambda path: path.stem)
def test_scanner_and_lexer_agree_on_every_token(path: Path) -> None:
    source = read_source(path)
    for chunk in split(source.text):
        scanned = [(t.start, t.end) for t in scan(source.text, chunk.start, chunk.end) if t.kind != COMMENT]
        typed = lexed(source, chunk)
        # `-1` after `^` in a unit is one token of the grammar and two of the scanner
        starts = {start for start, _ in scanned}
        assert {t.start_pos for t in typed} <= starts
        assert {t.end_pos for t in typed} <= {end for _, end in scanned}
        signed = sum(t.type == "SIGNED" and t.startswith("-") for t in typed)
        assert len(scanned) == len(typed) + signed


@pytest.mark.parametrize(
    "word",
    sorted({*words.STATEMENTS, *words.MODIFIERS, *(w for ws in words.CLAUSES.values() for w in ws), "data", "inf"}),
)
def test_keywords_are_names_inside_expressions(word: str) -> None:
    text = f"let a = 2*{word} + f({word}, {word} = {word})\nlaw {word} = {word}^2 constant\ndt({word}) = -{word}\n"
    text += f"bc {word} = {word} at {word} = {word}, {word}\nscheme {word} = 2\ngrid {word} = {word} nodes\n"
    tree, problems = parse(source_from_text(text))
    assert problems == ()
    assert len(tree.statements) == 6


def test_fit_is_a_name_except_where_it_may_be_the_keyword() -> None:
    tree, problems = parse(source_from_text("param k = 2*fit\nparam l = fit\nlet m = fit\n"))
    assert problems == ()
    assert [getattr(s, "fitted", None) for s in tree.statements] == [False, True, None]
