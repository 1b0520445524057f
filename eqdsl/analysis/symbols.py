"""What expressions may refer to, once declarations are known."""

from __future__ import annotations

from dataclasses import dataclass, field

from eqdsl.core.source import Span
from eqdsl.model.expr import Expr
from eqdsl.model.model import Definition, Input


@dataclass(frozen=True, slots=True)
class StateInfo:
    """A state as its declaration and its equation's left side give it."""

    name: str
    axes: tuple[str, ...]
    vector: bool
    time_order: int
    span: Span
    hidden: bool = False

    def channels(self, axis_names: tuple[str, ...], *, velocity: bool = False) -> tuple[str, ...]:
        """Names of its channels: ``u``, or ``w.x``, ``w.y``; of the velocity ``dt(u)``, or ``dt(w).x`` …"""
        head = f"dt({self.name})" if velocity else self.name
        return tuple(f"{head}.{a}" for a in axis_names) if self.vector else (head,)


@dataclass(frozen=True, slots=True)
class LearnedInfo:
    """How one name of a ``learned`` statement is called.

    `term` is the `LearnedTerm`; `outputs` are the positions and names of its outputs under this name, more than one
    for a vector; `ranks` tells for each declared input whether it is a vector; `inputs` are the checked ones. `along`
    are the axes along which the arguments of every call must vary: those of ``div(w) = 0``.
    """

    term: str
    outputs: tuple[tuple[int, str], ...]
    vector: bool
    ranks: tuple[bool, ...]
    inputs: tuple[Expr, ...]
    span: Span
    along: tuple[str, ...] = ()


@dataclass
class Symbols:
    """Everything resolved so far. A name that is declared but missing here was wrong: it is passed over in silence."""

    states: dict[str, StateInfo] = field(default_factory=dict)
    parameters: dict[str, tuple[str, ...]] = field(default_factory=dict)
    inputs: dict[str, Input] = field(default_factory=dict)
    definitions: dict[str, Definition] = field(default_factory=dict)
    vectors: set[str] = field(default_factory=set)
    learned: dict[str, LearnedInfo] = field(default_factory=dict)
    channel_axes: dict[str, tuple[str, ...]] = field(default_factory=dict)
