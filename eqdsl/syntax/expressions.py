"""Grammar rules to nodes: expressions and the clauses that several statements share.

Each method is named after a grammar rule and receives that rule's children: Lark tokens, and what the methods of the
inner rules returned. Lark calls them bottom-up without recursion, so depth is no danger here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from unicodedata import normalize

from lark import Token, Transformer, v_args

from eqdsl.core.diagnostics import Diagnostic, error
from eqdsl.core.source import Span
from eqdsl.syntax import nodes

_LEIBNIZ = re.compile(r"[d∂](?P<top>[2-4²³⁴]?)(?P<name>[^\W\d]\w*)\s*/\s*[d∂]t(?P<bottom>[2-4²³⁴]?)")
_DERIVATIVE = re.compile(r"d(t{1,4}|[xyz]{1,4})")
_SUPERSCRIPTS = str.maketrans("²³⁴", "234")


@dataclass(frozen=True, slots=True)
class NameList:
    """``(x, y)`` after a declared name."""

    span: Span
    names: tuple[nodes.Name, ...]


@dataclass(frozen=True, slots=True)
class Rate:
    """``dt(u)``, ``d2u/dt2`` or ``∂u/∂t`` of a plain name."""

    span: Span
    state: str
    state_span: Span
    order: int


def span_of(*parts: object) -> Span:
    """The smallest span over all tokens and nodes among `parts`."""
    spans = [_own_span(part) for part in parts if part is not None]
    return Span(min(s.start for s in spans), max(s.end for s in spans))


def _own_span(part: object) -> Span:
    if isinstance(part, Token):
        assert part.start_pos is not None and part.end_pos is not None
        return Span(part.start_pos, part.end_pos)
    assert isinstance(part, nodes.Node | NameList | Rate)
    return part.span


def plain(name: str) -> str:
    """A name in composed form, so that both ways to type ``é`` are one name."""
    return str(name) if name.isascii() else normalize("NFC", name)


def leibniz_parts(token: str) -> tuple[int, str, int]:
    """Order above, name and order below of ``∂²u/∂t²``."""
    match = _LEIBNIZ.match(token)
    assert match is not None  # the terminals LEIBNIZ and PARTIAL have the same shape
    top, bottom = (int(match[part].translate(_SUPERSCRIPTS) or 1) for part in ("top", "bottom"))
    return top, match["name"], bottom


def expressions_in(parts: Iterable[object]) -> tuple[nodes.Expression, ...]:
    """The expressions among a rule's children."""
    return tuple(part for part in parts if isinstance(part, nodes.Expression))


