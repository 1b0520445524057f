"""Expressions that are the same however they were written down: a number for each."""

from __future__ import annotations

from eqdsl.model.expr import (
    Apply,
    ChannelRef,
    Const,
    Coordinate,
    DefinitionRef,
    Diff,
    Expr,
    FluxDiff,
    InputRef,
    LearnedCall,
    ParamRef,
    PastRef,
    Reduction,
    children,
)
from eqdsl.model.facts import FactTable

COMMUTATIVE = ("add", "mul", "min", "max")


class Shapes:
    """Gives equal numbers to expressions of one shape, with ``known`` and ``let`` written out."""

    def __init__(self, facts: FactTable) -> None:
        self._facts = facts
        self._numbers: dict[tuple[object, ...], int] = {}
        self._seen: dict[Expr, int] = {}

    def of(self, expr: Expr) -> int:
        """The number of an expression; each node is looked at once."""
        waiting = [expr]
        while waiting:
            node = waiting[-1]
            below = (self._facts.body(node),) if isinstance(node, DefinitionRef) else children(node)
            missing = [n for n in below if n not in self._seen]
            if missing:
                waiting.extend(missing)
                continue
            waiting.pop()
            numbers = [self._seen[n] for n in below]
            if isinstance(node, DefinitionRef):
                self._seen[node] = numbers[0]
                continue
            if isinstance(node, Apply) and node.function in COMMUTATIVE:
                numbers.sort()
            self._seen[node] = self._numbers.setdefault((type(node), _label(node), *numbers), len(self._numbers))
        return self._seen[expr]


def _label(node: Expr) -> object:
    """What tells nodes of one type and the same parts apart."""
    match node:
        case Apply(function=function):
            return function
        case Const(value):
            return value
        case Diff(_, axis, order):
            return axis, order
        case FluxDiff(_, _, axis):
            return axis
        case Reduction(kind, at=at):
            return kind, at
        case LearnedCall(term, _, output):
            return term, output
        case ChannelRef(name) | ParamRef(name) | Coordinate(name):
            return name
        case InputRef(name, rate=rate):
            return name, rate
        case PastRef(name, back):
            return name, back
    return None
