"""``known`` and ``let``, and the order in which definitions and learned terms can be checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from eqdsl.analysis.walk import names_in
from eqdsl.core.diagnostics import Diagnostic, error
from eqdsl.syntax import nodes

LONGEST_CYCLE = 12
"""Names of a cycle that are listed."""

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
    needs = {key[id(s)]: sorted({key[id(owner[n])] for n in _mentioned(s) if n in owner}) for s in owner.values()}
    order, cycles = _sorted(needs)
    problems.extend(_cycle(members, owner) for members in cycles)
    left_out = {name for members in cycles for name in members}
    return [owner[name] for name in order if name not in left_out]


def _sorted(needs: Mapping[str, Sequence[str]]) -> tuple[list[str], list[list[str]]]:
    """Names after what they need, and the cycles; of two cycles that share a name, the first one met.

    A walk in depth with a stack of its own. `reported` holds the places on the stack that belong to a cycle already
    found, so that each step costs the same however long the cycles are.
    """
    order: list[str] = []
    cycles: list[list[str]] = []
    done: set[str] = set()
    for start in needs:
        path: dict[str, int] = {}
        waiting: list[tuple[str, Iterator[str]]] = []
        reported: list[int] = []
        following: str | None = None if start in done else start
        while following is not None or waiting:
            if following is not None:
                path[following] = len(waiting)
                waiting.append((following, iter(needs[following])))
            name, rest = waiting[-1]
            following = next(rest, None)
            if following is None:
                waiting.pop()
                del path[name]
                done.add(name)
                order.append(name)
                if reported and reported[-1] == len(waiting):
                    reported.pop()
            elif following in path:
                first = path[following]
                if not reported or reported[-1] < first:
                    cycles.append([n for n, _ in waiting[first:]] + [following])
                    reported.extend(range(first, len(waiting)))
                following = None
            elif following in done:
                following = None
    return order, cycles


def _mentioned(statement: Named) -> set[str]:
    if not isinstance(statement, nodes.Learned):
        return names_in(statement.value)
    return set().union(*(names_in(i) for head in statement.heads for i in head.inputs))


def _cycle(members: list[str], owner: dict[str, Named]) -> Diagnostic:
    shown = [f"`{m}`" for m in members]
    if len(shown) > LONGEST_CYCLE:
        shown[LONGEST_CYCLE - 2 : -2] = [f"{len(shown) - LONGEST_CYCLE} more"]
    path = " → ".join(shown)
    first = owner[members[0]]
    span = first.heads[0].name_span if isinstance(first, nodes.Learned) else first.name_span
    return error(
        "E0305",
        f"definitions go round in a circle: {path}",
        span,
        "defined by itself",
        help="break the circle: an unknown that changes in time is a `state` with an equation `dt(…) = …`",
    )
