"""Constraints on the whole function: parity, monotonicity, mean and divergence."""

from __future__ import annotations

from collections.abc import Sequence

from eqdsl.analysis.constraint_context import ConstraintContext
from eqdsl.core.diagnostics import error
from eqdsl.model.learned_terms import Constraint, DivergenceFree, Monotone, Parity, ZeroMean
from eqdsl.syntax import nodes

ACTIVATIONS = ("softplus", "relu", "tanh")
"""Those that never fall, which is what monotone networks are made of; the first is their default."""


def read_parity(context: ConstraintContext, node: nodes.Call) -> Sequence[Constraint]:
    """``odd(u)``, ``even(u)``."""
    return [Parity(i, node.name == "odd") for i in context.input_numbers(node.name, node.arguments)]


def read_monotone(context: ConstraintContext, node: nodes.Call) -> Sequence[Constraint]:
    """``increasing(u)``, ``decreasing(u)``."""
    if context.family != "mlp":
        context.problems.append(
            error(
                "E0933",
                f"`{node.name}(…)` of a `{context.family}` is not built yet",
                node.span,
                "not built yet",
                help="take `by mlp(64, 64)`, whose weights can be kept from falling",
            )
        )
        return ()
    return [Monotone(i, node.name == "increasing") for i in context.input_numbers(node.name, node.arguments)]


def read_mean(context: ConstraintContext, node: nodes.Comparison, call: nodes.Call) -> Sequence[Constraint]:
    """``mean(f) = 0``."""
    outputs = context.outputs(call.arguments[0]) if len(call.arguments) == 1 else None
    if outputs is None:
        context.not_understood(node)
        return ()
    if not _is_zero(context, node, call) or not _varies(context, node, call.name, all_axes=False):
        return ()
    return [ZeroMean(o) for o in outputs]


def read_divergence(context: ConstraintContext, node: nodes.Comparison, call: nodes.Call) -> Sequence[Constraint]:
    """``div(w) = 0``."""
    argument = call.arguments[0] if len(call.arguments) == 1 else None
    info = context.heads.get(argument.name) if isinstance(argument, nodes.Name) else None
    if info is None:
        context.not_understood(node)
        return ()
    if not _is_zero(context, node, call):
        return ()
    axes = context.checker.space.axes
    if not info.vector or len(axes) < 2:
        context.problems.append(
            error(
                "E0815",
                "only a vector in two or three dimensions can be without divergence",
                node.span,
                "no such vector",
                help="declare `learned w(u) -> vector`" if len(axes) > 1 else "leave it out",
            )
        )
        return ()
    if not _varies(context, node, call.name, all_axes=True):
        return ()
    stream = len(axes) == 2
    return [DivergenceFree(stream, tuple(i for i, a in enumerate(axes) if a.periodic) if stream else ())]


def _is_zero(context: ConstraintContext, node: nodes.Comparison, call: nodes.Call) -> bool:
    """Whether the right-hand side is zero; a message where it is not."""
    value = context.constants.number(node.right, "the right-hand side")
    if value is None or (node.operator == "=" and value == 0.0):
        return value is not None
    context.problems.append(
        error(
            "E0815",
            f"`{call.name}(…)` can be kept at 0 only",
            node.span,
            "not `= 0`",
            help=f"write `{call.name}(…) = 0`, and add what it is instead as a term of its own",
        )
    )
    return False


def _varies(context: ConstraintContext, node: nodes.Comparison, name: str, *, all_axes: bool) -> bool:
    """Whether the inputs vary in space, along every axis or along one; a message where they do not."""
    facts = context.checker.space.facts
    found = frozenset[str]().union(*(facts.of(i).axes for i in context.inputs))
    missing = [a for a in context.checker.space.names if a not in found]
    if not context.checker.space.names:
        message, label, help = f"`{name}` needs a space, this model has no axes", "no space", "leave it out"
    elif not found:
        message, label = f"`{name}` acts over space, but the inputs do not vary in space", "one number"
        help = "list a state that varies in space, or a coordinate, among the inputs"
    elif all_axes and missing:
        message, label = f"`{name}` acts along every axis, but no input varies along `{missing[0]}`", "constant"
        help = f"add `{missing[0]}` to the inputs"
    else:
        return True
    context.problems.append(error("E0814", message, node.span, label, help=help))
    return False
