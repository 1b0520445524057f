"""``history(u, 4)``: the last frames of a state, as inputs of a learned term."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from eqdsl.analysis.symbols import StateInfo
from eqdsl.core.diagnostics import Diagnostic, Label, error
from eqdsl.model.expr import PastRef
from eqdsl.operators.base import Rejection, Value
from eqdsl.syntax import nodes

if TYPE_CHECKING:
    from eqdsl.analysis.expressions import ExpressionChecker

HISTORY = "history"
MOST_FRAMES = 64
USAGE = "history(u, 4)"


def seen_by(
    written: Sequence[nodes.Expression], checker: ExpressionChecker
) -> list[tuple[Value | None, nodes.Expression]]:
    """The values that a learned term sees, each with what was written; a history is one value for each frame."""
    seen: list[tuple[Value | None, nodes.Expression]] = []
    for node in written:
        if isinstance(node, nodes.Call) and node.name == HISTORY:
            try:
                seen += [(value, node) for value in _frames(node, checker)]
            except Rejection as rejection:
                checker.problems.append(rejection.diagnostic)
                seen.append((None, node))
        else:
            seen.append((checker.value(node), node))
    return seen


def misplaced(node: nodes.Call) -> Diagnostic:
    """What to say of a history outside the inputs of a learned term."""
    return error(
        "E0622",
        "`history` is an input of a learned term, not a value",
        node.span,
        "not such an input",
        help=f"write `learned f({USAGE}) by mlp(64, 64)` and use `f`",
    )


def _frames(node: nodes.Call, checker: ExpressionChecker) -> list[Value]:
    """One value for each frame, the oldest first."""
    state, frames = _state(node, checker), _count(node)
    names = state.channels(checker.space.names)
    return [Value(tuple(PastRef(n, back) for n in names), state.vector) for back in reversed(range(frames))]


def _state(node: nodes.Call, checker: ExpressionChecker) -> StateInfo:
    if len(node.arguments) != 2 or node.keywords:
        raise Rejection(
            error(
                "E0401",
                f"`history` takes 2 arguments, {len(node.arguments) or 'none'} given",
                node.span,
                "a state and a number of frames",
                help=f"write `{USAGE}`",
            )
        )
    first = node.arguments[0]
    name = first.name if isinstance(first, nodes.Name) else None
    symbol = checker.scope.find(name) if name is not None else None
    state = checker.symbols.states.get(name) if name is not None else None
    if state is None:
        near = checker.scope.nearest(name) if name is not None and symbol is None else None
        raise Rejection(
            error(
                "E0623",
                "`history` takes a state, whose past frames the data hold",
                first.span,
                "not a state",
                help=near or f"write `{USAGE}` with the name of a state",
            )
        )
    if state.hidden or not state.time_order:
        why = "is hidden" if state.hidden else "is solved for"
        raise Rejection(
            error(
                "E0624",
                f"`{state.name}` {why}: the data hold no past frames of it",
                first.span,
                "not in the data",
                second=Label(state.span, "hidden" if state.hidden else f"its equation is `0 = … for {state.name}`"),
                help="take the history of a state that is observed",
            )
        )
    return state


def _count(node: nodes.Call) -> int:
    second = node.arguments[1]
    if not isinstance(second, nodes.Number) or second.value not in range(1, MOST_FRAMES + 1):
        raise Rejection(
            error(
                "E0623",
                f"a history has a whole number of frames, from 1 to {MOST_FRAMES}",
                second.span,
                "not such a number",
                help=f"write `{USAGE}`",
            )
        )
    return int(second.value)
