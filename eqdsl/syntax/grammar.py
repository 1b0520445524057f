"""Finds the grammar file and builds the parser from it, once per process."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from lark import Lark, Token, Transformer

GRAMMAR = "eqdsl.lark"


def grammar_text() -> str:
    """The grammar as text: inside the package (wheel) first, beside it (checkout, source archive) second.

    Raises
    ------
    FileNotFoundError
        If the installation is damaged; not an error of the user's model.
    """
    inside = files("eqdsl").joinpath("grammar", GRAMMAR)
    if inside.is_file():
        return inside.read_text(encoding="utf-8")
    beside = Path(__file__).resolve().parents[2] / "grammar" / GRAMMAR
    return beside.read_text(encoding="utf-8")


def build_parser(transformer: Transformer[Token, object]) -> Lark:
    """An LALR parser that calls `transformer` while it reads (no intermediate tree).

    All tokens are kept, so that every node knows where its brackets and commas stand. Lark's own cache is not used: it
    is a pickle.
    """
    return Lark(
        grammar_text(),
        parser="lalr",
        lexer="contextual",
        transformer=transformer,
        keep_all_tokens=True,
        maybe_placeholders=False,
    )
