"""Whether a learned term could return a multiple of a known quantity: then data cannot tell the two apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eqdsl.analysis.at_numbers import NoValue, value_at
from eqdsl.analysis.shapes import Shapes
from eqdsl.model.expr import Apply, ChannelRef, Const, DefinitionRef, Diff, Expr, FluxDiff, LearnedCall, ParamRef
from eqdsl.model.facts import FactTable
from eqdsl.model.learned_terms import NEIGHBOURHOOD, DivergenceFree, LearnedTerm, Parity, Pinned, ZeroMean

POLYNOMIALS = ("poly", "library")
SAMPLES = ((0.37, 1.71), (1.13, 0.59), (0.83, 1.29))
"""Places (first value, ratio from one input to the next) at which identities are tried out."""
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Absorber:
    """One learned term at the arguments of one call.

    Parameters
    ----------
    call : LearnedCall
    term : LearnedTerm
        What is called, with its family and constraints.
    parameters : mapping
        A value of each parameter.
    shapes, facts
        Of the model.
    """

    call: LearnedCall
    term: LearnedTerm
    parameters: Mapping[str, float]
    shapes: Shapes
    facts: FactTable

    def absorbs(self, quantity: Expr) -> bool:
        """Whether the call could return any small multiple of the quantity, constraints kept."""
        known = {self.shapes.of(a): i for i, a in enumerate(self.call.arguments)}
        if self.term.family in NEIGHBOURHOOD:
            seen = frozenset[str]().union(*(self.facts.of(a).channels for a in self.call.arguments))
            return self._from(quantity, dict.fromkeys(known, True), seen) and self._keeps_constraints(quantity, known)
        if not self._from(quantity, dict.fromkeys(known, True), frozenset()):
            return False
        if self.term.family in POLYNOMIALS:
            degree = self._degree(quantity, dict.fromkeys(known, 1))
            sizes = self.term.options["sizes"]
            if degree is None or not isinstance(sizes, tuple) or degree > sizes[0]:
                return False
        return self._keeps_constraints(quantity, known)

    def sees(self, quantity: Expr) -> bool:
        """Whether the quantity itself is an argument, or a neighbourhood of what it is made of."""
        arguments = {self.shapes.of(a) for a in self.call.arguments}
        return self.shapes.of(quantity) in arguments or self.term.family in NEIGHBOURHOOD

    def _from(self, expr: Expr, known: dict[int, bool], neighbours: frozenset[str]) -> bool:
        """Whether the value follows from the arguments; from `neighbours` derivatives may be taken as well.

        `known` holds the answers by shape, so that definitions used many times are looked at once.
        """
        shape = self.shapes.of(expr)
        if shape not in known:
            known[shape] = self._follows(expr, known, neighbours)
        return known[shape]

    def _follows(self, expr: Expr, known: dict[int, bool], neighbours: frozenset[str]) -> bool:
        match expr:
            case Const():
                return True
            case ParamRef():
                return not self.facts.of(expr).axes
            case ChannelRef(name):
                return name in neighbours
            case DefinitionRef():
                return self._from(self.facts.body(expr), known, neighbours)
            case Apply(_, arguments):
                return all(self._from(a, known, neighbours) for a in arguments)
            case Diff(argument):
                return bool(neighbours) and self._from(argument, known, neighbours)
            case FluxDiff(coefficient, argument):
                return bool(neighbours) and all(self._from(e, known, neighbours) for e in (coefficient, argument))
        return False

    def _degree(self, expr: Expr, known: dict[int, int | None]) -> int | None:
        """Degree as a polynomial of the arguments, None when it is none; `known` holds the answers by shape."""
        shape = self.shapes.of(expr)
        if shape not in known:
            known[shape] = self._degree_of(expr, known)
        return known[shape]

    def _degree_of(self, expr: Expr, known: dict[int, int | None]) -> int | None:
        if isinstance(expr, Const | ParamRef):
            return 0
        if isinstance(expr, DefinitionRef):
            return self._degree(self.facts.body(expr), known)
        assert isinstance(expr, Apply)
        degrees = [self._degree(a, known) for a in expr.arguments]
        found = [d for d in degrees if d is not None]
        if len(found) < len(degrees):
            return None
        if expr.function in ("add", "sub", "neg"):
            return max(found)
        if expr.function == "mul":
            return sum(found)
        if expr.function == "div" and found[1] == 0:
            return found[0]
        exponent = expr.arguments[-1]
        if expr.function == "pow" and isinstance(exponent, Const) and exponent.value in range(17):
            return found[0] * int(exponent.value)
        return 0 if max(found) == 0 else None

    # ------------------------------------------------------------------------------------------- constraints

    def _keeps_constraints(self, quantity: Expr, known: Mapping[int, int]) -> bool:
        """Whether adding a multiple of the quantity leaves all that is constrained as it is."""
        if any(isinstance(c, ZeroMean | DivergenceFree) for c in self.term.constraints):
            return False
        if any(isinstance(n, Diff | FluxDiff) for n in self._pointwise_parts(quantity, known)):
            return True
        for constraint in self.term.constraints:
            if isinstance(constraint, Pinned) and constraint.output == self.call.output:
                if not self._always(quantity, known, dict(constraint.at), None):
                    return False
            elif isinstance(constraint, Parity) and not self._always(quantity, known, {}, constraint):
                return False
        return True

    def _pointwise_parts(self, quantity: Expr, known: Mapping[int, int]) -> list[Expr]:
        """The nodes that stand above the arguments."""
        parts: list[Expr] = []
        seen: set[Expr] = set()
        waiting = [quantity]
        while waiting:
            node = waiting.pop()
            if node in seen or self.shapes.of(node) in known:
                continue
            seen.add(node)
            parts.append(node)
            if isinstance(node, DefinitionRef):
                waiting.append(self.facts.body(node))
            elif isinstance(node, Apply):
                waiting.extend(node.arguments)
        return parts

    def _always(self, quantity: Expr, known: Mapping[int, int], at: Mapping[int, float], parity: Parity | None) -> bool:
        """Whether the quantity is 0 where some inputs have fixed values, or has the parity, as far as samples tell."""
        for first, ratio in SAMPLES:
            place = [at.get(i, first * ratio**i) for i in range(len(self.call.arguments))]
            here = self._value(quantity, known, place)
            if parity is None:
                error = here
            else:
                place[parity.input] *= -1
                there = self._value(quantity, known, place)
                error = None if here is None or there is None else here + there if parity.odd else here - there
            if error is None or abs(error) > TOLERANCE * max(1.0, abs(here or 0.0)):
                return False
        return True

    def _value(self, quantity: Expr, known: Mapping[int, int], place: list[float]) -> float | None:
        values = {shape: place[i] for shape, i in known.items()}
        try:
            return value_at(quantity, values, self.parameters, self.shapes, self.facts)
        except NoValue:
            return None
