"""The user's equations with a source and walls that make a given smooth function their solution."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sympy as sp

from eqdsl.core.errors import EqdslError
from eqdsl.model.expr import Apply, Expr, ParamRef
from eqdsl.model.facts import facts_of, nodes_of
from eqdsl.model.model import Definition, Equation, InitialValue, Model, Term
from eqdsl.model.symbolic import SymbolTable, from_sympy, to_sympy
from eqdsl.model.walls import WallCondition
from eqdsl.verification.exact import ExactSolution
from eqdsl.verification.rewriting import Rewriting

RATE = "exact rate of {}"
"""Name of the definition that holds d/dt of the exact solution; it has spaces, so that no user has it."""

MOST_PARTS = 4_000
"""Parts of an equation after all its derivatives are taken, above which it is left out (chosen: seconds)."""

BENT = ("abs", "sign", "min", "max", "floor", "heaviside", "relu", "ifelse", "lt", "le", "gt", "ge", "ne")
"""Functions that are not smooth: no order is to be expected of equations that contain them."""


class NoManufacturing(EqdslError):
    """There is nothing to measure, and why."""


def bent_functions(model: Model) -> list[str]:
    """Functions in the equations that are not smooth."""
    table = facts_of(model)
    found = {
        node.function
        for equation in model.equations
        for term in equation.terms
        for node in nodes_of(term.expr, table)
        if isinstance(node, Apply) and node.function in BENT
    }
    return sorted(found)


def started(model: Model, exact: ExactSolution) -> Model:
    """The model itself, with the exact solution as its initial value."""
    initial = tuple(InitialValue(c.name, "expression", exact.written(exact.value(c.name))) for c in model.channels)
    return replace(model, initial=initial, penalties=())


def manufactured(model: Model, exact: ExactSolution) -> Model:
    """A model that `exact` solves: ``dt(u) = right-hand side + source``, walls with the values of `exact`.

    Parameters
    ----------
    model : Model
        Without learned terms.
    exact : ExactSolution

    Raises
    ------
    NoManufacturing
        The equations are not smooth.
    EqdslError
        They are too large for algebra, or algebra leads out of the language.
    """
    if model.solved:
        names = "`, `".join(state.channel.name for state in model.solved)
        raise NoManufacturing(f"no source is made for the equations that are solved for `{names}`")
    bent = bent_functions(model)
    if bent:
        raise NoManufacturing(f"`{'`, `'.join(bent)}` in the equations are not smooth, so no order is to be expected")
    rates = {
        RATE.format(c.name): exact.written(sp.diff(exact.value(c.name), exact.symbols.time)) for c in model.channels
    }
    span = model.equations[0].span
    return replace(
        started(model, exact),
        equations=tuple(_forced(e, model, exact) for e in model.equations),
        definitions={**model.definitions, **{n: Definition(n, True, (r,), n, span) for n, r in rates.items()}},
        walls=tuple(_wall(w, model, exact) for w in model.walls),
        laws=(),
    )


def _forced(equation: Equation, model: Model, exact: ExactSolution) -> Equation:
    terms = [to_sympy(term.expr, model, exact.symbols) for term in equation.terms]
    uniform = {exact.symbols.parameters[p.name]: sp.Float(p.value) for p in model.parameters if p.axes}
    expression = sp.Add(*terms).xreplace(uniform).doit()
    _refuse_large(expression, equation)
    rate = exact.written(sp.diff(exact.value(equation.channel), exact.symbols.time))
    source = Apply("sub", (rate, _at_exact(expression, model, exact)))
    return replace(equation, terms=(*equation.terms, Term("source", source, (), equation.span)))


def _at_exact(expression: Any, model: Model, exact: ExactSolution) -> Expr:
    """The expression with the exact values of channels and derivatives put in, as one of our own trees.

    Each value is written once and shared, which SymPy, where a shared part is copied, could not keep.
    """
    table = SymbolTable(model)
    values: dict[str, Expr] = {}
    marks: dict[Any, Any] = {}
    for number, (atom, value) in enumerate(exact.atoms(expression).items()):
        name = f"exact {number}"
        values[name] = exact.written(value)
        marks[atom] = table.parameters[name] = sp.Dummy(name, real=True)
    tree = from_sympy(expression.xreplace(marks), table)
    return Rewriting(lambda e: values.get(e.name, e) if isinstance(e, ParamRef) else e).of(tree)


def _refuse_large(expression: Any, equation: Equation) -> None:
    for count, _ in enumerate(sp.preorder_traversal(expression)):
        if count > MOST_PARTS:
            raise EqdslError(
                f"`{equation.text}` has more than {MOST_PARTS:,} parts once its derivatives are taken",
                help="name parts of it with `known` and verify a smaller model",
            )


def _wall(wall: WallCondition, model: Model, exact: ExactSolution) -> WallCondition:
    """The condition with the value that the exact solution has there: ``a*U + b*dU/dn + ...``."""
    axis, symbols = model.axis(wall.axis), exact.symbols
    place = {symbols.axes[wall.axis]: sp.Float(axis.upper if wall.side else axis.lower)}
    solution, outward = exact.value(wall.channel), 1 if wall.side else -1
    value = sp.Integer(0)
    for order, coefficient in enumerate(wall.coefficients):
        derivative = sp.diff(solution, symbols.axes[wall.axis], order) * outward**order
        value += to_sympy(coefficient, model, symbols) * derivative.xreplace(place)
    given = wall.gives_value
    rate = sp.diff(solution.xreplace(place) if given else value, symbols.time)
    return replace(wall, value=exact.written(value), value_rate=exact.written(rate))
