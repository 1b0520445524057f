"""The syntax tree: one immutable class per construct of the language, each with its span.

Nothing here is checked beyond what the grammar guarantees; names are still plain text.
"""

from __future__ import annotations

from dataclasses import dataclass

from eqdsl.core.source import Span


@dataclass(frozen=True, slots=True)
class Node:
    """Anything that stands somewhere in the text."""

    span: Span


# ---------------------------------------------------------------- expressions


@dataclass(frozen=True, slots=True)
class Expression(Node):
    """Base of all expressions."""


@dataclass(frozen=True, slots=True)
class Number(Expression):
    """``0.5``, ``1e-3``, ``inf``; always floating point. `text` is as written."""

    value: float
    text: str


@dataclass(frozen=True, slots=True)
class Text(Expression):
    """``"package:Class"``, only as an option of a family."""

    value: str


@dataclass(frozen=True, slots=True)
class Name(Expression):
    """``u``, ``omega0``, ``α``."""

    name: str


@dataclass(frozen=True, slots=True)
class Unary(Expression):
    """``-a`` or ``+a``; `operator` is that sign."""

    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary(Expression):
    """``a + b``; `operator` is one of ``+ - * / ^`` (``**`` arrives as ``^``)."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Comparison(Expression):
    """``a < b``; `operator` is one of ``< <= > >= !=`` and, in constraints, ``=``."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class KeywordArgument(Node):
    """``act = tanh`` in an argument list."""

    name: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Call(Expression):
    """``f(a, b, key = c)``; `name_span` covers only the name."""

    name: str
    name_span: Span
    arguments: tuple[Expression, ...]
    keywords: tuple[KeywordArgument, ...] = ()


@dataclass(frozen=True, slots=True)
class TimeDerivative(Expression):
    """``dt(u)``, ``dtt(u)``, ``∂u/∂t``: `order` 1 to 4. `operand` may be any expression."""

    order: int
    operand: Expression


@dataclass(frozen=True, slots=True)
class Component(Expression):
    """``w.x``."""

    base: Expression
    component: str


