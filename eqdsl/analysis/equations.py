"""``dt(u) = …`` and ``dtt(u) = …``: one per state, taken apart into named terms. ``0 = … for p`` is `solved.py`'s."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eqdsl.analysis.combining import by_component, verify_same_ranks
from eqdsl.analysis.expressions import ExpressionChecker
from eqdsl.analysis.scope import Kind
from eqdsl.analysis.symbols import StateInfo
from eqdsl.analysis.walk import left_spine
from eqdsl.analysis.written import written
from eqdsl.core.diagnostics import Diagnostic, Label, error
from eqdsl.core.source import Span
from eqdsl.model.arithmetic import is_number, negate
from eqdsl.model.expr import Expr, LearnedCall
from eqdsl.model.model import Equation, Term
from eqdsl.model.text import expr_text
from eqdsl.operators.base import Argument, Rejection, Value
from eqdsl.syntax import nodes

Stated = nodes.Evolution | nodes.Elliptic
"""An equation of a state."""


@dataclass(frozen=True, slots=True)
class Addend:
    """One addend as written, with the sign it has in the whole."""

    node: nodes.Expression
    negative: bool


def read_equations(
    statements: Sequence[nodes.Statement], checker: ExpressionChecker, problems: list[Diagnostic]
) -> tuple[Equation, ...]:
    """The equations in time, in the order of the states; missing and doubled ones of any kind go to `problems`."""
    first: dict[str, Stated] = {}
    equations: dict[str, tuple[Equation, ...]] = {}
    for statement in statements:
        if not isinstance(statement, nodes.Evolution | nodes.Elliptic) or not _fits(statement, checker, problems):
            continue
        if statement.state in first:
            both = {type(statement), type(first[statement.state])} == {nodes.Evolution, nodes.Elliptic}
            problems.append(
                error(
                    "E0502",
                    f"the state `{statement.state}` has two equations",
                    _left_side(statement, checker),
                    "second",
                    second=Label(_left_side(first[statement.state], checker), "first"),
                    help="a state either evolves or is solved for: keep one"
                    if both
                    else "add the terms up in one equation",
                )
            )
            continue
        first[statement.state] = statement
        if isinstance(statement, nodes.Evolution):
            equations[statement.state] = _equation(statement, checker, problems)
    mentioned = {s.state for s in statements if isinstance(s, Stated)}
    for name, state in checker.symbols.states.items():
        if name not in mentioned:
            problems.append(
                error(
                    "E0501",
                    f"the state `{name}` has no equation",
                    state.span,
                    "never evolved",
                    help=f"write `dt({name}) = …`, or `param {name} = fit` if it does not change in time",
                )
            )
    return tuple(e for name in checker.symbols.states for e in equations.get(name, ()))


def _fits(statement: Stated, checker: ExpressionChecker, problems: list[Diagnostic]) -> bool:
    """Whether an equation is about a state: its rate, its second derivative, or itself."""
    symbol = checker.scope.find(statement.state)
    if symbol is None:
        near = checker.scope.nearest(statement.state)
        problems.append(
            error(
                "E0301",
                f"`{statement.state}` is not declared",
                statement.state_span,
                "unknown name",
                help=near or f"declare it: `state {statement.state}`",
            )
        )
        return False
    if symbol.kind is not Kind.STATE:
        if symbol.name in checker.scope.doubled:
            return False
        problems.append(
            error(
                "E0503",
                f"`{statement.state}` is {symbol.kind.phrase}, only a state has an equation",
                statement.state_span,
                symbol.kind.value,
                second=Label(symbol.span, "declared here") if symbol.span.end else None,
                help=f"declare `state {statement.state}`",
            )
        )
        return False
    if isinstance(statement, nodes.Evolution) and statement.order > 2:
        problems.append(
            error(
                "E0506",
                f"an equation of order {statement.order} in time is not accepted",
                _left_side(statement, checker),
                "order 1 or 2 only",
                help=f"declare a state for the lower derivative, `dtt({statement.state}) = a`, and write `dt(a) = …`",
            )
        )
        return False
    return statement.state in checker.symbols.states


def _left_side(statement: Stated, checker: ExpressionChecker) -> Span:
    """``dt(u)`` in front of the equals sign; the whole of ``0 = … for p``."""
    if isinstance(statement, nodes.Elliptic):
        return statement.span
    left = checker.source.slice(statement.span).partition("=")[0].rstrip()
    return Span(statement.span.start, statement.span.start + len(left))


def _equation(
    statement: nodes.Evolution, checker: ExpressionChecker, problems: list[Diagnostic]
) -> tuple[Equation, ...]:
    """One equation per component of the state."""
    state = checker.symbols.states[statement.state]
    addends = list(_addends(statement.value))
    values = [checker.value(a.node) for a in addends]
    known = [(a, _widened(v, state, checker)) for a, v in zip(addends, values, strict=True) if v is not None]
    if not _ranks_fit(statement, state, known, checker.space.names, problems) or len(known) < len(addends):
        return ()
    if not state.axes and not _uniform(statement, known, checker, problems):
        return ()
    names = checker.space.names
    text = written(checker.source, statement.span)
    channels = state.channels(names, velocity=state.time_order == 2)
    return tuple(
        Equation(channel, _terms(known, i, checker), text, statement.span) for i, channel in enumerate(channels)
    )


def _widened(value: Value, state: StateInfo, checker: ExpressionChecker) -> Value:
    """The number 0 fits a vector."""
    if state.vector and not value.vector and is_number(value.scalar, 0.0):
        return Value((value.scalar,) * len(checker.space.axes), vector=True)
    return value


def _addends(node: nodes.Expression, negative: bool = False) -> Iterator[Addend]:
    """Top-level addends, through ``+``, ``-``, signs and parentheses."""
    if isinstance(node, nodes.Unary):
        yield from _addends(node.operand, negative != (node.operator == "-"))
        return
    first, rest = left_spine(node, "+-")
    if not rest:
        yield Addend(node, negative)
        return
    yield from _addends(first, negative)
    for sign, part in rest:
        yield from _addends(part, negative != (sign == "-"))


def _ranks_fit(
    statement: nodes.Evolution,
    state: StateInfo,
    known: Sequence[tuple[Addend, Value]],
    axes: tuple[str, ...],
    problems: list[Diagnostic],
) -> bool:
    """Whether all addends agree with each other and with the state."""
    arguments = [Argument(v, a.node) for a, v in known]
    try:
        verify_same_ranks(arguments)
    except Rejection as rejection:
        problems.append(rejection.diagnostic)
        return False
    vector = bool(arguments) and arguments[0].value.vector
    if arguments and state.vector and not vector:
        problems.append(
            error(
                "E0504",
                f"`{state.name}` is a vector, the right-hand side is a scalar",
                statement.value.span,
                "scalar",
                second=Label(state.span, "vector"),
                help="write a vector, one component per axis: `(a, b)`",
            )
        )
        return False
    if vector and not state.vector:
        problems.append(
            error(
                "E0504",
                f"`{state.name}` is a scalar, the right-hand side is a vector",
                statement.value.span,
                "vector",
                second=Label(state.span, "scalar"),
                help=f"declare `vector state {state.name}`, or take a component or `div(…)`"
                if len(axes) != 1
                else f"write `d{axes[0]}(u)` for the slope along `{axes[0]}`, `lap(u)` for diffusion",
            )
        )
        return False
    return True


def _uniform(
    statement: nodes.Evolution,
    known: Sequence[tuple[Addend, Value]],
    checker: ExpressionChecker,
    problems: list[Diagnostic],
) -> bool:
    """Whether no addend of a plain variable's equation varies in space."""
    for addend, value in known:
        if any(checker.space.facts.of(c).axes for c in value.components):
            shown = written(checker.source, addend.node.span)
            axes = ", ".join(checker.space.names)
            problems.append(
                error(
                    "E0505",
                    f"`{statement.state}` is one number, but this part of its equation varies in space",
                    addend.node.span,
                    "varies in space",
                    second=Label(statement.state_span, "one number"),
                    help=f"write `mean({shown})` or `integral({shown})`, or declare `state {statement.state}({axes})`",
                )
            )
            return False
    return True


