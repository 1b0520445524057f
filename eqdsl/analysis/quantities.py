"""``law`` and ``penalty``."""

from __future__ import annotations

from collections.abc import Sequence

from eqdsl.analysis.expressions import ExpressionChecker
from eqdsl.analysis.written import written
from eqdsl.core.diagnostics import Diagnostic, Label, error
from eqdsl.core.source import Span
from eqdsl.model.model import Law, PenaltyTerm
from eqdsl.syntax import nodes


def read_laws(
    statements: Sequence[nodes.Statement], checker: ExpressionChecker, problems: list[Diagnostic]
) -> tuple[Law, ...]:
    """Laws: one number for the whole system each."""
    laws: list[Law] = []
    first: dict[str, Span] = {}
    for statement in statements:
        if not isinstance(statement, nodes.Law) or not _new(statement, first, problems):
            continue
        expr = checker.scalar(statement.value, "a law")
        if expr is None:
            continue
        text = written(checker.source, statement.value.span)
        if checker.space.facts.of(expr).axes:
            problems.append(
                error(
                    "E0514",
                    f"the law `{statement.name}` varies in space, it must be one number",
                    statement.value.span,
                    "varies in space",
                    help=f"write `law {statement.name} = integral({text}) {statement.trend}`",
                )
            )
            continue
        laws.append(Law(statement.name, expr, statement.trend, text))
    return tuple(laws)


def read_penalties(
    statements: Sequence[nodes.Statement], checker: ExpressionChecker, problems: list[Diagnostic]
) -> tuple[PenaltyTerm, ...]:
    """Extra costs, averaged over domain and time by the fit."""
    penalties: list[PenaltyTerm] = []
    first: dict[str, Span] = {}
    for statement in statements:
        if isinstance(statement, nodes.Penalty) and _new(statement, first, problems):
            expr = checker.scalar(statement.value, "a penalty")
            if expr is not None:
                penalties.append(PenaltyTerm(statement.name, expr, written(checker.source, statement.value.span)))
    return tuple(penalties)


def _new(statement: nodes.Law | nodes.Penalty, first: dict[str, Span], problems: list[Diagnostic]) -> bool:
    """Whether no other statement of the kind has the name."""
    if statement.name in first:
        problems.append(
            error(
                "E0302",
                f"`{statement.name}` is declared twice",
                statement.name_span,
                "again",
                second=Label(first[statement.name], "first"),
                help="rename one of the two",
            )
        )
        return False
    first[statement.name] = statement.name_span
    return True
