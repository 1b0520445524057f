"""Units of a formula's coefficients.

Once a model has units a bare number is dimensionless, so a coefficient that carries a unit becomes a parameter:
``0.2*omega`` is written ``friction_1*omega`` with ``param friction_1: 1/s = 0.2``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from eqdsl.core.source import SourceText
from eqdsl.inspection.formula import Formula
from eqdsl.model.expr import ChannelRef, Coordinate, Diff, Expr, InputRef, ParamRef, PastRef, TimeRef
from eqdsl.model.learned_terms import LearnedTerm
from eqdsl.model.model import Model
from eqdsl.model.text import number_text
from eqdsl.syntax import nodes
from eqdsl.syntax.parser import parse

Factors = Counter[str]
"""Powers of symbols: ``m/s^2`` is ``{"m": 1, "s": -2}``; ``1`` counts as nothing."""


def named_coefficients(
    model: Model, formulas: Mapping[str, tuple[Formula, ...]]
) -> tuple[dict[tuple[str, int], tuple[str | None, ...]], str]:
    """Parameters for the coefficients that carry a unit, and the lines that declare them.

    Parameters
    ----------
    formulas : mapping
        One formula per output, by the learned term's name.

    Returns
    -------
    names, declarations
        `names` maps (term, output) to one entry per coefficient: a parameter's name, or None where the number can
        stand. Both empty for a model without units. Units that cannot be derived are taken as dimensionless; the
        check of the distilled file has the last word.
    """
    names: dict[tuple[str, int], tuple[str | None, ...]] = {}
    lines: list[str] = []
    if not has_units(model):
        return names, ""
    taken = {*model.channel_names, *model.definitions, *(axis.name for axis in model.axes)}
    taken |= {parameter.name for parameter in model.parameters}
    for term in model.learned:
        for output, formula in enumerate(formulas.get(term.name, ())):
            row: list[str | None] = []
            for number, (value, _) in enumerate(formula.terms, start=1):
                unit = _coefficient_unit(model, term, output, formula, number - 1)
                name = _free_name(f"{term.outputs[output].replace('.', '_')}_{number}", taken) if unit else None
                row.append(name)
                if name is not None:
                    lines.append(f"param {name}: {unit_text(unit)} = {number_text(abs(value))}")
            names[term.name, output] = tuple(row)
    return names, "\n".join(lines)


def has_units(model: Model) -> bool:
    """Whether any unit is declared."""
    declared = [
        model.time_unit,
        *(a.unit for a in model.axes),
        *(f.unit for f in model.fields),
        *(p.unit for p in model.parameters),
        *(term.unit for term in model.learned),
    ]
    return any(unit is not None for unit in declared)


def unit_factors(text: str | None) -> Factors:
    """Powers of the symbols of a unit's text."""
    factors: Factors = Counter()
    if text is None:
        return factors
    (statement,) = parse(SourceText("unit", f"param unit: {text} = 1"))[0].statements
    assert isinstance(statement, nodes.Param) and statement.symbol.unit is not None
    for symbol, power in statement.symbol.unit.factors:
        if symbol != "1":
            factors[symbol] += power
    return _clean(factors)


def unit_text(factors: Factors) -> str:
    """``{"m": 1, "s": -2}`` as ``m/s^2``."""
    above = "*".join(_power(s, p) for s, p in factors.items() if p > 0) or "1"
    return above + "".join(f"/{_power(s, -p)}" for s, p in factors.items() if p < 0)


def _coefficient_unit(model: Model, term: LearnedTerm, output: int, formula: Formula, index: int) -> Factors:
    unit = Counter(_output_unit(model, term, output))
    candidate = formula.terms[index][1]
    if candidate.function is None:
        for expr, power in zip(term.inputs, candidate.powers, strict=True):
            unit.subtract({symbol: p * power for symbol, p in expression_unit(model, expr).items()})
    unit.pop("rad", None)
    return _clean(unit)


def _output_unit(model: Model, term: LearnedTerm, output: int) -> Factors:
    """Declared, or that of the rate of the equation where the output stands as a term of its own."""
    if term.unit is not None:
        return unit_factors(term.unit)
    for equation in model.equations:
        if any(addend.name == term.outputs[output] for addend in equation.terms):
            rate = Counter(expression_unit(model, ChannelRef(equation.channel)))
            rate.subtract(unit_factors(model.time_unit))
            return _clean(rate)
    return Counter()


def expression_unit(model: Model, expr: Expr) -> Factors:
    """Unit of a state, coordinate, parameter or derivative of one; nothing for other expressions."""
    match expr:
        case ChannelRef(name) | PastRef(name):
            channel = model.channel(name)
            factors = Counter(unit_factors(next(f.unit for f in model.fields if f.name == channel.field)))
            if channel.velocity:
                factors.subtract(unit_factors(model.time_unit))
            return _clean(factors)
        case Diff(argument, axis, order):
            factors = Counter(expression_unit(model, argument))
            factors.subtract({s: order * p for s, p in unit_factors(model.axis(axis).unit).items()})
            return _clean(factors)
        case Coordinate(axis):
            return unit_factors(model.axis(axis).unit)
        case TimeRef():
            return unit_factors(model.time_unit)
        case InputRef(name, rate=False):
            return unit_factors(model.input(name).unit)
        case ParamRef(name):
            return unit_factors(model.parameter(name).unit)
    return Counter()


def _clean(factors: Factors) -> Factors:
    return Counter({symbol: power for symbol, power in factors.items() if power})


def _power(symbol: str, power: int) -> str:
    return symbol if power == 1 else f"{symbol}^{power}"


def _free_name(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    taken.add(name)
    return name
