"""``k*u^2 + f(u)`` with k fitted: the learned term can take over the known one (W1002)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from eqdsl.analysis.absorption import Absorber
from eqdsl.analysis.shapes import Shapes
from eqdsl.core import limits
from eqdsl.core.diagnostics import Diagnostic, Label, warning
from eqdsl.model.arithmetic import ONE, divide, is_number, multiply
from eqdsl.model.expr import Apply, Const, DefinitionRef, Expr, LearnedCall
from eqdsl.model.facts import FactTable, nodes_of
from eqdsl.model.learned_terms import LearnedTerm
from eqdsl.model.model import Equation, Parameter, Term
from eqdsl.model.text import expr_text


@dataclass(frozen=True)
class Addend:
    """One addend of an equation, sums inside ``known`` and ``let`` taken apart.

    `term` is the addend of the equation as written that it comes from.
    """

    expr: Expr
    term: Term


@dataclass(frozen=True)
class Product:
    """An addend as numbers to be fitted times a quantity."""

    fitted: frozenset[str]
    quantity: Expr
    addend: Addend


def not_identifiable(
    equations: Sequence[Equation],
    parameters: Sequence[Parameter],
    learned: Sequence[LearnedTerm],
    elsewhere: Sequence[Expr],
    facts: FactTable,
    time: str,
) -> Iterator[Diagnostic]:
    """A warning for each fitted number that occurs only in what learned terms can take over.

    Parameters
    ----------
    equations, parameters, learned
        Of the model.
    elsewhere : sequence of Expr
        Expressions of walls and initial values: they tell a parameter that the equations leave open.
    facts : FactTable
    time : str
        The model's name for the time.
    """
    fitted = {p.name for p in parameters if p.fitted and not p.axes}
    told = frozenset[str]().union(*(facts.of(e).parameters for e in elsewhere))
    found: dict[str, tuple[Product, Absorber, Addend]] = {}
    for products, absorbers in _by_equation(equations, fitted, parameters, learned, facts):
        for product in products:
            names = product.fitted - told
            other = _absorber(product, absorbers) if names else None
            told |= facts.of(product.addend.expr).parameters - (names if other else frozenset())
            if other is not None:
                for name in names:
                    found.setdefault(name, (product, *other))
    shown = ((name, *party) for name, party in found.items() if name not in told)
    for name, product, absorber, other_addend in islice(shown, limits.MAX_ERRORS):
        yield _absorbed(name, product, absorber, other_addend, time)


def _by_equation(
    equations: Sequence[Equation],
    fitted: set[str],
    parameters: Sequence[Parameter],
    learned: Sequence[LearnedTerm],
    facts: FactTable,
) -> Iterator[tuple[list[Product], list[tuple[Absorber, Addend]]]]:
    """For each equation its addends, and the learned terms that stand alone in it and nowhere else."""
    shapes = Shapes(facts)
    values = {p.name: p.value for p in parameters}
    terms = {t.name: t for t in learned}
    uses = Counter(
        node.name
        for e in equations
        for t in e.terms
        for node in nodes_of(t.expr, facts)
        if isinstance(node, LearnedCall)
    )
    for equation in equations:
        addends = [a for t in equation.terms for a in islice(_addends(t.expr, t, facts), limits.MAX_ERRORS)]
        absorbers = [
            (Absorber(call, terms[call.term], values, shapes, facts), a)
            for a in addends
            if (call := _bare_call(a.expr)) is not None and uses[call.name] == 1
        ]
        yield [_product(a, fitted, facts) for a in addends if _bare_call(a.expr) is None], absorbers


def _absorber(product: Product, absorbers: Sequence[tuple[Absorber, Addend]]) -> tuple[Absorber, Addend] | None:
    """The first learned term that can take over a product."""
    few = absorbers[: limits.MAX_COMPARISONS // limits.MAX_ERRORS]
    return next(((a, addend) for a, addend in few if a.absorbs(product.quantity)), None)


def _addends(expr: Expr, term: Term, facts: FactTable) -> Iterator[Addend]:
    """The addends of a term, through names, signs, sums and differences."""
    waiting = [expr]
    while waiting:
        node = waiting.pop()
        inner = _inside(node, facts)
        if isinstance(inner, Apply) and inner.function in ("add", "sub"):
            waiting.extend(reversed(inner.arguments))
        else:
            yield Addend(inner, term)


def _inside(expr: Expr, facts: FactTable) -> Expr:
    """What stands behind names and signs."""
    while True:
        if isinstance(expr, DefinitionRef):
            expr = facts.body(expr)
        elif isinstance(expr, Apply) and expr.function == "neg":
            expr = expr.arguments[0]
        else:
            return expr


def _bare_call(expr: Expr) -> LearnedCall | None:
    return expr if isinstance(expr, LearnedCall) else None


def _product(addend: Addend, fitted: set[str], facts: FactTable) -> Product:
    """Numbers, fitted ones among them, split off from the rest of a product or quotient.

    A product of very many factors, such as repeated squares in definitions, is taken apart only to a point.
    """
    above: list[Expr] = []
    below: list[Expr] = []
    names: set[str] = set()
    waiting = [(addend.expr, True)]
    while waiting:
        node, numerator = waiting.pop()
        node = _inside(node, facts)
        own = facts.of(node)
        small = len(above) + len(below) + len(waiting) < limits.MAX_ERRORS
        if small and isinstance(node, Apply) and node.function == "mul":
            waiting.extend((a, numerator) for a in reversed(node.arguments))
        elif small and isinstance(node, Apply) and node.function == "div":
            waiting += [(node.arguments[1], not numerator), (node.arguments[0], numerator)]
        elif isinstance(node, Const):
            continue
        elif own.parameters & fitted and not (own.axes or own.channels or own.time or own.learned):
            names |= own.parameters & fitted
        else:
            (above if numerator else below).append(node)
    quantity = multiply(above or [ONE])
    if below:
        quantity = divide(quantity, multiply(below))
    return Product(frozenset(names), quantity, addend)


def _absorbed(name: str, product: Product, absorber: Absorber, other: Addend, time: str) -> Diagnostic:
    call, quantity = absorber.call, product.quantity
    constant = is_number(quantity, 1.0)
    shown = "a constant" if constant else f"`{expr_text(quantity, time=time)}`"
    sees = f"sees {shown} too" if not constant and absorber.sees(quantity) else f"can return {shown} too"
    remedy = f"do not let `{call.name}` see {shown}"
    if constant:
        zeros = ", ".join("0" for _ in call.arguments)
        remedy = f"fix a value of the learned term, `with {call.name.partition('.')[0]}({zeros}) = 0`"
    elif not absorber.sees(quantity):
        remedy = f"do not let `{call.name}` see all that {shown} is made of"
    return warning(
        "W1002",
        f"`{name}` is not determined by data alone: the learned term `{call.name}` can take over {shown}",
        product.addend.term.span,
        f"fitted multiple of {shown}" if not constant else "fitted constant",
        second=Label(other.term.span, sees) if other.term is not product.addend.term else None,
        note="the fit gives the known part as much as it can explain, so the result is a choice, not a measurement",
        help=f"fix `{name}`, or {remedy}",
    )
