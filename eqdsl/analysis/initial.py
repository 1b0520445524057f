"""Initial values: a formula, the first frame of the data, fitted, or encoded from past frames."""

from __future__ import annotations

from collections.abc import Sequence

from eqdsl.analysis.constants import ConstantReader, contains
from eqdsl.analysis.expressions import ExpressionChecker
from eqdsl.analysis.hidden import ENCODER, encoder_missing, not_started, sees_present
from eqdsl.analysis.scope import Kind
from eqdsl.analysis.symbols import StateInfo
from eqdsl.core.diagnostics import Diagnostic, Label, error
from eqdsl.core.source import Span
from eqdsl.model.arithmetic import ZERO, is_number
from eqdsl.model.expr import Const, Expr
from eqdsl.model.model import INF, Channel, Field, InitialValue
from eqdsl.model.text import number_text
from eqdsl.syntax import nodes


def read_initial(
    statements: Sequence[nodes.Statement],
    fields: Sequence[Field],
    channels: Sequence[Channel],
    checker: ExpressionChecker,
    constants: ConstantReader,
    problems: list[Diagnostic],
) -> tuple[InitialValue, ...]:
    """One initial value per channel, defaults included."""
    ranges = {s.name: s.bounds for state in statements if isinstance(state, nodes.State) for s in state.symbols}
    bounds = {f.name: (f.lower, f.upper) for f in fields}
    given: dict[str, InitialValue] = {}
    first: dict[tuple[str, int], Span] = {}
    for statement in statements:
        if not isinstance(statement, nodes.Init):
            continue
        state = _state(statement, checker, problems)
        if state is None:
            continue
        key = (statement.state, statement.order)
        if key in first:
            problems.append(
                error(
                    "E0610",
                    f"`{_target(statement)}` has two initial values",
                    statement.span,
                    "second",
                    second=Label(first[key], "first"),
                    help="keep one",
                )
            )
            continue
        first[key] = statement.span
        for value in _values(statement, state, checker, constants, problems):
            given[value.channel] = value
            interval = ranges.get(statement.state)
            if interval is not None and statement.order == 0 and statement.value is not None:
                _within(value.expr, interval, bounds[statement.state], statement.value, problems)
    values = tuple(given.get(c.name) or _default(c, given) for c in channels)
    wrong = {state for state, _ in first} - {c.field for c in channels if c.name in given}
    problems += not_started(channels, values, checker, said=set(given), told=wrong)
    return values


def _within(
    expr: Expr | None,
    interval: nodes.Interval,
    bounds: tuple[float, float],
    node: nodes.Expression,
    problems: list[Diagnostic],
    of: str = "of its state",
) -> None:
    """Check a number against the range of its state, or of its fit."""
    if isinstance(expr, Const) and not contains(interval, bounds, expr.value):
        problems.append(
            error(
                "E0613",
                f"the initial value {number_text(expr.value)} lies outside the range {of}",
                node.span,
                "outside",
                second=Label(interval.span, "range"),
                help="start inside the range, or widen it",
            )
        )


def _target(statement: nodes.Init) -> str:
    return f"d{'t' * statement.order}({statement.state})" if statement.order else statement.state


def _default(channel: Channel, given: dict[str, InitialValue]) -> InitialValue:
    """The first frame; a velocity is fitted, or 0 when the value itself comes from a formula."""
    if not channel.velocity:
        return InitialValue(channel.name, "data")
    value = given.get(value_channel(channel))
    if value is not None and value.kind == "expression":
        return InitialValue(channel.name, "expression", ZERO)
    return InitialValue(channel.name, "fit")


def value_channel(channel: Channel) -> str:
    """The channel whose rate of change a velocity is: ``w`` for ``dt(w)``."""
    return channel.name.replace("dt(", "", 1).replace(")", "", 1)


