"""What must be said about hidden states, which the data never hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from eqdsl.analysis.expressions import ExpressionChecker
from eqdsl.core.diagnostics import Diagnostic, error
from eqdsl.model.expr import Expr, LearnedCall
from eqdsl.model.facts import FactTable, nodes_of
from eqdsl.model.model import Channel, InitialValue
from eqdsl.syntax import nodes

ENCODER = "encode"


def not_started(
    channels: Sequence[Channel],
    values: Sequence[InitialValue],
    checker: ExpressionChecker,
    said: Collection[str],
    told: set[str],
) -> Iterator[Diagnostic]:
    """Hidden states whose start nothing tells; `said` are channels with a start, `told` states with a wrong one."""
    for channel, value in zip(channels, values, strict=True):
        if not channel.hidden or value.kind != "data" or channel.field in told:
            continue
        told.add(channel.field)
        name, span = channel.field, checker.symbols.states[channel.field].span
        if channel.name in said:
            message, label = f"`{name}` is hidden: the data do not hold its first frame", "not in the data"
        else:
            message, label = f"the hidden state `{name}` has no initial value, and the data do not hold it", "no start"
        yield error(
            "E0620",
            message,
            span,
            label,
            note="fitted: for each trajectory; encoded: by a learned term that sees past frames of what is observed",
            help=f"write `init {name} = fit`, `init {name} = encode` or a formula, `init {name} = 0`",
        )


def encoders_of(initial: Sequence[InitialValue], acting: Iterable[Expr], facts: FactTable) -> tuple[str, ...]:
    """The learned terms that initial values use, and the law's own expressions, `acting`, do not."""
    starting = _terms((value.expr for value in initial if value.kind == "encode" and value.expr is not None), facts)
    return tuple(sorted(starting - _terms(acting, facts))) if starting else ()


def _terms(expressions: Iterable[Expr], facts: FactTable) -> set[str]:
    """The learned terms in some expressions."""
    return {node.term for expr in expressions for node in nodes_of(expr, facts) if isinstance(node, LearnedCall)}


def encoder_missing(statement: nodes.Init, seen: Sequence[str]) -> Diagnostic:
    """``init u = encode`` in a model without an encoder; `seen` are states that it can look back on."""
    past = ", ".join(f"history({name}, 4)" for name in seen)
    return error(
        "E0625",
        "there is no learned term `encode`",
        statement.span,
        "encoded by what?",
        help=f"declare it: `learned encode({past}) by mlp(64, 64)`"
        if past
        else "declare it: `learned encode(history(h, 4)) by mlp(64, 64)`, with an observed state `h`",
    )


def sees_present(node: nodes.Expression, term: str, state: str | None) -> Diagnostic:
    """A start from a learned term that does not look at past frames alone."""
    sees = f"sees `{state}`, which is not known yet at the start" if state is not None else "sees no past frames"
    return error(
        "E0626",
        f"a start by the learned term `{term}`: it {sees}",
        node.span,
        "not an encoder",
        help=f"let it see past frames: `learned {term}(history({state or 'u'}, 4))`",
    )
