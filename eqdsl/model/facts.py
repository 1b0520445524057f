"""What an expression depends on, computed once per shared subtree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from eqdsl.model.expr import (
    ChannelRef,
    Coordinate,
    DefinitionRef,
    Expr,
    InputRef,
    LearnedCall,
    ParamRef,
    PastRef,
    Reduction,
    TimeRef,
    children,
)
from eqdsl.model.model import Definition, Model

LARGEST_SIZE = 10**9
"""Sizes are counted up to here; beyond, an expression is refused anyway."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of one expression, those of the ``known`` and ``let`` it uses included.

    Parameters
    ----------
    axes : frozenset of str
        Axes along which its value varies.
    channels, parameters, learned, inputs : frozenset of str
        Names it contains; `learned` are names of outputs (``Ru``, ``w.x``).
    past : frozenset of str
        Channels whose past frames it contains.
    time : bool
        Whether it contains the time, or a series.
    size : int
        Nodes of the written-out tree; a definition counts as one.
    depth : int
        Levels of the tree, definitions written out.
    """

    axes: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    parameters: frozenset[str] = frozenset()
    learned: frozenset[str] = frozenset()
    inputs: frozenset[str] = frozenset()
    past: frozenset[str] = frozenset()
    time: bool = False
    size: int = 1
    depth: int = 1


NOTHING = Facts()


class FactTable:
    """Facts of expressions, remembered by identity.

    Parameters
    ----------
    channel_axes, parameter_axes : mapping
        Axes along which a channel or a coefficient field varies, by name.
    definitions : mapping
        The definitions checked so far; one must be there before an expression refers to it.
    """

    def __init__(
        self,
        channel_axes: Mapping[str, tuple[str, ...]],
        parameter_axes: Mapping[str, tuple[str, ...]],
        definitions: Mapping[str, Definition],
    ) -> None:
        self._channel_axes = channel_axes
        self._parameter_axes = parameter_axes
        self._definitions = definitions
        self._facts: dict[Expr, Facts] = {}

    def of(self, expr: Expr) -> Facts:
        """The facts of an expression."""
        waiting = [] if expr in self._facts else [expr]
        while waiting:
            node = waiting[-1]
            needed = (self.body(node),) if isinstance(node, DefinitionRef) else children(node)
            missing = [n for n in needed if n not in self._facts]
            if not missing:
                self._facts[node] = self._compute(node)
                waiting.pop()
            else:
                waiting.extend(missing)
        return self._facts[expr]

    def __len__(self) -> int:
        """Expressions whose facts are known: every node that was ever built, shared ones once."""
        return len(self._facts)

    def body(self, reference: DefinitionRef) -> Expr:
        """The expression that a reference to a ``known`` or ``let`` stands for."""
        return self._definitions[reference.name].components[reference.component]

    def varies_along(self, expr: Expr, axis: str) -> bool:
        """Whether the value changes along an axis."""
        return axis in self.of(expr).axes

    def constant(self, expr: Expr) -> bool:
        """Whether an expression is made of numbers and scalar parameters only."""
        facts = self.of(expr)
        if facts.axes or facts.channels or facts.learned or facts.inputs or facts.past or facts.time:
            return False
        return not any(isinstance(n, Reduction | Coordinate) for n in nodes_of(expr, self))

    def _compute(self, expr: Expr) -> Facts:
        match expr:
            case ChannelRef(name):
                return Facts(axes=frozenset(self._channel_axes[name]), channels=frozenset({name}))
            case PastRef(name):
                return Facts(axes=frozenset(self._channel_axes[name]), past=frozenset({name}))
            case ParamRef(name):
                return Facts(axes=frozenset(self._parameter_axes[name]), parameters=frozenset({name}))
            case Coordinate(axis):
                return Facts(axes=frozenset({axis}))
            case TimeRef():
                return Facts(time=True)
            case InputRef(name, axes, time):
                return Facts(axes=frozenset(axes), inputs=frozenset({name}), time=time)
            case DefinitionRef():
                inner = self._facts[self.body(expr)]
                return replace(inner, size=1, depth=inner.depth + 1)
        return self._join(expr)

    def _join(self, expr: Expr) -> Facts:
        parts = [self._facts[child] for child in children(expr)]
        axes = frozenset[str]().union(*(p.axes for p in parts))
        learned = frozenset[str]().union(*(p.learned for p in parts))
        if isinstance(expr, Reduction):
            axes = frozenset()
        if isinstance(expr, LearnedCall):
            learned |= {expr.name}
        return Facts(
            axes=axes,
            channels=frozenset[str]().union(*(p.channels for p in parts)),
            parameters=frozenset[str]().union(*(p.parameters for p in parts)),
            learned=learned,
            inputs=frozenset[str]().union(*(p.inputs for p in parts)),
            past=frozenset[str]().union(*(p.past for p in parts)),
            time=any(p.time for p in parts),
            size=min(LARGEST_SIZE, 1 + sum(p.size for p in parts)),
            depth=1 + max((p.depth for p in parts), default=0),
        )


def facts_of(model: Model) -> FactTable:
    """Facts of the expressions of a checked model."""
    axes = {f.name: f.axes for f in model.fields}
    channels = {c.name: axes[c.field] for c in (*model.channels, *(s.channel for s in model.solved))}
    return FactTable(channels, {p.name: p.axes for p in model.parameters}, model.definitions)


def nodes_of(expr: Expr, table: FactTable) -> Iterator[Expr]:
    """Every node once, those of the definitions it refers to included."""
    seen: set[Expr] = set()
    waiting = [expr]
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            yield node
            waiting.extend(children(node))
            if isinstance(node, DefinitionRef):
                waiting.append(table.body(node))
