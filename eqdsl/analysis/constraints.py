"""What may stand after ``with``: which reader a constraint goes to, and whether all of them can be built in."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from eqdsl.analysis.constants import INF
from eqdsl.analysis.constraint_calls import read_divergence, read_mean, read_monotone, read_parity
from eqdsl.analysis.constraint_context import ConstraintContext
from eqdsl.analysis.constraint_values import read_inequality, read_interval, read_pinned
from eqdsl.analysis.contradictions import contradiction
from eqdsl.analysis.incompatible import incompatible
from eqdsl.core import limits
from eqdsl.core.diagnostics import error
from eqdsl.model.learned_terms import Constraint, Pinned, Range
from eqdsl.syntax import nodes

CALLS: dict[str, Callable[[ConstraintContext, nodes.Call], Sequence[Constraint]]] = {
    "odd": read_parity,
    "even": read_parity,
    "increasing": read_monotone,
    "decreasing": read_monotone,
}
"""Constraints that are a call."""

EQUALITIES: dict[str, Callable[[ConstraintContext, nodes.Comparison, nodes.Call], Sequence[Constraint]]] = {
    "mean": read_mean,
    "div": read_divergence,
}
"""Constraints that set a call to zero."""


def read_constraints(context: ConstraintContext, written: Sequence[nodes.Expression]) -> tuple[Constraint, ...]:
    """All constraints of a statement, pinned values first; ranges of one output are merged into one."""
    pinned: list[Pinned] = []
    ranges: dict[int, Range] = {}
    others: list[Constraint] = []
    agree = True
    for node in _few(context, written):
        before = len(pinned)
        for constraint in _one(context, node):
            match constraint:
                case Pinned():
                    pinned.append(constraint)
                case Range(output, lower, upper):
                    old = ranges.get(output, Range(output, -INF, INF))
                    ranges[output] = Range(output, max(lower, old.lower), min(upper, old.upper))
                case _ if constraint not in others:
                    others.append(constraint)
        if agree:
            agree = _agree(context, node, pinned, before, ranges, others)
    return (*pinned, *ranges.values(), *others)


def _few(context: ConstraintContext, written: Sequence[nodes.Expression]) -> Sequence[nodes.Expression]:
    """Those that are looked at; what is too many for a file is too many for a network as well."""
    if len(written) > limits.MAX_CONSTRAINTS:
        context.problems.append(
            error(
                "E0817",
                f"this learned term has {len(written)} constraints, at most {limits.MAX_CONSTRAINTS} are read",
                written[limits.MAX_CONSTRAINTS].span,
                "one too many",
                help="a value at many points is data: put it into the data file",
            )
        )
    return written[: limits.MAX_CONSTRAINTS]


def _one(context: ConstraintContext, node: nodes.Expression) -> Sequence[Constraint]:
    match node:
        case nodes.Comparison(operator="=", left=nodes.Call(name=name) as call, right=right) if name in context.heads:
            return read_pinned(context, call, right)
        case nodes.Comparison(left=nodes.Call(name=name) as call) if name in EQUALITIES:
            return EQUALITIES[name](context, node, call)
        case nodes.Comparison(operator=operator, left=left, right=right) if operator in ("<", "<=", ">", ">="):
            return read_inequality(context, node, operator, left, right)
        case nodes.Membership():
            return read_interval(context, node)
        case nodes.Call(name=name, arguments=arguments) if name in CALLS and arguments:
            return CALLS[name](context, node)
    context.not_understood(node)
    return ()


def _agree(
    context: ConstraintContext,
    node: nodes.Expression,
    pinned: Sequence[Pinned],
    before: int,
    ranges: dict[int, Range],
    others: Sequence[Constraint],
) -> bool:
    """Whether the constraints so far can be built in; those up to `before` among the pinned ones agree."""
    reason = contradiction(pinned, before, ranges, others)
    if reason is not None:
        context.problems.append(
            error(
                "E0816",
                f"these constraints cannot hold together: {reason}",
                node.span,
                "contradicts the others",
                help="leave one of them out",
            )
        )
        return False
    apart = incompatible(pinned, ranges, others, context.input_names)
    if apart is not None:
        context.problems.append(
            error(
                "E0818",
                f"these constraints are not built in together: {apart}",
                node.span,
                "not with the others",
                help="leave one of them out",
            )
        )
    return apart is None
