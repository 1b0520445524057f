"""Syntax nodes to checked expressions: every name resolved, every rank known, vector calculus expanded by axes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from eqdsl.analysis.calls import CallChecker
from eqdsl.analysis.combining import by_component, power_of, product_of, sum_of, verify_same_ranks
from eqdsl.analysis.scope import Kind, Scope, Symbol
from eqdsl.analysis.spelling import other_notation
from eqdsl.analysis.symbols import Symbols
from eqdsl.analysis.walk import left_spine, nesting
from eqdsl.core import limits
from eqdsl.core.diagnostics import Diagnostic, error
from eqdsl.core.source import SourceText
from eqdsl.model.arithmetic import BadNumber, negate
from eqdsl.model.expr import ChannelRef, Const, Coordinate, DefinitionRef, Expr, ParamRef, TimeRef
from eqdsl.operators.base import Argument, Rejection, Space, Value
from eqdsl.operators.table import OPERATORS
from eqdsl.syntax import nodes

MAX_NESTING = 60
"""Levels of one expression as written (chosen: far above honest models, far below Python's own limit)."""

MAX_WRITTEN_OUT_DEPTH = 150
"""Levels of an expression with its definitions written out; later stages recurse that deep."""

MAX_SIZE = 10_000
"""Nodes of one expression after expansion; a definition counts as one."""


class ExpressionChecker:
    """Turns expressions into values and collects what is wrong with them.

    Parameters
    ----------
    source, scope, symbols, space
        The text, its names, what they stand for, and the axes.
    problems : list of Diagnostic
        Findings are appended here; an expression with an error gives None, and None in gives None out, so that one
        mistake is reported once.
    """

    def __init__(
        self, source: SourceText, scope: Scope, symbols: Symbols, space: Space, problems: list[Diagnostic]
    ) -> None:
        self.source = source
        self.scope = scope
        self.symbols = symbols
        self.space = space
        self.problems = problems
        self._calls = CallChecker(self)
        self._exhausted = False

    def value(self, node: nodes.Expression, *, normal: bool = False) -> Value | None:
        """The value of a whole expression; with `normal`, ``dn(u)`` is allowed."""
        if nesting(node) > MAX_NESTING:
            self.problems.append(
                error(
                    "E0409",
                    f"this expression is nested more than {MAX_NESTING} levels deep",
                    node.span,
                    "too deep",
                    help="name parts of it with `let`",
                )
            )
            return None
        self._calls.normal_allowed = normal
        return self.check(node)

    def scalar(self, node: nodes.Expression, what: str, *, normal: bool = False) -> Expr | None:
        """The value of a whole expression that must be a scalar; `what` names it in the message."""
        value = self.value(node, normal=normal)
        if value is None:
            return None
        if value.vector:
            self.problems.append(
                error(
                    "E0404",
                    f"{what} must be a scalar, this is a vector",
                    node.span,
                    "vector",
                    help="take a component such as `w.x`, or `norm(w)`",
                )
            )
            return None
        return value.scalar

    def _of_bounded_size(self, value: Value | None, node: nodes.Expression) -> Value | None:
        """The value itself; refused as soon as a part is too large, so that nothing is built on top of it."""
        if value is None:
            return None
        facts = [self.space.facts.of(c) for c in value.components]
        if len(self.space.facts) > limits.MAX_FILE_NODES:
            self._exhausted = True
            raise Rejection(
                error(
                    "E0409",
                    f"written out, the expressions of this file exceed {limits.MAX_FILE_NODES:,} parts together",
                    node.span,
                    "the limit is passed here",
                    note="nothing below was checked",
                    help="leave out some of the nested operators; what is used twice is written once, with `let`",
                )
            )
        if all(f.size <= MAX_SIZE and f.depth <= MAX_WRITTEN_OUT_DEPTH for f in facts):
            return value
        raise Rejection(
            error(
                "E0409",
                f"written out, this expression exceeds {MAX_SIZE:,} parts or {MAX_WRITTEN_OUT_DEPTH} levels",
                node.span,
                "too large",
                help="leave out some of the nested operators",
            )
        )

    # ------------------------------------------------------------------------------------------- one node

    def check(self, node: nodes.Expression) -> Value | None:
        """The value of a node, or None after a message."""
        if self._exhausted:
            return None
        try:
            return self._of_bounded_size(self._check(node), node)
        except Rejection as rejection:
            self.problems.append(rejection.diagnostic)
        except BadNumber as reason:
            self.problems.append(
                error(
                    "E0410",
                    f"this number has no value: {reason}",
                    node.span,
                    str(reason),
                    help="change the numbers so that the result is finite",
                )
            )
        return None

    def _check(self, node: nodes.Expression) -> Value | None:
        match node:
            case nodes.Number(value=value):
                return Value((Const(value),))
            case nodes.Name():
                return self._name(node)
            case nodes.Unary(operator=sign, operand=operand):
                inner = self.check(operand)
                return inner if sign == "+" or inner is None else by_component(inner, negate)
            case nodes.Binary(operator=operator):
                return self._binary(node, operator)
            case nodes.Call():
                return self._calls.call(node)
            case nodes.TimeDerivative():
                return self._calls.velocity(node)
            case nodes.Component():
                return self._component(node)
            case nodes.Tuple():
                return self._tuple(node)
            case nodes.Comparison():
                raise Rejection(
                    error(
                        "E0411",
                        "a comparison stands outside `ifelse`",
                        node.span,
                        "no number",
                        help="write `ifelse(a < b, 1, 0)`",
                    )
                )
        raise Rejection(
            error("E0412", "a text cannot stand in an expression", node.span, "text", help="write a number or a name")
        )

    # ------------------------------------------------------------------------------------------- names

    def _name(self, node: nodes.Name) -> Value | None:
        name = node.name
        if name == "pi":
            return Value((Const(math.pi),))
        symbol = self.scope.find(name)
        if symbol is None:
            raise Rejection(self._unknown(node))
        return self._resolve(symbol)

    def _resolve(self, symbol: Symbol) -> Value | None:
        name, axes = symbol.name, self.space.names
        if symbol.kind is Kind.AXIS:
            return Value((Coordinate(name),))
        if symbol.kind is Kind.TIME:
            return Value((TimeRef(),))
        if name in self.symbols.states:
            state = self.symbols.states[name]
            return Value(tuple(ChannelRef(c) for c in state.channels(axes)), state.vector)
        if name in self.symbols.parameters:
            return Value((ParamRef(name),))
        if name in self.symbols.inputs:
            return Value((self.symbols.inputs[name].ref,))
        if name in self.symbols.definitions:
            if name not in self.symbols.vectors:
                return Value((DefinitionRef(name),))
            return Value(tuple(DefinitionRef(name, i, a) for i, a in enumerate(axes)), vector=True)
        if name in self.symbols.learned:
            info = self.symbols.learned[name]
            return self._calls.at(info, info.inputs)
        return None

    def _unknown(self, node: nodes.Name) -> Diagnostic:
        name = node.name
        if name in OPERATORS:
            usage = OPERATORS[name].usage
            return error(
                "E0306",
                f"`{name}` is a function and needs its arguments",
                node.span,
                "function",
                help=f"write `{usage}`",
            )
        if name == "inf":
            return error(
                "E0410",
                "`inf` can only be an end of an interval",
                node.span,
                "not a number here",
                help="write a finite number",
            )
        return error(
            "E0301",
            f"`{name}` is not declared",
            node.span,
            "unknown name",
            help=(other_notation(name, self.scope) if self.scope.patient else None)
            or self.scope.nearest(name)
            or f"declare it, for example `param {name} = fit 1`",
        )

    def _component(self, node: nodes.Component) -> Value | None:
        base = self.check(node.base)
        if base is None:
            return None
        axes = self.space.names
        if not base.vector:
            raise Rejection(
                error(
                    "E0407",
                    f"`.{node.component}` is taken of a scalar",
                    node.base.span,
                    "scalar",
                    help="only vectors have components; declare one with `vector state w(x, y)`",
                )
            )
        if node.component not in axes:
            shown = ", ".join(f"`.{a}`" for a in axes)
            raise Rejection(
                error(
                    "E0407",
                    f"a vector has no component `{node.component}`",
                    node.span,
                    "no such axis",
                    help=f"components are named after the axes: {shown}",
                )
            )
        return Value((base.components[axes.index(node.component)],))

    def _tuple(self, node: nodes.Tuple) -> Value | None:
        parts = [self.check(item) for item in node.items]
        if any(p is None for p in parts):
            return None
        axes = self.space.names
        if len(parts) != len(axes):
            have = "no axis" if not axes else f"{len(axes)} {'axis' if len(axes) == 1 else 'axes'}"
            raise Rejection(
                error(
                    "E0403",
                    f"this vector has {len(parts)} components, the space has {have}",
                    node.span,
                    f"{len(parts)} components",
                    help="write one component per axis of `space`"
                    if axes
                    else "declare one state and one equation for each component",
                )
            )
        for part, item in zip(parts, node.items, strict=True):
            if part is not None and part.vector:
                raise Rejection(
                    error(
                        "E0404",
                        "a component of a vector must be a scalar",
                        item.span,
                        "vector",
                        help="take a component such as `w.x`",
                    )
                )
        return Value(tuple(p.scalar for p in parts if p is not None), vector=True)

    # ------------------------------------------------------------------------------------------- arithmetic

    def _binary(self, node: nodes.Expression, operator: str) -> Value | None:
        if operator in "+-":
            first, rest = left_spine(node, "+-")
            parts = self._checked([("+", first), *rest])
            verify_same_ranks([argument for _, argument in parts])
            return sum_of(parts) if len(parts) == len(rest) + 1 else None
        if operator in "*/":
            first, rest = left_spine(node, "*/")
            parts = self._checked([("*", first), *rest])
            return product_of(parts) if len(parts) == len(rest) + 1 else None
        assert isinstance(node, nodes.Binary)
        parts = self._checked([("", node.left), ("^", node.right)])
        return power_of(parts[0][1], parts[1][1]) if len(parts) == 2 else None

    def _checked(self, parts: Sequence[tuple[str, nodes.Expression]]) -> list[tuple[str, Argument]]:
        """The operands without an error, each with its operator."""
        values = [(operator, part, self.check(part)) for operator, part in parts]
        return [(operator, Argument(value, part)) for operator, part, value in values if value is not None]
