"""Calls inside expressions: operators, derivatives along named axes, learned terms, velocities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from eqdsl.analysis.past import HISTORY, misplaced, seen_by
from eqdsl.analysis.scope import Kind
from eqdsl.analysis.symbols import LearnedInfo, StateInfo
from eqdsl.analysis.unknown import always_zero, no_space, unknown_function
from eqdsl.boundary.linear import NORMAL
from eqdsl.core.codes.not_built import CALLS_NOT_BUILT
from eqdsl.core.diagnostics import Label, error
from eqdsl.model.expr import Apply, ChannelRef, Const, Diff, Expr, LearnedCall
from eqdsl.operators.axis_derivative import LARGEST_ORDER, along, axes_of
from eqdsl.operators.base import Argument, Operator, Rejection, Value, count_text, require_scalar
from eqdsl.operators.table import OPERATORS
from eqdsl.syntax import nodes

if TYPE_CHECKING:
    from eqdsl.analysis.expressions import ExpressionChecker

DERIVATIVES = ("lap", "grad", "biharm")
"""Operators that are 0 of what does not vary in space."""

COMPARISONS = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "!=": "ne"}


class CallChecker:
    """The part of `ExpressionChecker` that knows what a name in front of parentheses means.

    Attributes
    ----------
    normal_allowed : bool
        Whether ``dn(u)`` may stand here; it becomes a derivative along `NORMAL`.
    """

    def __init__(self, checker: ExpressionChecker) -> None:
        self._checker = checker
        self.normal_allowed = False

    def call(self, node: nodes.Call) -> Value | None:
        """The value of a call, or None after a message."""
        checker = self._checker
        symbol = checker.scope.symbols.get(node.name)
        if symbol is not None and symbol.kind is Kind.LEARNED:
            checker.scope.find(node.name)
            return self._learned(node)
        if node.keywords:
            raise Rejection(
                error(
                    "E0412",
                    f"`{node.name}` takes no named arguments",
                    node.keywords[0].span,
                    "named argument",
                    help="give the arguments by position",
                )
            )
        if node.name in CALLS_NOT_BUILT:
            code, instead = CALLS_NOT_BUILT[node.name]
            raise Rejection(error(code, f"`{node.name}(…)` is not built yet", node.span, "not built yet", help=instead))
        if node.name == HISTORY:
            raise Rejection(misplaced(node))
        if node.name == "dn":
            return self._normal(node)
        if node.name == "ifelse":
            return self._ifelse(node)
        if node.name == "d" and (symbol is None or len(node.arguments) == 3):
            return self._any_order(node)
        axes = axes_of(node.name, checker.space.names)
        if axes is not None:
            arguments = self._arguments(node, (1, 1), f"{node.name}(u)")
            if arguments is None:
                return None
            checker.problems.extend(always_zero(node, arguments[0], checker.space))
            return along(arguments[0], axes, checker.space)
        operator = OPERATORS.get(node.name)
        if operator is None:
            raise Rejection(unknown_function(node, checker.scope))
        return self._operator(operator, node)

    # ------------------------------------------------------------------------------------------- operators

    def _operator(self, operator: Operator, node: nodes.Call) -> Value | None:
        space = self._checker.space
        arguments = self._arguments(node, operator.arity, operator.usage)
        if operator.needs_space and not space.axes:
            raise Rejection(no_space(f"`{operator.name}`", node))
        if arguments is None:
            return None
        if operator.name in DERIVATIVES:
            self._checker.problems.extend(always_zero(node, arguments[0], space))
        return operator.expand(arguments, node.span, space)

    def _arguments(self, node: nodes.Call, arity: tuple[int, int | None], usage: str) -> list[Argument] | None:
        """The checked arguments, None when one of them was wrong."""
        low, high = arity
        given = len(node.arguments)
        if given < low or (high is not None and given > high):
            raise Rejection(
                error(
                    "E0401",
                    f"`{node.name}` takes {count_text(arity)}, {given or 'none'} given",
                    node.span,
                    f"{given} given",
                    help=f"write `{usage}`",
                )
            )
        checked = [(self._checker.check(a), a) for a in node.arguments]
        found = [Argument(value, a) for value, a in checked if value is not None]
        return found if len(found) == given else None

    def _any_order(self, node: nodes.Call) -> Value | None:
        """``d(u, x, 4)``."""
        usage = "d(u, x, 2)"
        if len(node.arguments) != 3:
            raise Rejection(
                error(
                    "E0401",
                    f"`d` takes 3 arguments, {len(node.arguments)} given",
                    node.span,
                    "expression, axis, order",
                    help=f"write `{usage}`",
                )
            )
        field, axis, order = node.arguments
        space = self._checker.space
        if not isinstance(axis, nodes.Name) or axis.name not in space.names:
            shown = ", ".join(f"`{a}`" for a in space.names) or "none: there is no `space` statement"
            raise Rejection(
                error(
                    "E0307",
                    "the second argument of `d` must be an axis",
                    axis.span,
                    "not an axis",
                    help=f"the axes are {shown}",
                )
            )
        self._checker.scope.find(axis.name)
        if not isinstance(order, nodes.Number) or order.value not in range(1, LARGEST_ORDER + 1):
            raise Rejection(
                error(
                    "E0408",
                    f"the order of a derivative is a whole number from 1 to {LARGEST_ORDER}",
                    order.span,
                    "not such a number",
                    help=f"write `{usage}`",
                )
            )
        value = self._checker.check(field)
        if value is None:
            return None
        return along(Argument(value, field), (axis.name,) * int(order.value), space)

    def _ifelse(self, node: nodes.Call) -> Value | None:
        usage = "ifelse(u > 0, a, b)"
        if len(node.arguments) != 3:
            raise Rejection(
                error(
                    "E0401",
                    f"`ifelse` takes 3 arguments, {len(node.arguments)} given",
                    node.span,
                    "condition, value, other value",
                    help=f"write `{usage}`",
                )
            )
        condition = node.arguments[0]
        if not isinstance(condition, nodes.Comparison) or condition.operator not in COMPARISONS:
            raise Rejection(
                error(
                    "E0411",
                    "the first argument of `ifelse` must be a comparison",
                    condition.span,
                    "no comparison",
                    help=f"write `{usage}`",
                )
            )
        parts = (condition.left, condition.right, *node.arguments[1:])
        values = [self._checker.check(p) for p in parts]
        checked = [
            require_scalar(Argument(v, p), "ifelse", "ifelse(w.x > 0, a, b)")
            for v, p in zip(values, parts, strict=True)
            if v is not None
        ]
        if len(checked) < len(parts):
            return None
        left, right, yes, no = checked
        return Value((Apply("ifelse", (Apply(COMPARISONS[condition.operator], (left, right)), yes, no)),))

    # ------------------------------------------------------------------------------------------- states

    def velocity(self, node: nodes.TimeDerivative) -> Value | None:
        """``dt(w)`` inside an expression: the velocity of a second-order state."""
        found = self._state_of(node.operand)
        if found is None:
            raise Rejection(
                error(
                    "E0507",
                    "`dt` inside an expression takes a state",
                    node.span,
                    "not a state",
                    help="write `dt(w)` for the velocity of a state `w` with an equation `dtt(w) = …`",
                )
            )
        state, component = found
        if not state.time_order:
            raise Rejection(
                error(
                    "E0507",
                    f"the rate of `{state.name}` is not known",
                    node.span,
                    "not a velocity",
                    second=Label(state.span, f"its equation is `0 = … for {state.name}`"),
                    note="a state that is solved for follows the others; its own rate is never computed",
                    help="write the equation without it",
                )
            )
        if node.order != 1 or state.time_order != 2:
            spelled = f"d{'t' * node.order}({state.name})"
            raise Rejection(
                error(
                    "E0507",
                    f"`{spelled}` is not a known quantity here",
                    node.span,
                    "not a velocity",
                    second=Label(state.span, f"its equation is `d{'t' * state.time_order}({state.name}) = …`"),
                    note="inside an expression only the velocity of a state with an equation `dtt(…) = …` is known",
                    help=f"name the right-hand side of `dt({state.name})` with `known` and use that name",
                )
            )
        names = state.channels(self._checker.space.names, velocity=True)
        chosen = names if component is None else (names[component],)
        return Value(tuple(ChannelRef(n) for n in chosen), state.vector and component is None)

    def _normal(self, node: nodes.Call) -> Value | None:
        """``dn(u)``, only where a boundary condition allows it."""
        if not self.normal_allowed:
            raise Rejection(
                error(
                    "E0408",
                    "`dn` is the derivative along the outward normal and stands only in `bc`",
                    node.span,
                    "not a boundary condition",
                    help="write `dx(u)` for a derivative along an axis",
                )
            )
        inner = self._derivative_inside(node)
        if inner is not None:
            value = self._checker.check(inner)
            return value and Value(tuple(Diff(c, NORMAL, 1) for c in value.components), value.vector)
        found = self._state_of(node.arguments[0]) if len(node.arguments) == 1 else None
        if found is None:
            raise Rejection(
                error(
                    "E0601",
                    "`dn` takes one state",
                    node.span,
                    "not a state",
                    help="write `dn(u)`, with factors outside: `k*dn(u)`",
                )
            )
        state, component = found
        names = state.channels(self._checker.space.names)
        chosen = names if component is None else (names[component],)
        return Value(tuple(Diff(ChannelRef(n), NORMAL, 1) for n in chosen), state.vector and component is None)

    def _derivative_inside(self, node: nodes.Call) -> nodes.Call | None:
        """The argument of ``dn(lap(u))``, ``dn(dxx(u))``."""
        inner = node.arguments[0] if len(node.arguments) == 1 else None
        if not isinstance(inner, nodes.Call):
            return None
        derives = inner.name in ("lap", "dn") or axes_of(inner.name, self._checker.space.names) is not None
        return inner if derives else None

    def _state_of(self, node: nodes.Expression) -> tuple[StateInfo, int | None] | None:
        """The state, and which component of it, that a name or a component such as ``w.x`` means."""
        base = node.base if isinstance(node, nodes.Component) else node
        if not isinstance(base, nodes.Name) or base.name not in self._checker.symbols.states:
            return None
        self._checker.scope.find(base.name)
        state = self._checker.symbols.states[base.name]
        if not isinstance(node, nodes.Component):
            return state, None
        axes = self._checker.space.names
        return (state, axes.index(node.component)) if state.vector and node.component in axes else None

    # ------------------------------------------------------------------------------------------- learned terms

    def at(self, info: LearnedInfo, arguments: Sequence[Expr]) -> Value:
        """A learned term at some arguments."""
        return Value(tuple(LearnedCall(info.term, tuple(arguments), i, n) for i, n in info.outputs), info.vector)

    def _learned(self, node: nodes.Call) -> Value | None:
        info = self._checker.symbols.learned.get(node.name)
        checked = seen_by(node.arguments, self._checker)
        if info is None or any(v is None for v, _ in checked):
            return None
        if node.keywords or len(checked) != len(info.ranks):
            raise Rejection(
                error(
                    "E0401",
                    f"the learned term `{node.name}` takes {count_text((len(info.ranks),) * 2)}, {len(checked)} given",
                    node.span,
                    f"{len(checked)} given",
                    second=Label(info.span, f"declared with {len(info.ranks)}"),
                    help=f"write `{node.name}` alone for its declared inputs",
                )
            )
        flat: list[Expr] = []
        for (value, written), vector in zip(checked, info.ranks, strict=True):
            assert value is not None
            if value.vector != vector:
                wanted = "vector" if vector else "scalar"
                raise Rejection(
                    error(
                        "E0404",
                        f"this argument of `{node.name}` must be a {wanted}",
                        written.span,
                        value.rank,
                        second=Label(info.span, f"declared with a {wanted} here"),
                        help="give an argument of the same rank as the declared input",
                    )
                )
            flat.extend(value.components)
        self._verify_variation(node, info, flat)
        return self.at(info, flat)

    def _verify_variation(self, node: nodes.Call, info: LearnedInfo, arguments: Sequence[Expr]) -> None:
        """Refuse arguments of which a velocity without divergence cannot be made."""
        facts = self._checker.space.facts
        missing = [a for a in info.along if not any(facts.varies_along(e, a) for e in arguments)]
        if missing:
            raise Rejection(
                error(
                    "E0814",
                    f"`div({node.name}) = 0` acts along every axis, but no argument varies along `{missing[0]}`",
                    node.span,
                    "constant",
                    second=Label(info.span, "without divergence"),
                    help=f"write `{node.name}` alone for its declared inputs",
                )
            )


def number_of(value: Value | None) -> float | None:
    """The number that a scalar value is, or None."""
    if value is not None and not value.vector and isinstance(value.scalar, Const):
        return value.scalar.value
    return None
