"""``observe``, ``law`` and ``penalty``."""

from __future__ import annotations

from collections.abc import Sequence

from eqdsl.analysis.constants import ConstantReader
from eqdsl.analysis.expressions import ExpressionChecker
from eqdsl.analysis.written import written
from eqdsl.core.diagnostics import Diagnostic, Label, error
from eqdsl.core.source import Span
from eqdsl.model.model import Law, PenaltyTerm
from eqdsl.syntax import nodes


def read_observations(
    statements: Sequence[nodes.Statement],
    checker: ExpressionChecker,
    constants: ConstantReader,
    problems: list[Diagnostic],
) -> dict[str, float]:
    """Standard deviation of the noise by channel; observations of other things are refused."""
    noise: dict[str, float] = {}
    seen: dict[str, Span] = {}
    states = {n: s for n, s in checker.symbols.states.items() if s.time_order}
    solved = {n: s for n, s in checker.symbols.states.items() if not s.time_order}
    for statement in statements:
        if not isinstance(statement, nodes.Observe):
            continue
        state = states.get(statement.name)
        plain = statement.value is None or (
            isinstance(statement.value, nodes.Name) and statement.value.name == statement.name
        )
        if statement.name in solved and plain:
            problems.append(
                error(
                    "E0918",
                    f"observing `{statement.name}`, which is solved for, is not built yet",
                    statement.span,
                    "not built yet",
                    second=Label(solved[statement.name].span, f"its equation is `0 = … for {statement.name}`"),
                    help=f"leave out this statement: `{statement.name}` is not read from the data",
                )
            )
            continue
        if state is None or not plain:
            problems.append(
                error(
                    "E0918",
                    "observing anything but a state under its own name is not built yet",
                    statement.span,
                    "not built yet",
                    help=f"write one of {_listed(list(states), 'observe ')}, and rename datasets with `--map`",
                )
            )
            continue
        if statement.name in seen:
            problems.append(
                error(
                    "E0509",
                    f"`observe {statement.name}` is written twice",
                    statement.span,
                    "again",
                    second=Label(seen[statement.name], "first"),
                    help="keep one",
                )
            )
        seen[statement.name] = statement.span
        if statement.noise_fitted:
            problems.append(
                error(
                    "E0917",
                    "`noise fit` is not built yet",
                    statement.span,
                    "not built yet",
                    help=f"give a number: `observe {statement.name} noise 0.1`",
                )
            )
        elif statement.noise is not None:
            value = constants.number(statement.noise, "the noise")
            if value is not None and value <= 0:
                problems.append(
                    error(
                        "E0514",
                        "the noise must be positive",
                        statement.noise.span,
                        "not positive",
                        help=f"write `observe {statement.name} noise 0.1`, or leave it out",
                    )
                )
            elif value is not None:
                noise.update(dict.fromkeys(state.channels(checker.space.names), value))
    problems += [
        error(
            "E0621",
            f"`{n}` is hidden and observed",
            seen[n],
            "observed",
            second=Label(states[n].span, "hidden"),
            help=f"leave out `observe {n}`, or declare `state {n}`",
        )
        for n in states
        if n in seen and states[n].hidden
    ]
    missing = [n for n in states if n not in seen and not states[n].hidden]
    if seen and missing:
        problems.append(
            error(
                "E0905",
                f"`{missing[0]}` is not observed, but not declared hidden",
                states[missing[0]].span,
                "not observed",
                second=Label(next(iter(seen.values())), "with one `observe`, all must be listed"),
                help=f"add `observe {missing[0]}`, or write `hidden state {missing[0]}`",
            )
        )
    return noise


def _listed(names: list[str], prefix: str) -> str:
    return ", ".join(f"`{prefix}{n}`" for n in names) or f"`{prefix}u`"


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
