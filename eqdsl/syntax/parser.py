"""The parser: text to syntax tree, with every error in one pass.

text -> chunks (splitting) -> tokens (scanning) -> screened (screening) -> LALR parse, nodes built on the way
                                                             |                  |
                                                        E01xx, E0204      mistakes/table
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from threading import Lock

from lark import Lark, TextSlice
from lark import Token as LarkToken
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from eqdsl.core import limits
from eqdsl.core.diagnostics import Diagnostic, Label, error
from eqdsl.core.source import SourceText, Span
from eqdsl.syntax import nodes
from eqdsl.syntax.characters import FORBIDDEN
from eqdsl.syntax.grammar import build_parser
from eqdsl.syntax.mistakes.base import Failure, begins_statement
from eqdsl.syntax.mistakes.first_word import misspelled_start, unknown_statement
from eqdsl.syntax.mistakes.table import explain
from eqdsl.syntax.scanning import COMMENT, Token, scan
from eqdsl.syntax.screening import look_alikes, screen_size, screen_statement, screen_text
from eqdsl.syntax.splitting import Chunk, split
from eqdsl.syntax.statements import StatementBuilder
from eqdsl.syntax.walk import walk


def parse(source: SourceText) -> tuple[nodes.SyntaxTree, tuple[Diagnostic, ...]]:
    """Reads every statement that can be read.

    Parameters
    ----------
    source : SourceText
        Any text at all.

    Returns
    -------
    SyntaxTree
        The statements without errors, in the order of the text.
    tuple of Diagnostic
        One or more for each statement that could not be read, and warnings. Never an exception: hostile text is
        answered within the bounds of `eqdsl.core.limits`.
    """
    too_large = screen_size(source)
    if too_large is not None:
        return nodes.SyntaxTree(()), (too_large,)
    run = _Run(source)
    run.problems.extend(screen_text(source))
    with _lock:
        run.read_all()
    return nodes.SyntaxTree(tuple(run.statements)), tuple(run.problems)


def lexed(source: SourceText, chunk: Chunk) -> list[LarkToken]:
    """The tokens of a statement that can be parsed, with the types the grammar gives them."""
    lark, _builder = _parser()
    with _lock:
        return list(lark.parse_interactive(TextSlice(source.text, chunk.start, chunk.end)).exhaust_lexer())


_lock = Lock()
"""The builder holds the statement being read, and there is one for all threads."""


@cache
def _parser() -> tuple[Lark, StatementBuilder]:
    """Lark and the builder it calls, made once per process."""
    builder = StatementBuilder()
    return build_parser(builder), builder


class _Run:
    """One reading of one text."""

    def __init__(self, source: SourceText) -> None:
        self.source = source
        self.statements: list[nodes.Statement] = []
        self.problems: list[Diagnostic] = []
        self._warned: set[str] = set()
        self._tokens = 0
        self._unfinished = False

    def read_all(self) -> None:
        """Statement by statement, until the text or the patience ends."""
        chunks = 0
        for chunk in split(self.source.text):
            chunks += 1
            tokens = self._scan(chunk)
            if len(self.problems) >= limits.MAX_ERRORS:
                self._stop("E0109", f"more than {limits.MAX_ERRORS} problems", tokens[0].span)
                return
            if self._tokens > limits.MAX_TOKENS:
                self._stop("E0108", f"more than {limits.MAX_TOKENS} words and signs in one file", tokens[0].span)
                return
            self._read(chunk, tokens)
        if not chunks and not self.problems:
            help_text = "begin with `model name`, a `state` and its equation `dt(...) = ...`; see `eqdsl new`"
            self.problems.append(error("E0110", "the file holds no statement", Span(0, 0), help=help_text))

    def _stop(self, code: str, message: str, span: Span) -> None:
        help_text = "nothing below this line was read"
        self.problems.append(error(code, message, span, help=help_text))

    def _scan(self, chunk: Chunk) -> list[Token]:
        """The chunk's tokens without comments; of an endless statement, enough to see that it is one."""
        tokens: list[Token] = []
        for token in scan(self.source.text, chunk.start, chunk.end):
            if token.kind != COMMENT:
                tokens.append(token)
            if len(tokens) > limits.MAX_STATEMENT_TOKENS:
                break
        self._tokens += len(tokens)
        return tokens

    def _read(self, chunk: Chunk, tokens: Sequence[Token]) -> None:
        self.problems.extend(look_alikes(tokens, self._warned))
        found = screen_statement(tokens)
        if found or any(FORBIDDEN.match(token.text) for token in tokens):
            self.problems.extend(found)
        elif self._starts_well(chunk, tokens):
            self.problems.extend(self._parsed(chunk, tokens))

    def _starts_well(self, chunk: Chunk, tokens: Sequence[Token]) -> bool:
        """Whether a statement begins here; if not, says why (or where the line belongs)."""
        if chunk.indented:
            help_text = "start the statement in column 1; an indented line continues the statement above"
            self.problems.append(error("E0207", "the first line is indented", tokens[0].span, help=help_text))
            return False
        unfinished, self._unfinished = self._unfinished, False
        if begins_statement(tokens):
            return True
        slip = misspelled_start(tokens)
        if slip is None and unfinished:
            label = Label(tokens[0].span, "starts in column 1, so it is a new statement")
            help_text = "indent the second line if it continues the first"
            self.problems[-1] = replace(self.problems[-1], second=label, help=help_text)
        else:
            self.problems.append(slip or unknown_statement(tokens))
        return False

    def _parsed(self, chunk: Chunk, tokens: Sequence[Token]) -> Iterator[Diagnostic]:
        """Parses one statement and keeps it, or yields what is wrong with it."""
        lark, builder = _parser()
        builder.extent = Span(tokens[0].start, tokens[-1].end)
        builder.problems.clear()
        interactive = lark.parse_interactive(TextSlice(self.source.text, chunk.start, chunk.end))
        try:
            interactive.exhaust_lexer()
            statement: nodes.Statement = interactive.feed_eof()  # type: ignore[no-untyped-call]
        except UnexpectedInput as failure:
            expected = frozenset(interactive.accepts())  # type: ignore[no-untyped-call]
            index = _failing(tokens, failure)
            self._unfinished = index == len(tokens)
            yield explain(Failure(self.source, tokens, index, expected))
            return
        problems = builder.problems or (_oversized(statement) if len(tokens) > limits.MAX_DEPTH else [])
        if problems:
            yield from problems
        else:
            self.statements.append(statement)


def _failing(tokens: Sequence[Token], failure: UnexpectedInput) -> int:
    """Index of the token at which Lark stopped; their number for the end of the statement."""
    if isinstance(failure, UnexpectedToken):
        position = tokens[-1].end if failure.token.type == "$END" else failure.token.start_pos
    else:
        assert isinstance(failure, UnexpectedCharacters)
        position = failure.pos_in_stream
    assert position is not None
    return next((index for index, token in enumerate(tokens) if token.end > position), len(tokens))


def _oversized(statement: nodes.Statement) -> list[Diagnostic]:
    """A tree too large or too deep for the stages that recurse over it."""
    for count, (node, depth) in enumerate(walk(statement)):
        if count > limits.MAX_EXPRESSION_NODES:
            message = f"this statement has more than {limits.MAX_EXPRESSION_NODES} operands and operators"
            return [error("E0108", message, statement.span, help="give parts of it names with `let`")]
        if depth > limits.MAX_DEPTH:
            message = f"this expression is nested more than {limits.MAX_DEPTH} deep"
            help_text = "give parts of it names with `let`; a sum of n terms is n deep"
            return [error("E0107", message, node.span, help=help_text)]
    return []
