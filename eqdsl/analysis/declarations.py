"""States and parameters."""

from __future__ import annotations

from collections.abc import Sequence

from eqdsl.analysis.constants import INF, ConstantReader, contains, start_within
from eqdsl.analysis.domain import Domain
from eqdsl.analysis.symbols import StateInfo, Symbols
from eqdsl.analysis.units import unit_text
from eqdsl.core.diagnostics import Diagnostic, Label, error
from eqdsl.model.model import Channel, Field, Parameter
from eqdsl.model.text import number_text
from eqdsl.syntax import nodes


def read_states(
    statements: Sequence[nodes.Statement],
    domain: Domain,
    constants: ConstantReader,
    symbols: Symbols,
    problems: list[Diagnostic],
) -> tuple[Field, ...]:
    """The fields in the order of declaration; fills in `symbols`."""
    orders = {s.state: 0 for s in statements if isinstance(s, nodes.Elliptic)}
    orders |= {s.state: s.order for s in statements if isinstance(s, nodes.Evolution)}
    axis_names = tuple(a.name for a in domain.axes)
    fields = []
    for statement in statements:
        if not isinstance(statement, nodes.State):
            continue
        _refuse_modifiers(statement, problems)
        vector, hidden = "vector" in statement.modifiers, "hidden" in statement.modifiers
        for symbol in statement.symbols:
            if symbol.name in symbols.states:
                continue
            axes = _axes_of(symbol, axis_names, "state", problems)
            if vector and not axes:
                problems.append(
                    error(
                        "E0510",
                        f"the vector state `{symbol.name}` must vary in space",
                        symbol.span,
                        "no axes",
                        help=f"write `vector state {symbol.name}({', '.join(axis_names) or 'x, y'})`",
                    )
                )
                continue
            bounds = constants.interval(symbol.bounds, f"the range of `{symbol.name}`") if symbol.bounds else None
            lower, upper = bounds or (-INF, INF)
            order = orders.get(symbol.name, 1)
            order = order if order in (0, 2) else 1
            unit = unit_text(symbol.unit, problems)
            if hidden and order == 0:
                problems.append(_hidden_and_solved(symbol))
            span = symbol.name_span
            fields.append(Field(symbol.name, axes, vector, order, lower, upper, unit, statement.doc, span, hidden))
            info = StateInfo(symbol.name, axes, vector, order, span, hidden)
            symbols.states[symbol.name] = info
            for velocity in (False, True):
                for name in info.channels(axis_names, velocity=velocity):
                    symbols.channel_axes[name] = axes
    return tuple(fields)


def channels_of(fields: Sequence[Field], symbols: Symbols, axis_names: tuple[str, ...]) -> tuple[Channel, ...]:
    """The slots of the state tensor: each field's values, then its velocities; what is solved for has none."""
    channels = []
    for field in (f for f in fields if f.time_order):
        info = symbols.states[field.name]
        for velocity in (False, True)[: field.time_order]:
            for i, name in enumerate(info.channels(axis_names, velocity=velocity)):
                component = i if field.vector else None
                channels.append(Channel(name, field.name, component, velocity, not field.axes, field.hidden))
    return tuple(channels)


def _hidden_and_solved(symbol: nodes.Symbol) -> Diagnostic:
    return error(
        "E0621",
        f"`{symbol.name}` is hidden, but its equation gives it at every time",
        symbol.span,
        "solved for",
        note="what is solved for is never read from the data",
        help="leave out `hidden`",
    )


def _refuse_modifiers(statement: nodes.State, problems: list[Diagnostic]) -> None:
    if "complex" in statement.modifiers:
        problems.append(
            error(
                "E0906",
                "`complex state` is not built yet",
                statement.span,
                "not built yet",
                help="write `state` without `complex`",
            )
        )
    if statement.per is not None:
        problems.append(
            error(
                "E0907",
                f"a state `per {statement.per}` is not built yet",
                statement.span,
                "not built yet",
                help=f"leave out `per {statement.per}`: every trajectory has its own states anyway",
            )
        )


def _axes_of(
    symbol: nodes.Symbol, axis_names: tuple[str, ...], what: str, problems: list[Diagnostic]
) -> tuple[str, ...]:
    """The axes in parentheses after a declared name."""
    return axes_of_symbol(symbol, symbol.arguments, axis_names, what, problems)


