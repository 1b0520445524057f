"""The parser: text to syntax tree, with every error in one pass."""

from __future__ import annotations

from functools import cache

from lark import Lark, TextSlice
from lark.exceptions import UnexpectedInput

from eqdsl.core.diagnostics import Diagnostic, error
from eqdsl.core.source import SourceText, Span
from eqdsl.syntax import nodes
from eqdsl.syntax.grammar import build_parser
from eqdsl.syntax.scanning import COMMENT, scan
from eqdsl.syntax.splitting import split
from eqdsl.syntax.statements import StatementBuilder


@cache
def _parser() -> tuple[Lark, StatementBuilder]:
    builder = StatementBuilder()
    return build_parser(builder), builder


def parse(source: SourceText) -> tuple[nodes.SyntaxTree, tuple[Diagnostic, ...]]:
    """Every statement that can be read, and a diagnostic for each that cannot."""
    lark, builder = _parser()
    statements: list[nodes.Statement] = []
    problems: list[Diagnostic] = []
    for chunk in split(source.text):
        tokens = [token for token in scan(source.text, chunk.start, chunk.end) if token.kind != COMMENT]
        builder.extent = Span(tokens[0].start, tokens[-1].end)
        builder.problems.clear()
        interactive = lark.parse_interactive(TextSlice(source.text, chunk.start, chunk.end))
        try:
            interactive.exhaust_lexer()
            statement = interactive.feed_eof()
        except UnexpectedInput as failure:
            problems.append(error("E0200", "cannot read this statement", builder.extent, str(failure).split("\n")[0]))
        else:
            problems.extend(builder.problems)
            statements.append(statement)
    return nodes.SyntaxTree(tuple(statements)), tuple(problems)