def _state(statement: nodes.Init, checker: ExpressionChecker, problems: list[Diagnostic]) -> StateInfo | None:
    symbol = checker.scope.find(statement.state)
    if symbol is None or symbol.kind is not Kind.STATE:
        code = "E0301" if symbol is None else "E0503"
        what = "is not declared" if symbol is None else f"is {symbol.kind.phrase}, only a state has an initial value"
        moving = next((s.name for s in checker.symbols.states.values() if s.time_order == 2), None)
        help = (checker.scope.nearest(statement.state) if symbol is None else None) or "write the name of a state"
        help += f", or `init dt({moving}) = …` for a velocity" if moving else ""
        problems.append(error(code, f"`{statement.state}` {what}", statement.state_span, "not a state", help=help))
        return None
    state = checker.symbols.states.get(statement.state)
    if state is not None and not state.time_order:
        problems.append(
            error(
                "E0611",
                f"`{state.name}` has no initial value: its equation gives it at every time",
                statement.span,
                "solved for",
                second=Label(state.span, f"its equation is `0 = … for {state.name}`"),
                help=f"leave out `init {state.name}`",
            )
        )
        return None
    if state is not None and statement.order >= state.time_order:
        problems.append(
            error(
                "E0611",
                f"`{_target(statement)}` has no initial value: it follows from the equation",
                statement.span,
                "not a state variable",
                second=Label(state.span, f"of order {state.time_order} in time"),
                help=f"write `init {state.name} = …`",
            )
        )
        return None
    return state


def _values(
    statement: nodes.Init,
    state: StateInfo,
    checker: ExpressionChecker,
    constants: ConstantReader,
    problems: list[Diagnostic],
) -> list[InitialValue]:
    names = state.channels(checker.space.names, velocity=statement.order == 1)
    if statement.kind == "data":
        return [InitialValue(n, "data") for n in names]
    if statement.kind == "fit":
        return _fitted(statement, names, constants, problems)
    assert statement.value is not None
    if statement.kind == "encode" and checker.scope.symbols.get(ENCODER) is None:
        problems.append(encoder_missing(statement))
        return []
    return _formula(statement, statement.value, state, names, checker, problems)


def _fitted(
    statement: nodes.Init, names: tuple[str, ...], constants: ConstantReader, problems: list[Diagnostic]
) -> list[InitialValue]:
    """``init u = fit 0.5 in [0, 1]``: where the fit starts, and the ends of its range."""
    what = f"the range of `init {_target(statement)}`"
    bounds = constants.interval(statement.bounds, what) if statement.bounds is not None else None
    value = constants.number(statement.value, "where the fit starts") if statement.value is not None else None
    lower, upper = bounds or (-INF, INF)
    if value is not None and statement.bounds is not None and statement.value is not None:
        _within(Const(value), statement.bounds, (lower, upper), statement.value, problems, "of its fit")
    start = None if value is None else Const(value)
    return [InitialValue(n, "fit", start, lower, upper) for n in names]


def _formula(
    statement: nodes.Init,
    node: nodes.Expression,
    state: StateInfo,
    names: tuple[str, ...],
    checker: ExpressionChecker,
    problems: list[Diagnostic],
) -> list[InitialValue]:
    value = checker.value(node)
    if value is None:
        return []
    facts = [checker.space.facts.of(c) for c in value.components]
    learned = frozenset[str]().union(*(f.learned for f in facts))
    wrong = next((n for f in facts for n in sorted(f.channels)), None)
    if learned and (wrong is not None or not any(f.past for f in facts)):
        problems.append(sees_present(node, min(learned), wrong))
        return []
    if wrong is not None:
        problems.append(
            error(
                "E0612",
                f"an initial value depends on `{wrong}`, which is not known yet at the start",
                node.span,
                "not known at the start",
                help="use numbers, parameters and positions only",
            )
        )
        return []
    if state.vector and not value.vector and is_number(value.scalar, 0.0):
        return [InitialValue(n, "expression", ZERO) for n in names]
    if value.vector != state.vector:
        mine = "vector" if state.vector else "scalar"
        problems.append(
            error(
                "E0504",
                f"`{state.name}` is a {mine}, this initial value is a {value.rank}",
                node.span,
                value.rank,
                second=Label(state.span, mine),
                help="write `(a, b)` for a vector, one component per axis",
            )
        )
        return []
    if not state.axes and any(f.axes for f in facts):
        problems.append(
            error(
                "E0505",
                f"`{state.name}` is one number, this initial value varies in space",
                node.span,
                "varies in space",
                second=Label(state.span, "one number"),
                help="use numbers and parameters only",
            )
        )
        return []
    kind = "encode" if learned else "expression"
    return [InitialValue(n, kind, c) for n, c in zip(names, value.components, strict=True)]
