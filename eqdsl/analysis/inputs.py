"""Inputs: series and maps that are read from the data."""

from __future__ import annotations

from collections.abc import Sequence

from eqdsl.analysis.declarations import axes_of_symbol
from eqdsl.analysis.domain import Domain
from eqdsl.analysis.symbols import Symbols
from eqdsl.analysis.units import unit_text
from eqdsl.core.diagnostics import Diagnostic, error
from eqdsl.model.model import Input
from eqdsl.syntax import nodes

RULES = {
    "linear": "straight lines",
    "hold": "the last value",
    "cubic": "cubics whose slopes are those of the parabola through three neighbours (Catmull-Rom)",
}
"""How a series is continued between its times, in words."""


def read_inputs(
    statements: Sequence[nodes.Statement], domain: Domain, symbols: Symbols, problems: list[Diagnostic]
) -> tuple[Input, ...]:
    """The inputs in the order of declaration; fills in `symbols`."""
    names = tuple(a.name for a in domain.axes)
    for statement in statements:
        if not isinstance(statement, nodes.Input) or statement.symbol.name in symbols.inputs:
            continue
        symbol = statement.symbol
        time = any(a.name == domain.time for a in symbol.arguments)
        places = tuple(a for a in symbol.arguments if a.name != domain.time)
        axes = axes_of_symbol(symbol, places, names, "map", problems)
        _check(statement, domain, time, problems)
        symbols.inputs[symbol.name] = Input(
            symbol.name, axes, time, statement.interpolation or "linear", statement.per == "trajectory",
            unit_text(symbol.unit, problems), statement.doc,
        )  # fmt: skip
    return tuple(symbols.inputs.values())


def _check(statement: nodes.Input, domain: Domain, time: bool, problems: list[Diagnostic]) -> None:
    name, arguments = statement.symbol.name, [a.name for a in statement.symbol.arguments]
    if statement.per not in (None, "trajectory"):
        help = f"write `input {name} per trajectory`"
        message = f"`input {name} per {statement.per}` is not built yet"
        problems.append(error("E0903", message, statement.span, "not built yet", help=help))
    if domain.time in arguments[:-1]:
        shown = ", ".join([*(a for a in arguments if a != domain.time), domain.time])
        message = f"the time of `{name}` comes last"
        problems.append(error("E0510", message, statement.symbol.span, "other order", help=f"write `{name}({shown})`"))
    if statement.interpolation is not None and not time:
        problems.append(
            error(
                "E0530",
                f"`{statement.interpolation}` says how `{name}` changes in time, but it does not",
                statement.span,
                "no series",
                help=f"write `input {name}({', '.join([*arguments, domain.time])}) {statement.interpolation}`, "
                "or leave the rule out",
            )
        )
