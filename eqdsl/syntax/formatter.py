"""Canonical layout: one statement per line, single spaces, `dt(u)` for every spelling of a rate, comments kept.

The formatter moves tokens and never rewrites an expression: parentheses and numbers stay as they were written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lark import Token

from eqdsl.core.diagnostics import has_errors
from eqdsl.core.errors import ModelError
from eqdsl.core.source import SourceText
from eqdsl.syntax.expressions import leibniz_parts
from eqdsl.syntax.parser import lexed, parse
from eqdsl.syntax.scanning import COMMENT, scan
from eqdsl.syntax.splitting import split

MAX_COLUMNS = 100
INDENT = "    "

_TIGHT = frozenset({"STAR", "SLASH", "POWER", "DOT"})
_OPENERS = frozenset({"LPAR", "LSQB"})
_CLOSERS = frozenset({"RPAR", "RSQB"})
_NO_SPACE_BEFORE = _TIGHT | _CLOSERS | {"COMMA", "COLON"}
_NO_SPACE_AFTER = _TIGHT | _OPENERS
_OPERAND_ENDS = frozenset({"NAME", "NUMBER", "RPAR", "RSQB", "PARTIAL", "STRING"})


@dataclass(frozen=True, slots=True)
class _Item:
    """A statement or a comment between statements, laid out, and the range of the text it stood in."""

    start: int
    end: int
    text: str


def format_source(source: SourceText) -> str:
    """The text in canonical layout, ending in a line end.

    Formatting twice changes nothing more, and the formatted text has the same syntax tree.

    Raises
    ------
    ModelError
        If the text does not parse.
    """
    _tree, problems = parse(source)
    if has_errors(problems):
        raise ModelError(source, problems)
    lines: list[str] = []
    end: int | None = None
    for item in _items(source):
        if end is not None and source.text.count("\n", end, item.start) > 1:
            lines.append("")
        lines.append(item.text)
        end = item.end
    return "\n".join(lines) + "\n"


def _items(source: SourceText) -> Iterator[_Item]:
    """Statements and the comments between them, in the order of the text."""
    chunks = list(split(source.text))
    first = chunks[0].start if chunks else len(source.text)
    yield from _comments(source, 0, first)
    for chunk in chunks:
        tokens = lexed(source, chunk)
        end = tokens[-1].end_pos
        assert end is not None
        newline = source.text.find("\n", end, chunk.end)
        line_end = chunk.end if newline < 0 else newline
        trailing = source.text[end:line_end].strip()
        inner = list(_comments(source, chunk.start, end))
        text = _layout(source, tokens, inner)
        yield _Item(chunk.start, line_end, f"{text} {trailing}" if trailing else text)
        yield from _comments(source, line_end, chunk.end)


def _comments(source: SourceText, start: int, end: int) -> Iterator[_Item]:
    for token in scan(source.text, start, end):
        if token.kind == COMMENT:
            yield _Item(token.start, token.end, token.text.rstrip())


# ---------------------------------------------------------------------------------------------------- one statement


@dataclass(frozen=True, slots=True)
class _Piece:
    """A token with the space before it; `breaks` where a long line may be cut in front of it, `clause` where first."""

    text: str
    space: bool
    breaks: bool
    clause: bool
    start: int


def _layout(source: SourceText, tokens: Sequence[Token], comments: Sequence[_Item]) -> str:
    """One line if it fits and holds no comments, else indented continuation lines."""
    pieces = _pieces(tokens)
    if comments:
        return _with_comments(source, pieces, comments)
    line = _joined(pieces)
    if len(line) <= MAX_COLUMNS:
        return line
    clause = next((i for i, piece in enumerate(pieces) if piece.clause), None)
    if clause is None:
        return "\n".join(_filled(pieces))
    rest = [INDENT + row.removeprefix(INDENT) for row in _filled(pieces[clause:], len(INDENT))]
    return "\n".join([*_filled(pieces[:clause]), *rest])


def _pieces(tokens: Sequence[Token]) -> list[_Piece]:
    pieces: list[_Piece] = []
    depth = 0
    unary_before = False
    before: Token | None = None
    for token in tokens:
        sign = token.type in ("PLUS", "MINUS")
        unary = sign and (before is None or before.type not in _OPERAND_ENDS)
        space = before is not None and not unary_before and _spaced(before, token)
        depth -= token.type in _CLOSERS
        after_comma = before is not None and before.type == "COMMA"
        breaks = depth == 0 and ((sign and not unary) or after_comma or token.type in ("BY", "WITH", "AT"))
        assert token.start_pos is not None
        pieces.append(_Piece(_spelled(token), space, breaks, token.type == "WITH", token.start_pos))
        depth += token.type in _OPENERS
        before, unary_before = token, unary
    return pieces


def _spaced(before: Token, token: Token) -> bool:
    """Whether a space stands between two tokens."""
    if before.type in _NO_SPACE_AFTER or token.type in _NO_SPACE_BEFORE:
        return False
    if token.type == "LPAR":
        return before.type not in ("NAME", "DT")
    return True


def _spelled(token: Token) -> str:
    if token.type in ("LEIBNIZ", "PARTIAL"):
        order, name, _bottom = leibniz_parts(token)
        return f"d{'t' * order}({name})"
    return "^" if token == "**" else str(token)


def _joined(pieces: Sequence[_Piece]) -> str:
    return "".join(" " * (piece.space and index > 0) + piece.text for index, piece in enumerate(pieces))


def _filled(pieces: Sequence[_Piece], indent: int = 0) -> list[str]:
    """Lines as long as fit, cut at sums and commas outside parentheses."""
    segments: list[list[_Piece]] = [[]]
    for piece in pieces:
        if piece.breaks and segments[-1]:
            segments.append([])
        segments[-1].append(piece)
    rows = [_joined(segments[0])]
    for segment in segments[1:]:
        text = _joined(segment)
        room = MAX_COLUMNS - (indent if len(rows) == 1 else 0)
        if len(rows[-1]) + 1 + len(text) <= room:
            rows[-1] += " " * segment[0].space + text
        else:
            rows.append(INDENT + text)
    return rows


def _with_comments(source: SourceText, pieces: Sequence[_Piece], comments: Sequence[_Item]) -> str:
    """Comments inside a statement end their line; the statement goes on below, indented."""
    rows: list[str] = []
    line: list[_Piece] = []
    waiting = list(comments)
    for piece in pieces:
        while waiting and waiting[0].start < piece.start:
            comment = waiting.pop(0)
            line_start = source.text.rfind("\n", 0, comment.start) + 1
            if line and source.text[line_start : comment.start].strip():
                rows.append(f"{_joined(line)} {comment.text}")
            else:
                rows.extend([_joined(line)] if line else [])
                rows.append(comment.text)
            line = []
        line.append(piece)
    rows.append(_joined(line))
    return ("\n" + INDENT).join(rows)
