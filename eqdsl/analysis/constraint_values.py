"""Constraints on values: ``f(0, v) = 0``, ``f >= 0``, ``f in [0, 1]``."""

from __future__ import annotations

from collections.abc import Sequence

from eqdsl.analysis.constants import INF
from eqdsl.analysis.constraint_context import ConstraintContext
from eqdsl.analysis.walk import walk
from eqdsl.core.diagnostics import error
from eqdsl.model.learned_terms import Constraint, Pinned, Range
from eqdsl.operators.base import count_text
from eqdsl.syntax import nodes


def read_interval(context: ConstraintContext, node: nodes.Membership) -> Sequence[Constraint]:
    """``f in [0, 1]``."""
    outputs = context.outputs(node.value)
    ends = context.constants.interval(node.interval, "the range of a learned term")
    if outputs is None:
        context.not_understood(node)
    return [Range(o, *ends) for o in outputs or ()] if ends else ()


def read_inequality(
    context: ConstraintContext, node: nodes.Expression, operator: str, left: nodes.Expression, right: nodes.Expression
) -> Sequence[Constraint]:
    outputs, bound = context.outputs(left), right
    upward = operator in (">", ">=")
    if outputs is None:
        outputs, bound, upward = context.outputs(right), left, not upward
    if outputs is None:
        context.not_understood(node)
        return ()
    value = context.constants.number(bound, "the bound of a learned term")
    if value is None:
        return ()
    return [Range(o, value, INF) if upward else Range(o, -INF, value) for o in outputs]


def read_pinned(context: ConstraintContext, call: nodes.Call, right: nodes.Expression) -> Sequence[Constraint]:
    info = context.heads[call.name]
    if call.keywords:
        context.problems.append(
            error(
                "E0412",
                f"the inputs of `{call.name}` are given by position",
                call.keywords[0].span,
                "named argument",
                help=f"write `{call.name}(0) = 0`",
            )
        )
        return ()
    if len(call.arguments) != len(info.ranks):
        context.problems.append(
            error(
                "E0401",
                f"`{call.name}` takes {count_text((len(info.ranks),) * 2)}, {len(call.arguments)} given",
                call.span,
                f"{len(call.arguments)} given",
                help="give a number for each input, or the input itself to leave it free",
            )
        )
        return ()
    at: list[tuple[int, float]] = []
    index = 0
    for argument, vector in zip(call.arguments, info.ranks, strict=True):
        width = len(context.checker.space.axes) if vector else 1
        values = _pins(context, argument, width, context.input_names[index : index + width])
        if values is None:
            return ()
        at.extend((index + i, v) for i, v in enumerate(values))
        index += width
    if not at:
        context.problems.append(
            error(
                "E0815",
                "this fixes the learned term everywhere",
                call.span,
                "no number among the inputs",
                help=f"give a number for an input, such as `{call.name}(0) = 0`",
            )
        )
        return ()
    items = right.items if isinstance(right, nodes.Tuple) else (right,) * len(info.outputs)
    if len(items) != len(info.outputs):
        context.problems.append(
            error(
                "E0403",
                f"`{call.name}` has {len(info.outputs)} components",
                right.span,
                f"{len(items)} given",
                help="give one number per component",
            )
        )
        return ()
    found = [context.constants.number(item, "the value at a point") for item in items]
    return [Pinned(o, tuple(at), v) for (o, _), v in zip(info.outputs, found, strict=True) if v is not None]


def _pins(
    context: ConstraintContext, argument: nodes.Expression, width: int, names: tuple[str, ...]
) -> list[float] | None:
    """Values that an argument fixes: none when it is the input itself; None after a message."""
    if any(isinstance(n, nodes.Name) and n.name != "pi" for n in walk(argument)):
        value = context.checker.value(argument)
        if value is None:
            return None
        if tuple(context.text(c) for c in value.components) == names:
            return []
        context.problems.append(
            error(
                "E0815",
                "an input must be a number here, or the declared input itself",
                argument.span,
                "neither",
                help=f"write `{names[0]}` to leave this input free, or a number",
            )
        )
        return None
    items = argument.items if isinstance(argument, nodes.Tuple) else (argument,) * width
    values = [context.constants.number(item, "an input at a point") for item in items[:width]]
    return [v for v in values if v is not None] if len(items) == width and None not in values else None