def axes_of_symbol(
    symbol: nodes.Symbol,
    arguments: Sequence[nodes.Name],
    axis_names: tuple[str, ...],
    what: str,
    problems: list[Diagnostic],
) -> tuple[str, ...]:
    """The axes among the `arguments` of a declared name: all of the space in order, or none."""
    written = tuple(a.name for a in arguments)
    if not written:
        return ()
    unknown = next((a for a in arguments if a.name not in axis_names), None)
    shown = ", ".join(axis_names)
    if unknown is not None:
        if not axis_names:
            help = f"declare the space, `space {', '.join(f'{a} in [0, 1]' for a in written)}`"
        elif unknown.name == "t":
            help = f"leave out the time: `{symbol.name}({shown})`"
        else:
            help = f"write `{symbol.name}({shown})`"
        problems.append(
            error("E0307", f"`{unknown.name}` is not an axis of space", unknown.span, "no such axis", help=help)
        )
        return axis_names
    if written != axis_names:
        if sorted(written) == sorted(axis_names) or len(set(written)) < len(written):
            problems.append(
                error(
                    "E0510",
                    f"the axes of `{symbol.name}` must be in the order of `space`",
                    symbol.span,
                    "other order",
                    help=f"write `{symbol.name}({shown})`",
                )
            )
        else:
            problems.append(
                error(
                    "E0908",
                    f"a {what} over a part of the axes is not built yet",
                    symbol.span,
                    "not all axes",
                    help=f"write `{symbol.name}({shown})`, or `{symbol.name}` for one number",
                )
            )
    return axis_names


def read_parameters(
    statements: Sequence[nodes.Statement],
    domain: Domain,
    constants: ConstantReader,
    symbols: Symbols,
    problems: list[Diagnostic],
) -> tuple[Parameter, ...]:
    """The parameters in the order of declaration; fills in `symbols`."""
    axis_names = tuple(a.name for a in domain.axes)
    parameters = []
    for statement in statements:
        if not isinstance(statement, nodes.Param) or statement.symbol.name in symbols.parameters:
            continue
        symbol = statement.symbol
        name = symbol.name
        if statement.per is not None and statement.value is not None and not statement.fitted:
            problems.append(
                error(
                    "E0805",
                    f"`{name}` has a value per {statement.per}, and only a fit finds those",
                    statement.span,
                    "not fitted",
                    help=f"write `param {name} per {statement.per} = fit`, or leave out `per {statement.per}`; known "
                    f"numbers of each are an `input {name} per trajectory`",
                )
            )
        if statement.prior is not None:
            problems.append(
                error(
                    "E0909",
                    f"the prior `{statement.prior.name}(…)` is not built yet",
                    statement.prior.span,
                    "not built yet",
                    help="give a start and bounds: `= fit 0.3 in (0, 2)`",
                )
            )
        axes = _axes_of(symbol, axis_names, "coefficient field", problems)
        symbols.parameters[name] = axes
        bounds = constants.interval(statement.bounds, f"the range of `{name}`") if statement.bounds else None
        value = _start(statement, bounds, constants, problems)
        unit = unit_text(symbol.unit, problems)
        lower, upper = bounds or (-INF, INF)
        parameters.append(
            Parameter(name, value, statement.fitted, lower, upper, axes, unit, statement.doc, statement.per)
        )
    return tuple(parameters)


def _start(
    statement: nodes.Param, bounds: tuple[float, float] | None, constants: ConstantReader, problems: list[Diagnostic]
) -> float:
    """The value, or where a fit starts."""
    name = statement.symbol.name
    if statement.value is None:
        if not statement.fitted and statement.prior is None:
            problems.append(
                error(
                    "E0801",
                    f"the parameter `{name}` has no value",
                    statement.span,
                    "no value",
                    help=f"write `param {name} = fit in (0, 2)` for a number to be fitted"
                    if statement.bounds
                    else f"write `param {name} = 1` for a known number, `param {name} = fit` for one to be fitted",
                )
            )
        return start_within(bounds or (-INF, INF))
    if statement.fitted and isinstance(statement.value, nodes.Tuple):
        problems.append(
            error(
                "E0804",
                f"the start of `{name}` must be one number",
                statement.value.span,
                f"{len(statement.value.items)} numbers",
                help="write the range behind `in`: `fit 0.5 in (0, 2)`",
            )
        )
        return 1.0
    value = constants.number(statement.value, f"the value of `{name}`")
    if value is None:
        return 1.0
    interval = statement.bounds
    if bounds is None or interval is None:
        return value
    if not contains(interval, bounds, value):
        what = "start" if statement.fitted else "value"
        problems.append(
            error(
                "E0802",
                f"the {what} {number_text(value)} of `{name}` lies outside its range",
                statement.value.span,
                what,
                second=Label(interval.span, "range"),
                help=f"write a {what} inside, for example {number_text(start_within(bounds))}",
            )
        )
    elif statement.fitted and value in bounds:
        problems.append(
            error(
                "E0802",
                f"the fit of `{name}` starts on an end of its range, where it cannot move",
                statement.value.span,
                "on the end",
                second=Label(interval.span, "range"),
                help=f"start inside, for example at {number_text(start_within(bounds))}",
            )
        )
    return value
