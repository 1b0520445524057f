"""``python -m eqdsl.syntax.tables``: write the LALR tables beside the grammar, after every change of it."""

from __future__ import annotations

import json
from pathlib import Path

from lark.grammar import Rule
from lark.lexer import TerminalDef

from eqdsl.core.files import write_atomically
from eqdsl.syntax.grammar import TABLES, derive_parser, fingerprint, grammar_folder, grammar_text


def tables_text() -> str:
    """The tables of the present grammar as JSON; the same grammar gives the same text."""
    text = grammar_text()
    data, memo = derive_parser(text).memo_serialize([TerminalDef, Rule])
    content = {"made_from": fingerprint(text), "data": data, "memo": memo}
    return json.dumps(content, separators=(",", ":"), sort_keys=True, default=sorted) + "\n"


def main() -> None:
    """Write the file."""
    write_atomically(Path(str(grammar_folder().joinpath(TABLES))), tables_text())


if __name__ == "__main__":
    main()
