"""``observe``: what the data hold, seen through which expression, with which noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from eqdsl.analysis.constants import ConstantReader
from eqdsl.analysis.expressions import ExpressionChecker
from eqdsl.analysis.scope import DATASET_ROLES, Kind
from eqdsl.analysis.symbols import StateInfo
from eqdsl.analysis.written import written
from eqdsl.core.diagnostics import Diagnostic, Label, error
from eqdsl.core.source import Span
from eqdsl.model.expr import ChannelRef
from eqdsl.model.model import Channel, InitialValue, Observation
from eqdsl.operators.base import Value
from eqdsl.syntax import nodes


@dataclass
class Observed:
    """What the ``observe`` statements say."""

    observations: list[Observation] = field(default_factory=list)
    unobserved: set[str] = field(default_factory=set)
    noise: dict[str, float] = field(default_factory=dict)
    fitted: list[str] = field(default_factory=list)


class ObservationReader:
    """Reads the ``observe`` statements.

    Parameters
    ----------
    checker, constants, problems
    channels : sequence of Channel
        Of the state tensor.
    """

    def __init__(
        self, checker: ExpressionChecker, constants: ConstantReader, channels: Sequence[Channel],
        problems: list[Diagnostic],
    ) -> None:  # fmt: skip
        self.checker, self.constants, self.channels, self.problems = checker, constants, channels, problems
        self.found = Observed()
        self.first: dict[str, Span] = {}

    def read(self, statements: Sequence[nodes.Statement], initial: Sequence[InitialValue]) -> Observed:
        """All of them; nothing where none is written."""
        observes = [s for s in statements if isinstance(s, nodes.Observe)]
        for statement in observes:
            if self._is_new(statement) and self._has_free_name(statement):
                observation = self._observation(statement)
                if observation is not None:
                    self.found.observations.append(observation)
                    self._read_noise(statement, observation)
        if observes:
            self._find_unobserved(statements, initial)
        return self.found

    def _report(self, code: str, message: str, span: Span, label: str, **more: object) -> None:
        self.problems.append(error(code, message, span, label, **more))  # type: ignore[arg-type]

    def _is_new(self, statement: nodes.Observe) -> bool:
        if statement.name in self.first:
            self._report(
                "E0509", f"`observe {statement.name}` is written twice", statement.span, "again",
                second=Label(self.first[statement.name], "first"), help="keep one",
            )  # fmt: skip
            return False
        self.first[statement.name] = statement.span
        return True

    def _has_free_name(self, statement: nodes.Observe) -> bool:
        """Whether the name is a state's, or nothing's: it names a dataset."""
        name, symbol = statement.name, self.checker.scope.find(statement.name)
        hidden = self.checker.symbols.states.get(name)
        if hidden is not None and hidden.hidden:
            self._report(
                "E0621", f"`{name}` is hidden and observed", statement.span, "observed",
                second=Label(hidden.span, "hidden"), help=f"leave out `observe {name}`, or declare `state {name}`",
            )  # fmt: skip
            return False
        if symbol is not None and symbol.kind is Kind.STATE:
            return True
        if symbol is not None or name in (*DATASET_ROLES, "t", "environment"):
            what = f"is {symbol.kind.phrase}" if symbol is not None else "has a meaning of its own in data files"
            self._report(
                "E0540", f"what is observed cannot be called `{name}`: that {what}", statement.name_span, "taken",
                help=f"give the dataset another name: `observe {name}_seen = {self._text(statement)}`",
            )  # fmt: skip
            return False
        if statement.value is None:
            near = self.checker.scope.closest(name, self.checker.symbols.states)
            self._report(
                "E0540", f"`{name}` is not a state: what the data hold under that name is not said",
                statement.name_span, "no state",
                help=f"did you mean the state `{near}`?" if near else f"write what it is: `observe {name} = …`",
            )  # fmt: skip
            return False
        return True

    def _text(self, statement: nodes.Observe) -> str:
        return "…" if statement.value is None else written(self.checker.source, statement.value.span)

    def _observation(self, statement: nodes.Observe) -> Observation | None:
        name, node = statement.name, statement.value
        itself = node is None or (isinstance(node, nodes.Name) and node.name == name)
        state = self.checker.symbols.states.get(name)
        symbol = self.checker.scope.find(name)
        if state is None and symbol is not None and symbol.kind is Kind.STATE:
            return None  # its declaration was wrong
        axes = self.checker.space.names
        if itself:
            assert state is not None
            solved = not state.time_order
            names = state.channels(axes)
            channels = tuple(self._channel(state, n, i) for i, n in enumerate(names))
            expressions = tuple(ChannelRef(n) for n in names) if solved else ()
            return Observation(name, channels, expressions, not solved, name, statement.doc, statement.span)
        assert node is not None
        value = self.checker.value(node)
        if value is None or not self._makes_sense(statement, node, value, state):
            return None
        text = self._text(statement)
        if state is not None and state.time_order:
            channels = tuple(self._channel(state, n, i) for i, n in enumerate(state.channels(axes)))
            return Observation(name, channels, value.components, True, text, statement.doc, statement.span)
        uniform = not any(self.checker.space.facts.of(c).axes for c in value.components)
        named = [f"{name}.{a}" for a in axes] if value.vector else [name]
        channels = tuple(
            Channel(n, name, i if value.vector else None, velocity=False, uniform=uniform) for i, n in enumerate(named)
        )
        return Observation(name, channels, value.components, False, text, statement.doc, statement.span)

    def _channel(self, state: StateInfo, name: str, component: int) -> Channel:
        known = next((c for c in self.channels if c.name == name), None)
        return known or Channel(name, state.name, component if state.vector else None, False, not state.axes)

    def _makes_sense(
        self, statement: nodes.Observe, node: nodes.Expression, value: Value, state: StateInfo | None
    ) -> bool:
        """Whether it depends on a state, and is of the shape of the state whose name it takes."""
        facts = [self.checker.space.facts.of(c) for c in value.components]
        name = statement.name
        if not any(f.channels for f in facts):
            self._report(
                "E0514", f"what is observed as `{name}` does not depend on any state", node.span, "no state",
                help="write an expression of states, such as `u` or `integral(u)`",
            )  # fmt: skip
            return False
        if state is None:
            return True
        mine = "vector" if state.vector else "field" if state.axes else "number"
        other = "vector" if value.vector else "field" if any(f.axes for f in facts) else "number"
        if not state.time_order or mine != other:
            why = "is solved for" if not state.time_order else f"is a {mine} and this a {other}"
            self._report(
                "E0540", f"what is observed cannot be called `{name}`: the state of that name {why}", node.span,
                other, second=Label(state.span, "the state"),
                help=f"give it another name: `observe {name}_seen = …`",
            )  # fmt: skip
            return False
        return True

    def _read_noise(self, statement: nodes.Observe, observation: Observation) -> None:
        names = [c.name for c in observation.channels]
        if statement.noise_fitted:
            self.found.fitted += names
        elif statement.noise is not None:
            value = self.constants.number(statement.noise, "the noise")
            if value is not None and value <= 0:
                self._report(
                    "E0514", "the noise must be positive", statement.noise.span, "not positive",
                    help=f"write `observe {statement.name} noise 0.1`, or leave it out",
                )  # fmt: skip
            elif value is not None:
                self.found.noise.update(dict.fromkeys(names, value))

    def _find_unobserved(self, statements: Sequence[nodes.Statement], initial: Sequence[InitialValue]) -> None:
        """States that no ``observe`` gives under their own name: they need a start that is said."""
        said = {(s.state, s.order == 1) for s in statements if isinstance(s, nodes.Init)}
        kinds = {i.channel: i.kind for i in initial}
        told: set[str] = set()
        for channel in self.channels:
            if channel.field in self.first or channel.field not in self.checker.symbols.states:
                continue
            self.found.unobserved.add(channel.name)
            given = kinds.get(channel.name) in ("expression", "encode")
            given |= kinds.get(channel.name) in ("data", "fit") and (channel.field, channel.velocity) in said
            if given or channel.hidden or channel.field in told:
                continue
            told.add(channel.field)
            name = f"dt({channel.field})" if channel.velocity else channel.field
            self._report(
                "E0541", f"`{name}` is not observed, and where it starts is not said",
                self.checker.symbols.states[channel.field].span, "not observed",
                second=Label(next(iter(self.first.values())), "with one `observe`, the data hold what is listed"),
                help=f"write `init {name} = …`"
                + ("" if channel.velocity else f" (or `= data` for the first frame), or `observe {name}`"),
            )  # fmt: skip
