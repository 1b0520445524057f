"""The checked `Model` and its parts: plain immutable data, the hinge between the language and the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from eqdsl.core.diagnostics import Diagnostic
from eqdsl.core.source import SourceText, Span
from eqdsl.model.expr import Expr, InputRef, PastRef
from eqdsl.model.learned_terms import LearnedTerm
from eqdsl.model.operator_form import AffineForm
from eqdsl.model.scheme import Schemes
from eqdsl.model.walls import WallCondition

INF = float("inf")
ENVIRONMENT, TRAJECTORY = "environment", "trajectory"
"""What may have numbers of its own."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A space axis ``[lower, upper]``; `points`, `position` come from ``grid`` (None, ``cells`` when not said)."""

    name: str
    lower: float
    upper: float
    periodic: bool
    unit: str | None = None
    points: int | None = None
    position: str = "cells"


def least_points(order: int) -> int:
    """Points along an axis that stencils and walls of an accuracy order need."""
    return 2 * (order + 1)


@dataclass(frozen=True, slots=True)
class Field:
    """A state: `axes` is empty for a plain variable; `time_order` is 2 for ``dtt(w) = …``, 0 for ``0 = … for p``.

    A `hidden` one is never in the data.
    """

    name: str
    axes: tuple[str, ...]
    vector: bool
    time_order: int
    lower: float
    upper: float
    unit: str | None
    doc: str | None
    span: Span
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Channel:
    """One scalar slot of the state tensor, in order.

    `name` is ``u``, ``w.x`` or ``dt(w)``, also the dataset name in data files (vector states: `field`, with the
    components on the last axis). `component` is the index along the vector; `velocity` marks ``dt(..)`` slots.
    """

    name: str
    field: str
    component: int | None
    velocity: bool
    uniform: bool
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number, fixed or fitted within open or closed bounds; `axes` is not empty for a coefficient field.

    `per` is ``environment`` or ``trajectory`` where each has a number (or field) of its own, else None.
    """

    name: str
    value: float
    fitted: bool
    lower: float = -INF
    upper: float = INF
    axes: tuple[str, ...] = ()
    unit: str | None = None
    doc: str | None = None
    per: str | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """Values read from the data: a series where `time`, over the grid where it has `axes`; see `InputRef`.

    `rule` is how a series is continued between its times: ``linear``, ``hold`` or ``cubic``.
    """

    name: str
    axes: tuple[str, ...]
    time: bool
    rule: str
    per_trajectory: bool
    unit: str | None
    doc: str | None

    @property
    def ref(self) -> InputRef:
        """A fresh expression for it."""
        return InputRef(self.name, self.axes, self.time)


@dataclass(frozen=True, slots=True)
class Definition:
    """A ``known`` (`known` True) or ``let``; one expression per component."""

    name: str
    known: bool
    components: tuple[Expr, ...]
    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Term:
    """One addend of a right-hand side, sign included.

    `name` is a ``known`` or learned name when the addend is just that (possibly with a sign), else its text.
    `learned` lists the outputs of learned terms it contains, also through definitions.
    """

    name: str
    expr: Expr
    learned: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Equation:
    """``d(channel)/dt = sum of terms``; `text` is the equation as the user wrote it.

    A second-order state has two: ``dt(w) = <velocity>`` is implicit (not listed); the one listed evolves ``dt(w)``'s
    channel.
    """

    channel: str
    terms: tuple[Term, ...]
    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class SolvedState:
    """``0 = residual`` for a state that is solved for at every evaluation; its channel is none of the state tensor.

    Parameters
    ----------
    channel : Channel
    residual : Expr
    form : AffineForm
        The residual as an operator on the channel.
    up_to_constant : bool
        Whether equation and walls leave a constant open; its mean is then 0.
    text : str
    span : Span
    """

    channel: Channel
    residual: Expr
    form: AffineForm
    up_to_constant: bool
    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class InitialValue:
    """`kind` is ``expression``, ``data``, ``fit`` or ``encode``.

    `expr` is the formula, of ``encode`` one with a learned term of past frames; of ``fit`` it is where a fit starts,
    between `lower` and `upper`.
    """

    channel: str
    kind: str
    expr: Expr | None = None
    lower: float = -INF
    upper: float = INF


@dataclass(frozen=True, slots=True)
class Observation:
    """``observe y = expr``: what the data hold under a name.

    `channels` are what its components are called along C of data: those of the state of that name, where there is one
    (`of_state`). `components` is empty where the data hold that state itself.
    """

    name: str
    channels: tuple[Channel, ...]
    components: tuple[Expr, ...]
    of_state: bool
    text: str
    doc: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class Law:
    """A scalar of the whole system that should be ``constant``, ``increasing`` or ``decreasing``."""

    name: str
    expr: Expr
    trend: str
    text: str


@dataclass(frozen=True, slots=True)
class PenaltyTerm:
    """An extra cost, averaged over domain and time."""

    name: str
    expr: Expr
    text: str


@dataclass(frozen=True)
class Model:
    """Everything a file says, checked.

    `defaults` are sentences that announce what the file did not say; `warnings` did not stop the check. `noise`
    maps a channel to the standard deviation given by ``observe u noise 0.1``, `noise_fitted` lists those of ``noise
    fit``. `observations` is empty where no ``observe`` is written: the data then hold every state that is not hidden.
    `unobserved` are channels that the data do not hold, beyond the first frame at best. `encoders` are learned terms
    that only initial values use. `solved` holds the states that
    ``0 = … for p`` gives, each after those that its equation reads.
    `schemes` are those of first derivatives
    that transport (`eqdsl.model.transport`), `transport` says in words which these are.
    """

    name: str
    doc: str | None
    source: SourceText
    axes: tuple[Axis, ...]
    time: str
    time_unit: str | None
    fields: tuple[Field, ...]
    channels: tuple[Channel, ...]
    parameters: tuple[Parameter, ...]
    learned: tuple[LearnedTerm, ...]
    definitions: Mapping[str, Definition]
    equations: tuple[Equation, ...]
    walls: tuple[WallCondition, ...]
    initial: tuple[InitialValue, ...]
    noise: Mapping[str, float]
    laws: tuple[Law, ...]
    penalties: tuple[PenaltyTerm, ...]
    encoders: tuple[str, ...] = ()
    solved: tuple[SolvedState, ...] = ()
    inputs: tuple[Input, ...] = ()
    order: int = 2
    schemes: Schemes = field(default_factory=Schemes)
    transport: tuple[str, ...] = ()
    defaults: tuple[str, ...] = ()
    warnings: tuple[Diagnostic, ...] = field(default=())
    observations: tuple[Observation, ...] = ()
    unobserved: frozenset[str] = frozenset()
    noise_fitted: tuple[str, ...] = ()

    @property
    def dimension(self) -> int:
        """Number of space axes."""
        return len(self.axes)

    @property
    def acting(self) -> tuple[LearnedTerm, ...]:
        """The learned terms that are part of the law: all but encoders."""
        return tuple(term for term in self.learned if term.name not in self.encoders)

    @property
    def hidden(self) -> tuple[int, ...]:
        """Positions of the channels that are never in the data, not even at first frames."""
        kinds = {i.channel: i.kind for i in self.initial}
        return tuple(
            i for i, c in enumerate(self.channels) if c.name in self.unobserved and kinds.get(c.name) != "data"
        )

    @property
    def memory(self) -> int:
        """Frames that learned terms look back on, encoders included; 0 where none does."""
        return max((i.back + 1 for term in self.learned for i in term.inputs if isinstance(i, PastRef)), default=0)

    @property
    def looks_back(self) -> bool:
        """Whether past frames are part of the law."""
        return any(isinstance(i, PastRef) for term in self.acting for i in term.inputs)

    @property
    def guessed(self) -> bool:
        """Whether the start of some hidden state is fitted or encoded: no rollout tells its size before a fit."""
        return any(self.initial[i].kind in ("fit", "encode") for i in self.hidden)

    def starts(self, kind: str) -> tuple[InitialValue, ...]:
        """The initial values of a kind."""
        return tuple(i for i in self.initial if i.kind == kind)

    @property
    def channel_names(self) -> tuple[str, ...]:
        """Names of the state tensor's channels, in order."""
        return tuple(c.name for c in self.channels)

    @property
    def data_channels(self) -> tuple[Channel, ...]:
        """The channels of data: those of the state tensor, then what is observed under names of its own."""
        own = (c for o in self.observations if not o.of_state for c in o.channels)
        return (*self.channels, *own)

    @property
    def data_channel_names(self) -> tuple[str, ...]:
        """Names of the channels of data, in order."""
        return tuple(c.name for c in self.data_channels)

    @property
    def observes_states(self) -> bool:
        """Whether the data hold every state as it is, and nothing else."""
        return not self.unobserved and not any(o.components for o in self.observations)

    def data_channel(self, name: str) -> Channel:
        """The channel of data, or the state that is solved for, of that name."""
        return next(c for c in (*self.data_channels, *(s.channel for s in self.solved)) if c.name == name)

    def channel(self, name: str) -> Channel:
        """The channel of that name, evolved or solved for."""
        return next(c for c in (*self.channels, *(s.channel for s in self.solved)) if c.name == name)

    def solved_state(self, name: str) -> SolvedState | None:
        """The state of that name if it is solved for."""
        return next((s for s in self.solved if s.channel.name == name), None)

    def axis(self, name: str) -> Axis:
        """The axis of that name."""
        return next(a for a in self.axes if a.name == name)

    def parameter(self, name: str) -> Parameter:
        """The parameter of that name."""
        return next(p for p in self.parameters if p.name == name)

    def input(self, name: str) -> Input:
        """The input of that name."""
        return next(i for i in self.inputs if i.name == name)

    @property
    def driven_walls(self) -> tuple[WallCondition, ...]:
        """The walls whose values are read from the data."""
        return tuple(w for w in self.walls if w.from_data)

    @property
    def scopes(self) -> tuple[str, ...]:
        """`ENVIRONMENT` and `TRAJECTORY`, as far as anything has a value for each."""
        found = {p.per for p in self.parameters} | {ENVIRONMENT for t in self.learned if t.scope is not None}
        return tuple(scope for scope in (ENVIRONMENT, TRAJECTORY) if scope in found)

    def of_scope(self, scope: str) -> tuple[str, ...]:
        """Names of the parameters and learned terms that have a value for each."""
        terms = [t.name for t in self.learned if t.scope is not None and scope == ENVIRONMENT]
        return (*(p.name for p in self.parameters if p.per == scope), *terms)

    def learned_term(self, name: str) -> LearnedTerm:
        """The learned term of that name."""
        return next(term for term in self.learned if term.name == name)

    def _repr_latex_(self) -> str:
        """What a notebook shows."""
        from eqdsl.model.latex import latex

        return f"$$\n{latex(self)}\n$$"