@v_args(inline=True)
class ExpressionBuilder(Transformer[Token, object]):
    """Builds expression nodes; what the grammar cannot forbid is collected in `problems`."""

    def __init__(self) -> None:
        super().__init__()
        self.problems: list[Diagnostic] = []

    # ------------------------------------------------------------------------------------------------ expressions

    def number(self, token: Token) -> nodes.Number:
        return nodes.Number(span_of(token), float(token), str(token))

    def name(self, token: Token) -> nodes.Name:
        return nodes.Name(span_of(token), plain(token))

    def text(self, token: Token) -> nodes.Text:
        return nodes.Text(span_of(token), str(token)[1:-1])

    def unary(self, sign: Token, operand: nodes.Expression) -> nodes.Unary:
        return nodes.Unary(span_of(sign, operand), str(sign), operand)

    def binary(self, left: nodes.Expression, sign: Token, right: nodes.Expression) -> nodes.Binary:
        operator = "^" if sign == "**" else str(sign)
        return nodes.Binary(span_of(left, right), operator, left, right)

    def comparison(self, left: nodes.Expression, sign: Token, right: nodes.Expression) -> nodes.Comparison:
        return nodes.Comparison(span_of(left, right), str(sign), left, right)

    def membership(self, value: nodes.Expression, _in: Token, interval: nodes.Interval) -> nodes.Membership:
        return nodes.Membership(span_of(value, interval), value, interval)

    def group(self, opener: Token, inner: nodes.Expression, closer: Token) -> nodes.Expression:
        return replace(inner, span=span_of(opener, closer))

    def tuple_(self, *parts: object) -> nodes.Tuple:
        return nodes.Tuple(span_of(*parts), expressions_in(parts))

    def component(self, base: nodes.Expression, _dot: Token, name: Token) -> nodes.Component:
        if _DERIVATIVE.fullmatch(name):
            help_text = f"write `{name}({base.name if isinstance(base, nodes.Name) else '...'})`"
            message = "a derivative is written in front of what it acts on"
            self.problems.append(error("E0208", message, span_of(base, name), help=help_text))
        return nodes.Component(span_of(base, name), base, plain(name))

    def call(self, name: Token, *parts: object) -> nodes.Call:
        keywords = tuple(part for part in parts if isinstance(part, nodes.KeywordArgument))
        late = next((e for e in expressions_in(parts) if keywords and e.span.start > keywords[0].span.start), None)
        if late is not None:
            self.problems.append(
                error(
                    "E0215",
                    "a plain argument stands after a named one",
                    late.span,
                    "this one has no name",
                    help="write the plain arguments first, then those of the form `name = value`",
                )
            )
        return nodes.Call(span_of(name, *parts), plain(name), span_of(name), expressions_in(parts), keywords)

    def keyword_argument(self, name: Token, _equal: Token, value: nodes.Expression) -> nodes.KeywordArgument:
        return nodes.KeywordArgument(span_of(name, value), plain(name), value)

    def time_derivative(
        self, operator: Token, _open: Token, operand: nodes.Expression, closer: Token
    ) -> nodes.TimeDerivative:
        return nodes.TimeDerivative(span_of(operator, closer), len(operator) - 1, operand)

    def partial(self, token: Token) -> nodes.TimeDerivative:
        rate = self._leibniz(token)
        return nodes.TimeDerivative(rate.span, rate.order, nodes.Name(rate.state_span, rate.state))

    # ----------------------------------------------------------------------------------------------------- clauses

    def rate(self, *tokens: Token) -> Rate:
        if len(tokens) == 1:
            return self._leibniz(tokens[0])
        operator, _open, name, closer = tokens
        return Rate(span_of(operator, closer), plain(name), span_of(name), len(operator) - 1)

    def _leibniz(self, token: Token) -> Rate:
        order, name, bottom = leibniz_parts(token)
        if order != bottom:
            self.problems.append(
                error(
                    "E0216",
                    "the two orders of this time derivative differ",
                    span_of(token),
                    f"order {order} above, {bottom} below",
                    help=f"write `dt({name})` or `dtt({name})`",
                )
            )
        span = span_of(token)
        start = span.start + token.index(name, 1)
        return Rate(span, plain(name), Span(start, start + len(name)), order)

    def arguments(self, *parts: Token) -> NameList | None:
        if not parts:
            return None
        names = tuple(nodes.Name(span_of(part), plain(part)) for part in parts if part.type == "NAME")
        return NameList(span_of(*parts), names)

    def unit_group(self, *parts: Token | nodes.Unit) -> nodes.Unit:
        return self._make_unit(parts, parts[1:-1])

    def unit_annotation(self, *parts: Token | nodes.Unit) -> nodes.Unit | None:
        return self._make_unit(parts[1:], parts[1:]) if parts else None

    def _make_unit(self, parts: Iterable[Token | nodes.Unit], inner: Iterable[Token | nodes.Unit]) -> nodes.Unit:
        """``m/s^2`` from its tokens; a slash inverts only the next factor, as in ``m/s*kg`` = (m/s)*kg."""
        factors: list[tuple[str, int]] = []
        sign = 1
        for part in inner:
            if isinstance(part, nodes.Unit):
                factors.extend((name, sign * power) for name, power in part.factors)
            elif part.type == "NAME":
                factors.append((str(part), sign))
            elif part.type == "SIGNED":
                name, power = factors.pop()
                factors.append((name, power * int(part)))
            elif part.type in ("STAR", "SLASH"):
                sign = 1 if part.type == "STAR" else -1
        text = "".join(part.text if isinstance(part, nodes.Unit) else str(part) for part in parts)
        return nodes.Unit(span_of(*parts), text.replace("**", "^"), tuple(factors))

    def scope(self, *parts: Token) -> Token | None:
        return parts[1] if parts else None

    def annotation(self, *parts: Token | nodes.Unit) -> tuple[str | None, nodes.Unit | None]:
        """``per trajectory`` and ``: unit``, in either order."""
        scope = next((str(p) for p in parts if isinstance(p, Token) and p.type == "SCOPE"), None)
        unit = [p for p in parts if not (isinstance(p, Token) and p.type in ("PER", "SCOPE", "COLON"))]
        return scope, self._make_unit(unit, unit) if unit else None

    def bounds(self, *parts: object) -> nodes.Interval | None:
        return next((part for part in parts if isinstance(part, nodes.Interval)), None)

    def interval(self, *parts: object) -> nodes.Interval:
        opener, lower, _comma, upper, closer = parts
        assert isinstance(lower, nodes.Expression) and isinstance(upper, nodes.Expression)
        return nodes.Interval(span_of(opener, closer), self._end(lower), self._end(upper), opener == "[", closer == "]")

    def _end(self, end: nodes.Expression) -> nodes.Expression:
        """An end of an interval, ``inf`` behind at most one sign: `end` may be a pile of thousands of signs."""
        if isinstance(end, nodes.Unary):
            return replace(end, operand=self._infinite(end.operand))
        return self._infinite(end)

    def _infinite(self, end: nodes.Expression) -> nodes.Expression:
        """``inf`` is a number at the ends of an interval, and an ordinary name elsewhere."""
        if isinstance(end, nodes.Name) and end.name == "inf":
            return nodes.Number(end.span, float("inf"), "inf")
        return end

    def doc(self, token: Token | None = None) -> nodes.Text | None:
        return None if token is None else self.text(token)