def _terms(known: Sequence[tuple[Addend, Value]], component: int, checker: ExpressionChecker) -> tuple[Term, ...]:
    """The named terms of one component."""
    terms: list[Term] = []
    taken: dict[str, int] = {}
    for addend, value in known:
        signed = by_component(value, negate) if addend.negative else value
        expr = signed.components[component]
        name = _term_name(addend, value.components[component], component if value.vector else None, checker)
        taken[name] = taken.get(name, 0) + 1
        if taken[name] > 1:
            name = f"{name} ({taken[name]})"
        learned = tuple(sorted(checker.space.facts.of(expr).learned))
        terms.append(Term(name, expr, learned, addend.node.span))
    return tuple(terms)


def _term_name(addend: Addend, expr: Expr, component: int | None, checker: ExpressionChecker) -> str:
    """``elastic``, ``Ru``, ``w.x``, else the text with its sign."""
    axis = None if component is None else checker.space.names[component]
    node = addend.node
    if isinstance(node, nodes.Name | nodes.Component) and _is_named(node, checker):
        text = written(checker.source, node.span)
        return text if axis is None else f"{text}.{axis}"
    if isinstance(node, nodes.Call) and isinstance(expr, LearnedCall) and _at_declared_inputs(node, expr, checker):
        return expr.name
    text = written(checker.source, node.span)
    if axis is not None:
        text = f"{text if isinstance(node, nodes.Call | nodes.Name | nodes.Tuple) else f'({text})'}.{axis}"
    return f"-{text}" if addend.negative else text


def _is_named(node: nodes.Name | nodes.Component, checker: ExpressionChecker) -> bool:
    """Whether a node is a ``known`` or learned name, or a component of one."""
    base = node.base if isinstance(node, nodes.Component) else node
    if not isinstance(base, nodes.Name):
        return False
    symbol = checker.scope.symbols.get(base.name)
    return symbol is not None and symbol.kind in (Kind.KNOWN, Kind.LET, Kind.LEARNED)


def _at_declared_inputs(node: nodes.Call, expr: LearnedCall, checker: ExpressionChecker) -> bool:
    declared = checker.symbols.learned[node.name].inputs
    return [expr_text(a) for a in expr.arguments] == [expr_text(a) for a in declared]
