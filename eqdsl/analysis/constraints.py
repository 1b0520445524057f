"""What may stand after ``with``: values at points, ranges, parity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eqdsl.analysis.constants import INF, ConstantReader
from eqdsl.analysis.contradictions import contradiction
from eqdsl.analysis.expressions import ExpressionChecker
from eqdsl.analysis.symbols import LearnedInfo
from eqdsl.analysis.walk import walk
from eqdsl.core import limits
from eqdsl.core.diagnostics import Diagnostic, error
from eqdsl.model.expr import Expr
from eqdsl.model.model import Constraint, Parity, Pinned, Range
from eqdsl.model.text import expr_text
from eqdsl.operators.base import count_text
from eqdsl.syntax import nodes

NOT_BUILT = {"increasing": "E0933", "decreasing": "E0933", "div": "E0934", "mean": "E0935"}
FORMS = "`f(0, v) = 0`, `f >= 0`, `f in [0, 1]`, `odd(u)`, `even(u)`"


@dataclass
class ConstraintReader:
    """Reads the constraints of one ``learned`` statement.

    Parameters
    ----------
    heads : dict
        The names of the statement and how each is called.
    input_names : tuple of str
        Texts of the flat inputs.
    """

    heads: dict[str, LearnedInfo]
    input_names: tuple[str, ...]
    checker: ExpressionChecker
    constants: ConstantReader
    problems: list[Diagnostic]

    def read(self, written: Sequence[nodes.Expression]) -> tuple[Constraint, ...]:
        """All constraints; ranges of one output are merged into one."""
        pinned: list[Pinned] = []
        ranges: dict[int, Range] = {}
        parities: list[Parity] = []
        agree = True
        for node in self._few(written):
            before = len(pinned)
            for constraint in self._one(node):
                match constraint:
                    case Pinned():
                        pinned.append(constraint)
                    case Range(output, lower, upper):
                        old = ranges.get(output, Range(output, -INF, INF))
                        ranges[output] = Range(output, max(lower, old.lower), min(upper, old.upper))
                    case Parity():
                        parities.append(constraint)
            if agree:
                agree = self._agree(node, pinned, before, ranges, parities)
        return (*pinned, *ranges.values(), *parities)

    def _few(self, written: Sequence[nodes.Expression]) -> Sequence[nodes.Expression]:
        """Those that are looked at; what is too many for a file is too many for a network as well."""
        if len(written) > limits.MAX_CONSTRAINTS:
            self.problems.append(
                error(
                    "E0817",
                    f"this learned term has {len(written)} constraints, at most {limits.MAX_CONSTRAINTS} are read",
                    written[limits.MAX_CONSTRAINTS].span,
                    "one too many",
                    help="a value at many points is data: put it into the data file",
                )
            )
        return written[: limits.MAX_CONSTRAINTS]

    def _one(self, node: nodes.Expression) -> Sequence[Constraint]:
        match node:
            case nodes.Comparison(operator="=", left=nodes.Call(name=name) as call, right=right) if name in self.heads:
                return self._pinned(call, right)
            case nodes.Comparison(left=nodes.Call(name=name)) | nodes.Call(name=name) if name in NOT_BUILT:
                self.problems.append(
                    error(
                        NOT_BUILT[name],
                        f"the constraint `{name}(…)` is not built yet",
                        node.span,
                        "not built yet",
                        help=self._stream_function() if name == "div" else f"built are {FORMS}",
                    )
                )
                return ()
            case nodes.Comparison(operator=operator, left=left, right=right) if operator in ("<", "<=", ">", ">="):
                return self._inequality(node, operator, left, right)
            case nodes.Membership(value=value, interval=interval):
                outputs = self._outputs(value)
                ends = self.constants.interval(interval, "the range of a learned term")
                if outputs is None:
                    return self._not_understood(node)
                return [Range(o, *ends) for o in outputs] if ends else ()
            case nodes.Call(name="odd" | "even" as name, arguments=arguments) if arguments:
                return self._parity(name, arguments)
        return self._not_understood(node)

    def _stream_function(self) -> str:
        """How to write a velocity without divergence today."""
        axes = self.checker.space.names
        if len(axes) != 2:
            return f"built are {FORMS}"
        name, inputs = next(iter(self.heads)), ", ".join(self.input_names)
        velocity = f"let {name} = (d{axes[1]}(psi), -d{axes[0]}(psi))"
        return f"learn its stream function: `learned psi({inputs})`, `{velocity}`; its divergence is 0 by construction"

    def _not_understood(self, node: nodes.Expression) -> Sequence[Constraint]:
        names = ", ".join(f"`{n}`" for n in self.heads)
        self.problems.append(
            error(
                "E0815",
                "this is not a constraint that can be built in",
                node.span,
                "not understood",
                note=f"the learned terms of this statement are {names}",
                help=f"write one of {FORMS}",
            )
        )
        return ()

    def _outputs(self, node: nodes.Expression) -> list[int] | None:
        """Positions of the outputs that ``f`` or ``w.x`` means."""
        base = node.base if isinstance(node, nodes.Component) else node
        if not isinstance(base, nodes.Name) or base.name not in self.heads:
            return None
        info = self.heads[base.name]
        if not isinstance(node, nodes.Component):
            return [i for i, _ in info.outputs]
        return [i for i, name in info.outputs if name == f"{base.name}.{node.component}"] or None

    def _inequality(
        self, node: nodes.Expression, operator: str, left: nodes.Expression, right: nodes.Expression
    ) -> Sequence[Constraint]:
        outputs, bound = self._outputs(left), right
        upward = operator in (">", ">=")
        if outputs is None:
            outputs, bound, upward = self._outputs(right), left, not upward
        if outputs is None:
            return self._not_understood(node)
        value = self.constants.number(bound, "the bound of a learned term")
        if value is None:
            return ()
        return [Range(o, value, INF) if upward else Range(o, -INF, value) for o in outputs]

    def _pinned(self, call: nodes.Call, right: nodes.Expression) -> Sequence[Constraint]:
        info = self.heads[call.name]
        if call.keywords:
            self.problems.append(
                error(
                    "E0412",
                    f"the inputs of `{call.name}` are given by position",
                    call.keywords[0].span,
                    "named argument",
                    help=f"write `{call.name}(0) = 0`",
                )
            )
            return ()
        if len(call.arguments) != len(info.ranks):
            self.problems.append(
                error(
                    "E0401",
                    f"`{call.name}` takes {count_text((len(info.ranks),) * 2)}, {len(call.arguments)} given",
                    call.span,
                    f"{len(call.arguments)} given",
                    help="give a number for each input, or the input itself to leave it free",
                )
            )
            return ()
        at: list[tuple[int, float]] = []
        index = 0
        for argument, vector in zip(call.arguments, info.ranks, strict=True):
            width = len(self.checker.space.axes) if vector else 1
            values = self._pins(argument, width, self.input_names[index : index + width])
            if values is None:
                return ()
            at.extend((index + i, v) for i, v in enumerate(values))
            index += width
        if not at:
            self.problems.append(
                error(
                    "E0815",
                    "this fixes the learned term everywhere",
                    call.span,
                    "no number among the inputs",
                    help=f"give a number for an input, such as `{call.name}(0) = 0`",
                )
            )
            return ()
        items = right.items if isinstance(right, nodes.Tuple) else (right,) * len(info.outputs)
        if len(items) != len(info.outputs):
            self.problems.append(
                error(
                    "E0403",
                    f"`{call.name}` has {len(info.outputs)} components",
                    right.span,
                    f"{len(items)} given",
                    help="give one number per component",
                )
            )
            return ()
        found = [self.constants.number(item, "the value at a point") for item in items]
        return [Pinned(o, tuple(at), v) for (o, _), v in zip(info.outputs, found, strict=True) if v is not None]

    def _pins(self, argument: nodes.Expression, width: int, names: tuple[str, ...]) -> list[float] | None:
        """Values that an argument fixes: none when it is the input itself; None after a message."""
        if any(isinstance(n, nodes.Name) and n.name != "pi" for n in walk(argument)):
            value = self.checker.value(argument)
            if value is None:
                return None
            if tuple(self._text(c) for c in value.components) == names:
                return []
            self.problems.append(
                error(
                    "E0815",
                    "an input must be a number here, or the declared input itself",
                    argument.span,
                    "neither",
                    help=f"write `{names[0]}` to leave this input free, or a number",
                )
            )
            return None
        items = argument.items if isinstance(argument, nodes.Tuple) else (argument,) * width
        values = [self.constants.number(item, "an input at a point") for item in items[:width]]
        return [v for v in values if v is not None] if len(items) == width and None not in values else None

    def _parity(self, name: str, arguments: Sequence[nodes.Expression]) -> Sequence[Constraint]:
        found = []
        for argument in arguments:
            value = self.checker.value(argument)
            if value is None:
                continue
            for component in value.components:
                text = self._text(component)
                if text not in self.input_names:
                    shown = ", ".join(f"`{n}`" for n in self.input_names)
                    self.problems.append(
                        error(
                            "E0815",
                            f"`{name}` takes an input of the learned term",
                            argument.span,
                            "not an input",
                            help=f"the inputs are {shown}",
                        )
                    )
                    break
                found.append(Parity(self.input_names.index(text), name == "odd"))
        return found

    def _text(self, expr: Expr) -> str:
        """The text of an expression as the texts of the inputs were made."""
        return expr_text(expr, time=self.checker.scope.time)

    def _agree(
        self,
        node: nodes.Expression,
        pinned: Sequence[Pinned],
        before: int,
        ranges: dict[int, Range],
        parities: Sequence[Parity],
    ) -> bool:
        """Whether the constraints so far can hold together; those up to `before` among the pinned ones do."""
        reason = contradiction(pinned, before, ranges, parities)
        if reason is not None:
            self.problems.append(
                error(
                    "E0816",
                    f"these constraints cannot hold together: {reason}",
                    node.span,
                    "contradicts the others",
                    help="leave one of them out",
                )
            )
        return reason is None
