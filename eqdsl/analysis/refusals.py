"""Statements that parse but have no meaning yet."""

from __future__ import annotations

from collections.abc import Sequence

from eqdsl.core.codes.not_built import STATEMENTS_NOT_BUILT
from eqdsl.core.diagnostics import Diagnostic, error
from eqdsl.syntax import nodes


def refuse(statements: Sequence[nodes.Statement], problems: list[Diagnostic]) -> None:
    """Name every statement that is not built yet: nothing is silently ignored."""
    for statement in statements:
        entry = STATEMENTS_NOT_BUILT.get(type(statement).__name__)
        if entry is not None:
            code, words, help = entry
            problems.append(error(code, f"{words} is not built yet", statement.span, "not built yet", help=help))
