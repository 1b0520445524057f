"""``known`` and ``let``, and the order in which definitions and learned terms can be checked."""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from eqdsl.analysis.walk import names_in
from eqdsl.core.diagnostics import Diagnostic, error
from eqdsl.syntax import nodes

Named = nodes.Known | nodes.Let | nodes.Learned


def names_of(statement: Named) -> tuple[str, ...]:
    """The names that a statement declares."""
    if isinstance(statement, nodes.Learned):
        return tuple(h.name for h in statement.heads)
    return (statement.name,)


def in_order(statements: Sequence[nodes.Statement], problems: list[Diagnostic]) -> list[Named]:
    """Definitions and learned terms, each after all that it mentions; a cycle is reported and its members left out."""
    owner: dict[str, Named] = {}
    for statement in statements:
        if isinstance(statement, Named):
            for name in names_of(statement):
                owner.setdefault(name, statement)
    key = {id(s): names_of(s)[0] for s in owner.values()}
    needs = {key[id(s)]: {key[id(owner[n])] for n in _mentioned(s) if n in owner} for s in owner.values()}
    while True:
        try:
            order = list(TopologicalSorter(needs).static_order())
        except CycleError as cycle:
            members: list[str] = cycle.args[1]
            problems.append(_cycle(members[::-1], owner))
            for name in members:
                needs.pop(name, None)
            needs = {n: {m for m in mentioned if m in needs} for n, mentioned in needs.items()}
            continue
        return [owner[name] for name in order]


def _mentioned(statement: Named) -> set[str]:
    if not isinstance(statement, nodes.Learned):
        return names_in(statement.value)
    return set().union(*(names_in(i) for head in statement.heads for i in head.inputs))


def _cycle(members: list[str], owner: dict[str, Named]) -> Diagnostic:
    path = " → ".join(f"`{m}`" for m in members)
    first = owner[members[0]]
    span = first.heads[0].name_span if isinstance(first, nodes.Learned) else first.name_span
    return error(
        "E0305",
        f"definitions go round in a circle: {path}",
        span,
        "defined by itself",
        help="break the circle: an unknown that changes in time is a `state` with an equation `dt(…) = …`",
    )