@dataclass(frozen=True, slots=True)
class Tuple(Expression):
    """``(a, b)``, a vector by components."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Interval(Node):
    """``[a, b)`` with open or closed ends."""

    lower: Expression
    upper: Expression
    closed_lower: bool
    closed_upper: bool


@dataclass(frozen=True, slots=True)
class Membership(Expression):
    """``f in [0, 1]``, only as a constraint of a learned term."""

    value: Expression
    interval: Interval


@dataclass(frozen=True, slots=True)
class Unit(Node):
    """``m/s^2``: the text as written and its factors, e.g. ``(("m", 1), ("s", -2))``."""

    text: str
    factors: tuple[tuple[str, int], ...]


# ----------------------------------------------------------------- statements


@dataclass(frozen=True, slots=True)
class Statement(Node):
    """Base of all statements. `span` runs from the first to the last token."""


@dataclass(frozen=True, slots=True)
class ModelName(Statement):
    name: str
    doc: str | None


@dataclass(frozen=True, slots=True)
class Import(Statement):
    path: str
    alias: str | None


@dataclass(frozen=True, slots=True)
class SpaceAxis(Node):
    name: str
    name_span: Span
    unit: Unit | None
    interval: Interval | None
    periodic: bool


@dataclass(frozen=True, slots=True)
class Space(Statement):
    axes: tuple[SpaceAxis, ...]


@dataclass(frozen=True, slots=True)
class Time(Statement):
    name: str
    unit: Unit | None
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class GridAxis(Node):
    """``x = 64 nodes``; `position` is ``cells``, ``nodes`` or None when not said."""

    axis: str
    points: Expression
    position: str | None


@dataclass(frozen=True, slots=True)
class Grid(Statement):
    axes: tuple[GridAxis, ...]


@dataclass(frozen=True, slots=True)
class Scheme(Statement):
    options: tuple[KeywordArgument, ...]


@dataclass(frozen=True, slots=True)
class Symbol(Node):
    """``u(x, y): K in [0, inf)`` in a `state` list. A unit or interval after one symbol holds for it and for those
    before it in the list that have none; the parser has already spread them."""

    name: str
    name_span: Span
    arguments: tuple[Name, ...]
    unit: Unit | None = None
    bounds: Interval | None = None


@dataclass(frozen=True, slots=True)
class State(Statement):
    """`modifiers` is a subset of ``hidden``, ``vector``, ``complex``, in the order written."""

    modifiers: tuple[str, ...]
    symbols: tuple[Symbol, ...]
    per: str | None
    doc: str | None


@dataclass(frozen=True, slots=True)
class Param(Statement):
    """``param k: 1/s = fit 0.3 in (0, 2)``. `fitted`: whether ``fit`` stood there; `value` is the number or start."""

    symbol: Symbol
    per: str | None
    value: Expression | None
    fitted: bool
    bounds: Interval | None
    prior: Call | None
    doc: str | None


@dataclass(frozen=True, slots=True)
class Input(Statement):
    symbol: Symbol
    per: str | None
    interpolation: str | None
    doc: str | None


@dataclass(frozen=True, slots=True)
class Known(Statement):
    name: str
    name_span: Span
    value: Expression


@dataclass(frozen=True, slots=True)
class Let(Statement):
    name: str
    name_span: Span
    value: Expression


@dataclass(frozen=True, slots=True)
class LearnedHead(Node):
    """``Ru(u, v)`` in front of ``by``."""

    name: str
    name_span: Span
    inputs: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Learned(Statement):
    """`shape` is ``scalar``, ``vector``, a count as text, or None; `scope` is ``("per", "environment")``,
    ``("adapts", "environment")`` or None; `constraints` are `Comparison`, `Membership` or `Call` (``odd(u)``) nodes."""

    heads: tuple[LearnedHead, ...]
    scope: tuple[str, str] | None
    shape: str | None
    unit: Unit | None
    family: Call | None
    constraints: tuple[Expression, ...]
    doc: str | None


@dataclass(frozen=True, slots=True)
class Evolution(Statement):
    """``dt(u) = …``: `order` 1 or 2 (higher ones parse and are refused later)."""

    state: str
    state_span: Span
    order: int
    value: Expression


@dataclass(frozen=True, slots=True)
class Elliptic(Statement):
    """``0 = … for p``."""

    value: Expression
    state: str
    state_span: Span


@dataclass(frozen=True, slots=True)
class Place(Node):
    """``x = 0`` (axis and position) or ``boundary`` (a name, `position` None)."""

    name: str
    position: Expression | None


@dataclass(frozen=True, slots=True)
class BoundaryCondition(Statement):
    """``bc left = right at places``. ``right`` is the Name ``data`` for values from the file."""

    left: Expression
    right: Expression
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Init(Statement):
    """`kind` is ``data``, ``fit``, ``encode`` or ``expression``; `order` 1 for ``init dt(u) = …``."""

    state: str
    state_span: Span
    order: int
    kind: str
    value: Expression | None
    bounds: Interval | None


@dataclass(frozen=True, slots=True)
class Observe(Statement):
    name: str
    name_span: Span
    value: Expression | None
    noise: Expression | None
    noise_fitted: bool
    doc: str | None


@dataclass(frozen=True, slots=True)
class Law(Statement):
    name: str
    name_span: Span
    value: Expression
    trend: str


@dataclass(frozen=True, slots=True)
class Penalty(Statement):
    name: str
    name_span: Span
    value: Expression


@dataclass(frozen=True, slots=True)
class When(Statement):
    condition: Comparison
    assignments: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class SyntaxTree:
    """All statements of a file that could be read, in the order of the text."""

    statements: tuple[Statement, ...]
