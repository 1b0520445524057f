"""Grammar rules to nodes: one method per statement, in the order of the grammar file."""

from __future__ import annotations

from dataclasses import replace

from lark import Token, v_args

from eqdsl.core.diagnostics import error
from eqdsl.core.source import Span
from eqdsl.syntax import nodes
from eqdsl.syntax.expressions import ExpressionBuilder, NameList, Rate, expressions_in, plain, span_of


def _text(doc: nodes.Text | None) -> str | None:
    return None if doc is None else doc.value


def _word(token: Token | None) -> str | None:
    return None if token is None else str(token)


@v_args(inline=True)
class StatementBuilder(ExpressionBuilder):
    """Builds statements. The parser sets `extent`, from a statement's first to its last token, before each parse."""

    def __init__(self) -> None:
        super().__init__()
        self.extent = Span(0, 0)

    # ------------------------------------------------------------------------------------------ the file as a whole

    def model(self, _model: Token, name: Token, doc: nodes.Text | None) -> nodes.ModelName:
        return nodes.ModelName(self.extent, plain(name), _text(doc))

    def import_(self, _import: Token, path: Token, alias: Token | None) -> nodes.Import:
        return nodes.Import(self.extent, str(path)[1:-1], None if alias is None else plain(alias))

    def alias(self, *parts: Token) -> Token | None:
        return parts[1] if parts else None

    # ------------------------------------------------------------------------------------------------------- domain

    def space(self, *parts: object) -> nodes.Space:
        return nodes.Space(self.extent, tuple(p for p in parts if isinstance(p, nodes.SpaceAxis)))

    def axis(
        self, name: Token, unit: nodes.Unit | None, bounds: nodes.Interval | None, topology: Token | None
    ) -> nodes.SpaceAxis:
        span = span_of(name, unit, bounds, topology)
        return nodes.SpaceAxis(span, plain(name), span_of(name), unit, bounds, topology is not None)

    def topology(self, token: Token | None = None) -> Token | None:
        return token

    def time(self, _time: Token, name: Token, unit: nodes.Unit | None, bounds: nodes.Interval | None) -> nodes.Time:
        return nodes.Time(self.extent, plain(name), unit, bounds)

    def grid(self, *parts: object) -> nodes.Grid:
        return nodes.Grid(self.extent, tuple(p for p in parts if isinstance(p, nodes.GridAxis)))

    def grid_axis(self, name: Token, _equal: Token, points: nodes.Expression, position: Token | None) -> nodes.GridAxis:
        return nodes.GridAxis(span_of(name, points, position), plain(name), points, _word(position))

    def position(self, token: Token | None = None) -> Token | None:
        return token

    def scheme(self, *parts: object) -> nodes.Scheme:
        return nodes.Scheme(self.extent, tuple(p for p in parts if isinstance(p, nodes.KeywordArgument)))

    # ------------------------------------------------------------------------------------------------- declarations

    def state(self, modifiers: tuple[str, ...], *parts: object) -> nodes.State:
        *middle, scope, doc = parts
        assert isinstance(scope, Token | None) and isinstance(doc, nodes.Text | None)
        symbols = [p for p in middle if isinstance(p, nodes.Symbol)]
        return nodes.State(self.extent, modifiers, _spread(symbols), _word(scope), _text(doc))

    def modifiers(self, *tokens: Token) -> tuple[str, ...]:
        for index, token in enumerate(tokens):
            if token in tokens[:index]:
                message = f"`{token}` is said twice"
                self.problems.append(error("E0217", message, span_of(token), help="leave one of them out"))
        return tuple(str(token) for token in tokens)

    def symbol(
        self, name: Token, arguments: NameList | None, unit: nodes.Unit | None, bounds: nodes.Interval | None
    ) -> nodes.Symbol:
        names = () if arguments is None else arguments.names
        return nodes.Symbol(span_of(name, arguments, unit, bounds), plain(name), span_of(name), names, unit, bounds)

    def param(
        self,
        _param: Token,
        name: Token,
        arguments: NameList | None,
        annotation: tuple[str | None, nodes.Unit | None],
        value: tuple[bool, nodes.Expression | None],
        bounds: nodes.Interval | None,
        prior: nodes.Call | None,
        doc: nodes.Text | None,
    ) -> nodes.Param:
        scope, unit = annotation
        fitted, start = value
        symbol = self.symbol(name, arguments, unit, None)
        return nodes.Param(self.extent, symbol, scope, start, fitted, bounds, prior, _text(doc))

    def param_value(self, *parts: object) -> tuple[bool, nodes.Expression | None]:
        fitted = any(isinstance(part, Token) and part.type == "FIT" for part in parts)
        return fitted, next(iter(expressions_in(parts)), None)

    def prior(self, _tilde: Token | None = None, call: nodes.Call | None = None) -> nodes.Call | None:
        return call

    def input(
        self,
        _input: Token,
        name: Token,
        arguments: NameList | None,
        annotation: tuple[str | None, nodes.Unit | None],
        interpolation: Token | None,
        doc: nodes.Text | None,
    ) -> nodes.Input:
        scope, unit = annotation
        return nodes.Input(
            self.extent, self.symbol(name, arguments, unit, None), scope, _word(interpolation), _text(doc)
        )

    def interpolation(self, token: Token | None = None) -> Token | None:
        return token

    def known(self, _known: Token, name: Token, _equal: Token, value: nodes.Expression) -> nodes.Known:
        return nodes.Known(self.extent, plain(name), span_of(name), value)

    def let(self, _let: Token, name: Token, _equal: Token, value: nodes.Expression) -> nodes.Let:
        return nodes.Let(self.extent, plain(name), span_of(name), value)

    def learned(self, *parts: object) -> nodes.Learned:
        *middle, scope, shape, unit, family, constraints, doc = parts
        heads = tuple(p for p in middle if isinstance(p, nodes.LearnedHead))
        return nodes.Learned(self.extent, heads, scope, shape, unit, family, constraints, _text(doc))  # type: ignore[arg-type]

    def head(self, name: Token, *parts: object) -> nodes.LearnedHead:
        for part in parts:
            if isinstance(part, nodes.KeywordArgument | nodes.Comparison | nodes.Text):
                message = "an input of a learned term is an expression, such as `u` or `dx(u)`"
                self.problems.append(error("E0218", message, part.span, help="options belong after `by`"))
        return nodes.LearnedHead(span_of(name, *parts), plain(name), span_of(name), expressions_in(parts))

    def adaptation(self, *parts: Token) -> tuple[str, str] | None:
        return (str(parts[0]), str(parts[1])) if parts else None

    def output_shape(self, *parts: Token) -> str | None:
        return str(parts[1]) if parts else None

    def family(self, _by: Token | None = None, family: Token | nodes.Call | None = None) -> nodes.Call | None:
        return nodes.Call(span_of(family), str(family), span_of(family), ()) if isinstance(family, Token) else family

    def constraints(self, *parts: object) -> tuple[nodes.Expression, ...]:
        constraints = expressions_in(parts)
        for constraint in constraints:
            if not isinstance(constraint, nodes.Comparison | nodes.Membership | nodes.Call):
                help_text = "write for example `f(0) = 0`, `f >= 0`, `f in [0, 1]` or `odd(u)`"
                self.problems.append(error("E0224", "this constrains nothing", constraint.span, help=help_text))
        return constraints

    # ---------------------------------------------------------------------------------------------------- equations

    def evolution(self, rate: Rate, _equal: Token, value: nodes.Expression) -> nodes.Evolution:
        return nodes.Evolution(self.extent, rate.state, rate.state_span, rate.order, value)

    def elliptic(
        self, _zero: Token, _equal: Token, value: nodes.Expression, _for: Token, state: Token
    ) -> nodes.Elliptic:
        return nodes.Elliptic(self.extent, value, plain(state), span_of(state))

    def bc(
        self, _bc: Token, left: nodes.Expression, _equal: Token, right: nodes.Expression, _at: Token, *parts: object
    ) -> nodes.BoundaryCondition:
        places = tuple(p for p in parts if isinstance(p, nodes.Place))
        return nodes.BoundaryCondition(self.extent, left, right, places)

    def place(self, name: Token, _equal: Token | None = None, position: nodes.Expression | None = None) -> nodes.Place:
        return nodes.Place(span_of(name, position), plain(name), position)

    def init(
        self,
        _init: Token,
        target: Rate,
        _equal: Token,
        value: tuple[str, nodes.Expression | None, nodes.Interval | None],
    ) -> nodes.Init:
        return nodes.Init(self.extent, target.state, target.state_span, target.order, *value)

    def target(self, target: Token | Rate) -> Rate:
        return Rate(span_of(target), plain(target), span_of(target), 0) if isinstance(target, Token) else target

    def init_value(self, *parts: object) -> tuple[str, nodes.Expression | None, nodes.Interval | None]:
        """Kind, expression and bounds; ``data`` and ``encode`` are words only when they stand alone."""
        value = next(iter(expressions_in(parts)), None)
        bounds = next((part for part in parts if isinstance(part, nodes.Interval)), None)
        if isinstance(parts[0], Token):
            return "fit", value, bounds
        if isinstance(value, nodes.Name) and value.name == "data":
            return "data", None, None
        if isinstance(value, nodes.Name) and value.name == "encode":
            return "encode", value, None
        return "expression", value, None

    # --------------------------------------------------------------------------------- observations, laws, penalties

    def observe(
        self,
        _observe: Token,
        name: Token,
        value: nodes.Expression | None,
        noise: tuple[bool, nodes.Expression | None],
        doc: nodes.Text | None,
    ) -> nodes.Observe:
        fitted, deviation = noise
        return nodes.Observe(self.extent, plain(name), span_of(name), value, deviation, fitted, _text(doc))

    def observed(self, _equal: Token | None = None, value: nodes.Expression | None = None) -> nodes.Expression | None:
        return value

    def noise(
        self, _noise: Token | None = None, value: Token | nodes.Expression | None = None
    ) -> tuple[bool, nodes.Expression | None]:
        return (True, None) if isinstance(value, Token) else (False, value)

    def law(self, _law: Token, name: Token, _equal: Token, value: nodes.Expression, trend: Token) -> nodes.Law:
        return nodes.Law(self.extent, plain(name), span_of(name), value, str(trend))

    def penalty(self, _penalty: Token, name: Token, _equal: Token, value: nodes.Expression) -> nodes.Penalty:
        return nodes.Penalty(self.extent, plain(name), span_of(name), value)

    def when(self, _when: Token, condition: nodes.Comparison, _colon: Token, *parts: object) -> nodes.When:
        assignments = tuple((p.name, p.value) for p in parts if isinstance(p, nodes.KeywordArgument))
        return nodes.When(self.extent, condition, assignments)

    def assignment(self, name: Token, _equal: Token, value: nodes.Expression) -> nodes.KeywordArgument:
        return nodes.KeywordArgument(span_of(name, value), plain(name), value)


def _spread(symbols: list[nodes.Symbol]) -> tuple[nodes.Symbol, ...]:
    """A unit or interval after one symbol holds for those before it that have none."""
    unit: nodes.Unit | None = None
    bounds: nodes.Interval | None = None
    spread: list[nodes.Symbol] = []
    for symbol in reversed(symbols):
        unit, bounds = symbol.unit or unit, symbol.bounds or bounds
        spread.append(replace(symbol, unit=unit, bounds=bounds))
    return tuple(reversed(spread))
