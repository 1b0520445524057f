"""Finds the grammar file and builds the parser from it, once per process.

Deriving the LALR tables from the grammar takes ten times longer than reading a model. They stand ready beside the
grammar (`tables`), and serve when they were made from just this grammar by just this Lark.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from lark import Lark, Token, Transformer
from lark import __version__ as lark_version

GRAMMAR = "eqdsl.lark"
TABLES = "eqdsl.tables.json"


def grammar_folder() -> Traversable:
    """Where the grammar stands: inside the package (wheel) first, beside it (checkout, source archive) second."""
    inside = files("eqdsl").joinpath("grammar")
    return inside if inside.is_dir() else Path(__file__).resolve().parents[2] / "grammar"


def grammar_text() -> str:
    """The grammar as text.

    Raises
    ------
    FileNotFoundError
        If the installation is damaged; not an error of the user's model.
    """
    return grammar_folder().joinpath(GRAMMAR).read_text(encoding="utf-8")


def build_parser(transformer: Transformer[Token, object]) -> Lark:
    """An LALR parser that calls `transformer` while it reads (no intermediate tree)."""
    text = grammar_text()
    stored = grammar_folder().joinpath(TABLES)
    if stored.is_file():
        tables = json.loads(stored.read_text(encoding="utf-8"), object_hook=_numbered)
        if tables["made_from"] == fingerprint(text):
            # What the stand-alone parsers that Lark writes call; Lark's own cache is a pickle.
            parser: Lark = Lark._load_from_dict(  # type: ignore[no-untyped-call]
                tables["data"], tables["memo"], transformer=transformer
            )
            return parser
    return derive_parser(text, transformer)


def derive_parser(text: str, transformer: Transformer[Token, object] | None = None) -> Lark:
    """The parser of a grammar from its text alone.

    All tokens are kept, so that every node knows where its brackets and commas stand.
    """
    return Lark(
        text,
        parser="lalr",
        lexer="contextual",
        transformer=transformer,
        keep_all_tokens=True,
        maybe_placeholders=False,
    )


def fingerprint(text: str) -> str:
    """What tables depend on: the grammar and the version of Lark."""
    return f"lark {lark_version}, grammar {hashlib.sha256(text.encode()).hexdigest()}"


def _numbered(entries: Mapping[str, Any]) -> dict[str | int, Any]:
    """JSON turned the numbers of states and tokens into text; turn them back."""
    return {int(key) if key.isdecimal() else key: value for key, value in entries.items()}
