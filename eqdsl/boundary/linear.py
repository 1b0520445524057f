"""Coefficients of an expression that is linear in some channels."""

from __future__ import annotations

from dataclasses import dataclass, field

from eqdsl.model.arithmetic import ONE, ZERO, add, divide, multiply, negate
from eqdsl.model.expr import Apply, ChannelRef, DefinitionRef, Diff, Expr
from eqdsl.model.facts import FactTable

NORMAL = "outward normal"
"""The axis of ``dn``; it has a space, so that no axis of a model is called that."""


class NotLinear(Exception):
    """The expression is no linear combination of channels and their derivatives."""


@dataclass(frozen=True, slots=True)
class Derivative:
    """A channel, or a derivative of one: `orders` pairs axes (or `NORMAL`) with orders, by name."""

    channel: str
    orders: tuple[tuple[str, int], ...] = ()

    def along(self, axis: str, order: int) -> Derivative:
        """Its derivative."""
        orders = dict(self.orders)
        orders[axis] = orders.get(axis, 0) + order
        return Derivative(self.channel, tuple(sorted(orders.items())))


@dataclass(frozen=True, slots=True)
class LinearForm:
    """``sum_i coefficients[i] * derivative_i + rest``; neither holds a channel."""

    coefficients: dict[Derivative, Expr] = field(default_factory=dict)
    rest: Expr = ZERO

    def scaled(self, factor: Expr) -> LinearForm:
        """The form times an expression without channels."""
        return LinearForm(
            {n: multiply([factor, c]) for n, c in self.coefficients.items()}, multiply([factor, self.rest])
        )


class LinearReader:
    """Reads linear forms; a shared definition is read once."""

    def __init__(self, facts: FactTable) -> None:
        self._facts = facts
        self._known: dict[Expr, LinearForm] = {}

    def form(self, expr: Expr) -> LinearForm:
        """The coefficients of an expression.

        Raises
        ------
        NotLinear
            It contains a channel in another way.
        """
        found = self._known.get(expr)
        if found is None:
            found = self._known[expr] = self._read(expr)
        return found

    def _free(self, expr: Expr) -> bool:
        return not self._facts.of(expr).channels

    def _read(self, expr: Expr) -> LinearForm:
        if self._free(expr):
            return LinearForm(rest=expr)
        match expr:
            case ChannelRef(name):
                return LinearForm({Derivative(name): ONE})
            case Diff(argument, axis, order):
                return self._derived(self.form(argument), axis, order)
            case DefinitionRef():
                return self.form(self._facts.body(expr))
            case Apply("add", arguments):
                return _sum([self.form(a) for a in arguments])
            case Apply("sub", (left, right)):
                return _sum([self.form(left), _negative(self.form(right))])
            case Apply("neg", (inner,)):
                return _negative(self.form(inner))
            case Apply("div", (top, bottom)) if self._free(bottom):
                form = self.form(top)
                parts = {n: divide(c, bottom) for n, c in form.coefficients.items()}
                return LinearForm(parts, divide(form.rest, bottom))
            case Apply("mul", arguments):
                inside = [a for a in arguments if not self._free(a)]
                if len(inside) == 1:
                    outside = multiply([a for a in arguments if a is not inside[0]])
                    return self.form(inside[0]).scaled(outside)
        raise NotLinear

    def _derived(self, form: LinearForm, axis: str, order: int) -> LinearForm:
        """The derivative of a form whose coefficients are the same everywhere."""
        if any(self._facts.of(e).axes for e in (*form.coefficients.values(), form.rest)):
            raise NotLinear
        return LinearForm({d.along(axis, order): c for d, c in form.coefficients.items()})


def _negative(form: LinearForm) -> LinearForm:
    return LinearForm({n: negate(c) for n, c in form.coefficients.items()}, negate(form.rest))


def _sum(forms: list[LinearForm]) -> LinearForm:
    names = dict.fromkeys(n for f in forms for n in f.coefficients)
    return LinearForm(
        {n: add([f.coefficients[n] for f in forms if n in f.coefficients]) for n in names}, add([f.rest for f in forms])
    )
