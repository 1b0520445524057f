"""``Model + Grid -> Program``: which expressions of a model become outputs."""

from __future__ import annotations

from collections.abc import Mapping

from eqdsl.core.errors import UsageError
from eqdsl.lowering.builder import Value
from eqdsl.lowering.expressions import ExpressionLowering
from eqdsl.lowering.halo import Reach
from eqdsl.lowering.program import CarriedOutputs, EquationOutputs, FlowOutputs, Output, Program
from eqdsl.lowering.transport import TransportLowering
from eqdsl.model.expr import ChannelRef, Expr, LearnedCall, Reduction
from eqdsl.model.model import Equation, Model, least_points
from eqdsl.model.semilagrangian import Carried, split
from eqdsl.numerics.grid import Grid
from eqdsl.numerics.interpolation.table import FLOW, INTERPOLATIONS


class Lowering:
    """What is taken from a model on a grid.

    Parameters
    ----------
    model, grid, radii
        As `ExpressionLowering` takes them.
    around : ExpressionLowering, optional
        The one whose steps these join.
    """

    def __init__(
        self, model: Model, grid: Grid, radii: Mapping[str, int], around: ExpressionLowering | None = None
    ) -> None:
        self.model, self.grid, self.radii = model, grid, radii
        self._expressions = ExpressionLowering(model, grid, radii, around)
        self._transport = TransportLowering(self._expressions) if model.schemes else None

    def program(self) -> Program:
        """The program of the whole model."""
        equations = self._equations()
        flow = self._flow()
        return Program(
            equations=equations,
            named=self._definitions(),
            learned=self._learned_outputs(),
            inputs=self._learned_inputs(),
            laws=self._laws(),
            penalties=tuple(self._penalty(p.name, p.expr) for p in self.model.penalties),
            initial=self._initial(),
            constrained=self._constrained(),
            solved=self._solved(),
            observed=self._observed(),
            flow=flow,
            steps=tuple(self._expressions.builder.steps),
        )

    def _whole(self, expr: Expr, what: str) -> Value:
        """The value of a whole expression on the grid; `what` it is, for messages.

        Raises
        ------
        UsageError
            It reaches farther beyond the grid than the grid itself is wide.
        """
        value = self._expressions.lower(expr, self._expressions.zero)
        self._verify_reach(what)
        return value

    def _verify_reach(self, what: str) -> None:
        for axis, reach in zip(self.grid.axes, self._expressions.widest, strict=True):
            if reach > axis.points:
                smaller = " or a smaller `kernel`" if any(self.radii.values()) else ""
                raise UsageError(
                    f"{what} reaches {reach} points beyond each end of `{axis.name}`, which has {axis.points} points",
                    help=f"use at least {reach} points along `{axis.name}`{smaller}",
                )

    def _terms(self, equation: Equation) -> list[Value]:
        if self._transport is None:
            return [self._whole(t.expr, f"the term `{t.name}` of `{equation.channel}`") for t in equation.terms]
        values = self._transport.terms(equation)
        self._verify_reach(f"the equation of `{equation.channel}`")
        return values

    def _equations(self) -> tuple[EquationOutputs, ...]:
        return tuple(self._equation(c.name) for c in self.model.channels)

    def _equation(self, name: str) -> EquationOutputs:
        number = self.model.channel_names.index(name)
        equation = next((e for e in self.model.equations if e.channel == name), None)
        if equation is None:
            velocity = ChannelRef(f"dt({name})")
            terms: tuple[Output, ...] = (Output(velocity.channel, self._whole(velocity, velocity.channel).number),)
            total = self._whole(velocity, velocity.channel)
        else:
            values = self._terms(equation)
            terms = tuple(Output(t.name, v.number) for t, v in zip(equation.terms, values, strict=True))
            total = values[0] if len(values) == 1 else self._expressions.builder.apply("add", *values)
        total = self._expressions.walls.rate(total, name)
        return EquationOutputs(number, terms, total.number)

    def _flow(self) -> FlowOutputs | None:
        """What semi-Lagrangian steps need."""
        parts, kernel = split(self.model), self.model.schemes.kernel
        if parts is None or kernel is None:
            return None
        carried = tuple(self._carried(c, kernel) for c in parts.carried)
        rest: tuple[int, ...] = ()
        if not parts.idle or any(self._expressions.walls.replaces(c.name) for c in self.model.channels):
            inner = Lowering(parts.rest, self.grid, self.radii, self._expressions)
            rest = tuple(e.total for e in inner._equations())
        return FlowOutputs(kernel, carried, rest)

    def _carried(self, carried: Carried, kernel: str) -> CarriedOutputs:
        beyond, around = (
            tuple(Reach(table[kernel].ghosts) for _ in self.grid.axes) for table in (INTERPOLATIONS, FLOW)
        )
        lower = self._expressions.lower
        values = lower(ChannelRef(carried.channel), beyond)
        velocity = tuple(lower(w, around).number for w in carried.velocity)
        diffusivity = tuple(lower(d, self._expressions.zero).number for d in carried.diffusivity)
        self._verify_reach(f"the flow that carries `{carried.channel}`")
        return CarriedOutputs(self.model.channel_names.index(carried.channel), values.number, velocity, diffusivity)

    def _definitions(self) -> tuple[Output, ...]:
        outputs = []
        for definition in self.model.definitions.values():
            if not definition.known:
                continue
            for index, body in enumerate(definition.components):
                suffix = f".{self.model.axes[index].name}" if len(definition.components) > 1 else ""
                outputs.append(Output(definition.name + suffix, self._whole(body, f"`{definition.name}`").number))
        return tuple(outputs)

    def _learned_outputs(self) -> tuple[Output, ...]:
        return tuple(
            Output(name, self._whole(LearnedCall(term.name, term.inputs, index, name), f"`{name}`").number)
            for term in self.model.acting
            for index, name in enumerate(term.outputs)
        )

    def _learned_inputs(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        return tuple(
            (term.name, tuple(self._whole(i, f"an input of `{term.name}`").number for i in term.inputs))
            for term in self.model.learned
        )

    def _laws(self) -> tuple[Output, ...]:
        return tuple(Output(law.name, self._whole(law.expr, f"the law `{law.name}`").number) for law in self.model.laws)

    def _penalty(self, name: str, expr: Expr) -> Output:
        return Output(name, self._whole(Reduction("mean", expr), f"the penalty `{name}`").number)

    def _initial(self) -> tuple[Output, ...]:
        return tuple(
            Output(i.channel, self._whole(i.expr, f"the initial value of `{i.channel}`").number)
            for i in self.model.initial
            if i.kind in ("expression", "encode") and i.expr is not None
        )

    def _observed(self) -> tuple[Output, ...]:
        return tuple(
            Output(channel.name, self._whole(expr, f"what is observed as `{channel.name}`").number)
            for observation in self.model.observations
            for channel, expr in zip(observation.channels, observation.components, strict=bool(observation.components))
        )

    def _constrained(self) -> tuple[Output, ...]:
        return tuple(
            Output(c.name, self._whole(ChannelRef(c.name), f"`{c.name}`").number)
            for c in self.model.channels
            if self._expressions.walls.replaces(c.name)
        )

    def _solved(self) -> tuple[Output, ...]:
        names = [s.channel.name for s in self.model.solved]
        return tuple(Output(n, self._whole(ChannelRef(n), f"the equation of `{n}`").number) for n in names)


def lower(model: Model, grid: Grid, radii: Mapping[str, int]) -> Program:
    """The program of a model on a grid.

    Raises
    ------
    UsageError
        The grid has too few points for the stencils, the walls or the neighbourhood of a learned term.
    """
    least = least_points(model.order)
    for axis in grid.axes:
        if axis.points < least:
            raise UsageError(
                f"{axis.points} points along `{axis.name}` are too few for stencils of order {model.order}",
                help=f"use at least {least}",
            )
    return Lowering(model, grid, radii).program()
