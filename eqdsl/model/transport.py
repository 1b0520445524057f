"""Which first derivatives of an equation transport something, and what multiplies them.

A derivative ``dx(F)`` is *transport* where it is a factor of an addend, ``a*dx(F)``, and F contains a state itself, not
only its derivatives. Definitions are looked through; sums inside a product share its factors. Elsewhere (an input of a
learned term, inside a function, in a law) a derivative has no direction and stays central, as do derivatives of second
and higher order.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from eqdsl.model.arithmetic import ONE, divide, negate
from eqdsl.model.expr import Apply, ChannelRef, DefinitionRef, Diff, Expr, FluxDiff, children
from eqdsl.model.facts import FactTable
from eqdsl.model.model import Channel, Field
from eqdsl.model.scheme import Schemes

SUMS = ("add", "sub", "neg")


def declared_bounds(channel: Channel, fields: Sequence[Field]) -> tuple[float, float] | None:
    """The range that a state declares; None where it declares none."""
    field = next(f for f in fields if f.name == channel.field)
    bounds = (field.lower, field.upper)
    return None if channel.velocity or all(map(math.isinf, bounds)) else bounds


@dataclass(frozen=True, slots=True)
class Transport:
    """One addend ``factors*derivative``; `conservative` where no factor varies along the axis."""

    derivative: Diff
    factors: tuple[Expr, ...]
    conservative: bool


class TransportFinder:
    """Finds the transport in equations.

    Parameters
    ----------
    schemes : Schemes
        Derivatives that these leave central are no transport.
    facts : FactTable
    """

    def __init__(self, schemes: Schemes, facts: FactTable) -> None:
        self._schemes, self._facts = schemes, facts
        self._holds: dict[tuple[Expr, str], bool] = {}

    def body(self, reference: DefinitionRef) -> Expr:
        """What a definition stands for."""
        return self._facts.body(reference)

    def is_transport(self, derivative: Diff) -> bool:
        """Whether a scheme is asked for, and a state itself is differentiated."""
        return self._schemes.of(derivative) is not None and bool(self.carried(derivative.argument))

    def carried(self, flux: Expr) -> frozenset[str]:
        """Fields that stand in an expression outside any derivative."""
        found: set[str] = set()
        seen: set[Expr] = set()
        waiting = [flux]
        while waiting:
            node = waiting.pop()
            if node in seen or isinstance(node, Diff | FluxDiff):
                continue
            seen.add(node)
            if isinstance(node, ChannelRef) and self._facts.of(node).axes:
                found.add(node.channel)
            waiting.extend((self.body(node),) if isinstance(node, DefinitionRef) else children(node))
        return frozenset(found)

    def holds(self, expr: Expr, channel: str) -> bool:
        """Whether an addend of the equation of `channel` holds transport."""
        key = (expr, channel)
        found = self._holds.get(key)
        if found is None:
            found = self._holds[key] = self._compute(expr, channel)
        return found

    def _compute(self, expr: Expr, channel: str) -> bool:
        match expr:
            case Diff():
                return self.is_transport(expr)
            case DefinitionRef():
                return self.holds(self.body(expr), channel)
            case Apply("mul", arguments):
                return self.moving_factor(arguments, channel) is not None
            case Apply("div", (top, _)):
                return self.holds(top, channel)
            case Apply(function, arguments) if function in SUMS:
                return any(self.holds(a, channel) for a in arguments)
        return False

    def alone(self, terms: Iterable[Expr], channel: str) -> bool:
        """Whether all that these terms of its equation transport are functions of the channel itself.

        Such a scalar law keeps the bounds of the channel; a system has none to keep.
        """
        seen: set[Expr] = set()
        waiting = list(terms)
        while waiting:
            node = waiting.pop()
            if node in seen or not self.holds(node, channel):
                continue
            seen.add(node)
            if isinstance(node, Diff):
                if not self.carried(node.argument) <= {channel}:
                    return False
            else:
                waiting.extend((self.body(node),) if isinstance(node, DefinitionRef) else children(node))
        return True

    def moving_factor(self, factors: Sequence[Expr], channel: str) -> int | None:
        """The factor that holds the transport; of several, the one in which the evolved channel stands."""
        found = [i for i, f in enumerate(factors) if self.holds(f, channel)]
        if len(found) > 1:
            found = [i for i in found if channel in self._facts.of(factors[i]).channels]
        return found[0] if len(found) == 1 else None

    def transports(self, expr: Expr, channel: str, factors: tuple[Expr, ...] = ()) -> Iterator[Transport]:
        """The transport in one addend of the equation of `channel`."""
        if not self.holds(expr, channel):
            return
        match expr:
            case Diff(_, axis):
                yield Transport(expr, factors, not any(self._facts.varies_along(f, axis) for f in factors))
            case DefinitionRef():
                yield from self.transports(self.body(expr), channel, factors)
            case Apply("mul", arguments):
                number = self.moving_factor(arguments, channel)
                assert number is not None  # `holds` said so
                others = (*arguments[:number], *arguments[number + 1 :])
                yield from self.transports(arguments[number], channel, (*factors, *others))
            case Apply("div", (top, bottom)):
                yield from self.transports(top, channel, (*factors, divide(ONE, bottom)))
            case Apply("sub", (left, right)):
                yield from self.transports(left, channel, factors)
                yield from self.transports(right, channel, (*factors, negate(ONE)))
            case Apply("neg", (inner,)):
                yield from self.transports(inner, channel, (*factors, negate(ONE)))
            case Apply(_, arguments):
                for argument in arguments:
                    yield from self.transports(argument, channel, factors)
