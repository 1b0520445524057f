"""Scalar expressions of a checked model.

Vector calculus is gone here: a vector is a tuple of these, one per axis. Nodes compare by identity, so that a shared
subtree is one object and a walk can remember what it has done (`id(node)`); a product is never expanded, because the
scheme is what the user wrote.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Expr:
    """Base of all checked scalar expressions."""


@dataclass(frozen=True, slots=True, eq=False)
class Const(Expr):
    """A number."""

    value: float


@dataclass(frozen=True, slots=True, eq=False)
class ChannelRef(Expr):
    """The value of a channel: ``u``, ``w.x``, or ``dt(w)`` for the velocity of a second-order state."""

    channel: str


@dataclass(frozen=True, slots=True, eq=False)
class ParamRef(Expr):
    """A parameter: a number, or a coefficient field over the grid."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Coordinate(Expr):
    """Position along an axis."""

    axis: str


@dataclass(frozen=True, slots=True, eq=False)
class TimeRef(Expr):
    """The time ``t``."""


@dataclass(frozen=True, slots=True, eq=False)
class InputRef(Expr):
    """Values that are read from the data: a series where `time`, over the grid where it has `axes`, else one number.

    With `rate` it is their derivative in time.
    """

    name: str
    axes: tuple[str, ...] = ()
    time: bool = False
    rate: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class PastRef(Expr):
    """A channel `back` frames before the newest frame that is known (``history(u, n)``: n - 1 down to 0)."""

    channel: str
    back: int


@dataclass(frozen=True, slots=True, eq=False)
class DefinitionRef(Expr):
    """One component of a ``known`` or ``let`` (see `Model.definitions`); `axis` names it when that is a vector."""

    name: str
    component: int = 0
    axis: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Apply(Expr):
    """A pointwise function.

    `function` is ``add`` (two or more), ``sub``, ``mul`` (two or more), ``div``, ``pow``, ``neg``, a comparison
    ``lt le gt ge ne``, ``ifelse``, or a name of the language's function list (``sin`` …).
    """

    function: str
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Diff(Expr):
    """The `order`-th derivative along one axis by one stencil. Mixed derivatives nest.

    `carried` marks what ``advect`` wrote: a scheme of its own may hold for it.
    """

    argument: Expr
    axis: str
    order: int
    carried: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class FluxDiff(Expr):
    """``d/dx(coefficient * d(argument)/dx)`` in flux form: fluxes on faces, then their difference."""

    coefficient: Expr
    argument: Expr
    axis: str


@dataclass(frozen=True, slots=True, eq=False)
class LearnedCall(Expr):
    """One output of a learned term at some arguments.

    `term` names the `LearnedTerm`, `name` the output as reports show it (``Ru``, ``w.x``).
    """

    term: str
    arguments: tuple[Expr, ...]
    output: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Reduction(Expr):
    """``integral`` or ``mean`` over the whole domain, or ``sample``: the value at the point `at`."""

    kind: str
    argument: Expr
    at: tuple[float, ...] = ()


def children(expr: Expr) -> tuple[Expr, ...]:
    """Direct subexpressions (a `DefinitionRef` has none here: its body stands in the model)."""
    if isinstance(expr, Apply | LearnedCall):
        return expr.arguments
    if isinstance(expr, Diff | Reduction):
        return (expr.argument,)
    if isinstance(expr, FluxDiff):
        return (expr.coefficient, expr.argument)
    return ()
