"""Learned terms of a `Model`, and what is declared to hold for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eqdsl.core.source import Span
from eqdsl.model.expr import Expr

PER, ADAPTS = "per", "adapts"
"""How a learned term follows the environment."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """``f(0, v) = 0``: `at` holds (input index, value) pairs; the inputs not listed are free."""

    output: int
    at: tuple[tuple[int, float], ...]
    value: float


@dataclass(frozen=True, slots=True)
class Range:
    """``f >= 0``, ``f in [0, 1]``: the output stays within."""

    output: int
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Parity:
    """``odd(u)`` or ``even(u)`` in one input, for every output."""

    input: int
    odd: bool


@dataclass(frozen=True, slots=True)
class Monotone:
    """``increasing(u)`` or ``decreasing(u)`` in one input, for every output."""

    input: int
    increasing: bool


@dataclass(frozen=True, slots=True)
class ZeroMean:
    """``mean(f) = 0``: the average of the output over the domain is subtracted."""

    output: int


@dataclass(frozen=True, slots=True)
class DivergenceFree:
    """``div(w) = 0`` for a vector.

    By a stream function in two dimensions: the network gives psi, then one number for each axis of `uniform`, the
    periodic ones, whose mean over the domain is the part of the flow that psi cannot be. By projection in three
    (`uniform` is empty then).
    """

    stream: bool
    uniform: tuple[int, ...] = ()


Constraint = Pinned | Range | Parity | Monotone | ZeroMean | DivergenceFree

GLOBAL = ("fno", "unet")
"""Families that see the whole domain."""

NEIGHBOURHOOD = ("conv", *GLOBAL)
"""Families that see neighbouring points."""


@dataclass(frozen=True, slots=True)
class LearnedTerm:
    """An opaque function with one or more outputs.

    `name` is the first output's name for a scalar or several heads, the declared name for a vector; `outputs` are
    the names seen in reports (``Ru``, ``Rv``; ``w.x``, ``w.y``). `inputs` are checked scalar expressions with the
    text the user wrote for each in `input_names`. `options` holds positional sizes under ``"sizes"`` (tuple of int)
    and keyword options by name (int, float or str). `scope` is `PER` for a network in each environment, `ADAPTS` for
    one network whose weights follow a context of each, else None.
    """

    name: str
    outputs: tuple[str, ...]
    inputs: tuple[Expr, ...]
    input_names: tuple[str, ...]
    family: str
    options: Mapping[str, object]
    constraints: tuple[Constraint, ...]
    unit: str | None
    doc: str | None
    span: Span
    scope: str | None = None

    @property
    def divergence_free(self) -> DivergenceFree | None:
        """How its divergence is made zero, if it is."""
        return next((c for c in self.constraints if isinstance(c, DivergenceFree)), None)

    @property
    def pointwise(self) -> bool:
        """Whether an output depends on the inputs at the same point only."""
        whole = any(isinstance(c, DivergenceFree | ZeroMean) for c in self.constraints)
        return self.family not in NEIGHBOURHOOD and not whole

    @property
    def free_outputs(self) -> int:
        """How many outputs its network has."""
        flow = self.divergence_free
        return 1 + len(flow.uniform) if flow is not None and flow.stream else len(self.outputs)

    @property
    def of_stream_function(self) -> bool:
        """Whether its network gives a stream function instead of the declared outputs."""
        flow = self.divergence_free
        return flow is not None and flow.stream
