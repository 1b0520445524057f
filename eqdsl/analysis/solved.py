"""``0 = expr for p``: the state follows from the others by an equation that is linear in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eqdsl.analysis.expressions import ExpressionChecker
from eqdsl.analysis.written import written
from eqdsl.boundary.base import is_zero
from eqdsl.core.diagnostics import Diagnostic, Label, error
from eqdsl.model.affine import AffineReader, NotAffine
from eqdsl.model.expr import Expr, LearnedCall
from eqdsl.model.model import Channel, Field, SolvedState
from eqdsl.model.operator_form import AffineForm
from eqdsl.model.text import expr_text
from eqdsl.model.walls import WallCondition
from eqdsl.syntax import nodes


@dataclass(frozen=True)
class SolvedReader:
    """Reads the equations of states that are solved for; what is wrong goes to `problems`."""

    checker: ExpressionChecker
    problems: list[Diagnostic]

    def channels(self, fields: Sequence[Field]) -> tuple[Channel, ...]:
        """The channels of these states; a vector is refused."""
        found = []
        for field in (f for f in fields if f.time_order == 0):
            if field.vector:
                names = ", ".join(f"{field.name}{a}({', '.join(field.axes)})" for a in field.axes)
                self.problems.append(
                    error(
                        "E0518",
                        f"the vector `{field.name}` cannot be solved for: that is built for scalars",
                        field.span,
                        "vector",
                        help=f"declare its components, `state {names}`, each with an equation of its own",
                    )
                )
                continue
            found.append(Channel(field.name, field.name, None, False, not field.axes))
        return tuple(found)

    def read(
        self, statements: Sequence[nodes.Statement], channels: Sequence[Channel], walls: Sequence[WallCondition]
    ) -> tuple[SolvedState, ...]:
        """The states, each after those that its equation reads."""
        wanted = {c.name: c for c in channels}
        found: dict[str, tuple[nodes.Elliptic, SolvedState]] = {}
        for statement in statements:
            if isinstance(statement, nodes.Elliptic) and statement.state in wanted and statement.state not in found:
                state = self._state(statement, wanted[statement.state], walls)
                if state is not None:
                    found[statement.state] = (statement, state)
        return self._in_order(found)

    def _state(self, statement: nodes.Elliptic, channel: Channel, walls: Sequence[WallCondition]) -> SolvedState | None:
        residual = self.checker.scalar(statement.value, "an equation to be solved")
        if residual is None or not self._uniform(statement, channel, residual):
            return None
        form = self._form(statement, residual)
        if form is None:
            return None
        own = [w for w in walls if w.channel == channel.name]
        open_constant = form.constant_free and all(is_zero(w.value_coefficient) for w in own)
        text = written(self.checker.source, statement.span)
        return SolvedState(channel, residual, form, open_constant, text, statement.span)

    def _uniform(self, statement: nodes.Elliptic, channel: Channel, residual: Expr) -> bool:
        """Whether the equation of a plain variable is the same everywhere."""
        if not channel.uniform or not self.checker.space.facts.of(residual).axes:
            return True
        shown = written(self.checker.source, statement.value.span)
        axes = ", ".join(self.checker.space.names)
        self.problems.append(
            error(
                "E0505",
                f"`{channel.name}` is one number, but its equation varies in space",
                statement.value.span,
                "varies in space",
                second=Label(self.checker.symbols.states[channel.name].span, "one number"),
                help=f"write `0 = mean({shown}) for {channel.name}`, or declare `state {channel.name}({axes})`",
            )
        )
        return False

    def _form(self, statement: nodes.Elliptic, residual: Expr) -> AffineForm | None:
        name, facts = statement.state, self.checker.space.facts
        try:
            form = AffineReader(name, facts).form(residual)
        except NotAffine as found:
            self._not_linear(statement, found.part)
            return None
        if form.exact and not form.terms:
            there = name in facts.of(residual).channels
            self.problems.append(
                error(
                    "E0516",
                    f"`{name}` cancels in this equation" if there else f"this equation does not hold `{name}`",
                    statement.value.span,
                    f"nothing is left of `{name}`" if there else f"no `{name}`",
                    second=Label(statement.state_span, "to be solved for"),
                    help=f"write an equation that gives `{name}`, such as `0 = lap({name}) - f for {name}`"
                    if self.checker.space.axes
                    else f"write an equation that gives `{name}`, such as `0 = a*{name} - u for {name}`",
                )
            )
            return None
        return form

    def _not_linear(self, statement: nodes.Elliptic, part: Expr) -> None:
        name, time = statement.state, self.checker.scope.time
        shown = expr_text(part, time=time)
        learned = isinstance(part, LearnedCall)
        reason = f"the learned term `{part.name}` sees `{name}`" if isinstance(part, LearnedCall) else (
            f"`{shown}` is not linear in `{name}`"
        )  # fmt: skip
        self.problems.append(
            error(
                "E0515",
                f"an equation to be solved must be linear in its state: {reason}",
                statement.value.span,
                "learned" if learned else "not linear",
                second=Label(statement.state_span, "to be solved for"),
                note="nonlinear equations to be solved are not built",
                help=f"write an evolution that relaxes quickly, `dt({name}) = …`"
                + (f", or let `{part.name}` see other states" if isinstance(part, LearnedCall) else ""),
            )
        )

    def _in_order(self, found: dict[str, tuple[nodes.Elliptic, SolvedState]]) -> tuple[SolvedState, ...]:
        """Each state after those it reads; a circle is refused once."""
        facts = self.checker.space.facts
        reads = {
            name: sorted((facts.of(state.residual).channels & set(found)) - {name})
            for name, (_, state) in found.items()
        }
        done: list[str] = []
        while len(done) < len(found):
            ready = [n for n in found if n not in done and all(r in done for r in reads[n])]
            if not ready:
                self._circle([n for n in found if n not in done], reads, found)
                return ()
            done += ready
        return tuple(found[name][1] for name in done)

    def _circle(
        self,
        left: Sequence[str],
        reads: dict[str, list[str]],
        found: dict[str, tuple[nodes.Elliptic, SolvedState]],
    ) -> None:
        path = [left[0]]
        while path[-1] not in path[:-1]:
            path.append(next(r for r in reads[path[-1]] if r in left))
        path = path[path.index(path[-1]) :]
        shown = " → ".join(f"`{n}`" for n in path)
        self.problems.append(
            error(
                "E0517",
                f"states are solved for in a circle: {shown}",
                found[path[0]][0].span,
                f"needs `{path[1]}`",
                second=Label(found[path[1]][0].span, f"needs `{path[2] if len(path) > 2 else path[0]}`"),
                help="put one equation into the other, or let one of the states evolve, `dt(…) = …`",
            )
        )
