"""``space``, ``time``, ``grid`` and ``scheme``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from eqdsl.analysis.constants import ConstantReader
from eqdsl.analysis.schemes import SchemeChoice, read_schemes
from eqdsl.analysis.units import unit_text
from eqdsl.core.diagnostics import Diagnostic, Label, error
from eqdsl.core.source import Span
from eqdsl.model.model import Axis, least_points
from eqdsl.model.text import number_text
from eqdsl.syntax import nodes

ORDERS = (2, 4, 6)
"""Accuracy orders with stencils and closures (at walls order 6 for second derivatives only)."""


@dataclass(frozen=True, slots=True)
class Domain:
    """Axes, time and discretisation, with what each default was."""

    axes: tuple[Axis, ...] = ()
    time: str = "t"
    time_unit: str | None = None
    order: int = 2
    order_given: bool = False
    choice: SchemeChoice = field(default_factory=SchemeChoice)


def read_domain(statements: Sequence[nodes.Statement], constants: ConstantReader, problems: list[Diagnostic]) -> Domain:
    """The domain of a model; what is wrong goes to `problems`."""
    for kind, word in ((nodes.Space, "space"), (nodes.Time, "time"), (nodes.ModelName, "model")):
        _once([s for s in statements if isinstance(s, kind)], word, problems)
    axes: tuple[Axis, ...] = ()
    for statement in statements:
        if isinstance(statement, nodes.Space):
            axes = _axes(statement, constants, problems)
            break
    domain = Domain(axes)
    for statement in statements:
        if isinstance(statement, nodes.Time):
            unit = unit_text(statement.unit, problems)
            domain = replace(domain, time=statement.name, time_unit=unit)
            _refuse_interval(statement, problems)
            break
    order, where = _order(statements, constants, problems)
    choice = read_schemes(statements, [a.name for a in axes], problems)
    domain = replace(domain, order=order or 2, order_given=where is not None, choice=choice)
    return replace(domain, axes=_gridded(domain, statements, constants, problems))


def _refuse_interval(statement: nodes.Time, problems: list[Diagnostic]) -> None:
    if statement.interval is not None:
        problems.append(
            error(
                "E0924",
                "an interval of time is not built yet",
                statement.interval.span,
                "not built yet",
                help="leave it out; how long to simulate is said by `eqdsl simulate --until 10`, a fit asks the data",
            )
        )


def _once(statements: Sequence[nodes.Statement], word: str, problems: list[Diagnostic]) -> None:
    problems.extend(
        error(
            "E0509",
            f"`{word}` is written twice",
            again.span,
            "again",
            second=Label(statements[0].span, "first"),
            help="keep one statement"
            + ("; several axes stand in one list: `space x in [0, 1], y in [0, 1]`" if word == "space" else ""),
        )
        for again in statements[1:]
    )


def _axes(statement: nodes.Space, constants: ConstantReader, problems: list[Diagnostic]) -> tuple[Axis, ...]:
    if len(statement.axes) > 3:
        problems.append(
            error(
                "E0511",
                f"a space has 1 to 3 axes, this one has {len(statement.axes)}",
                statement.axes[3].span,
                "one too many",
                help="leave out the axes that do not matter",
            )
        )
    axes = []
    for axis in statement.axes:
        unit = unit_text(axis.unit, problems)
        if axis.name == "periodic" and axis.interval is None:
            problems.append(
                error(
                    "E0511",
                    "`periodic` belongs to the axis in front of the comma",
                    axis.span,
                    "read as an axis",
                    help="leave out the comma: `space x in [0, 1] periodic`",
                )
            )
            continue
        if axis.interval is None:
            problems.append(
                error(
                    "E0511",
                    f"the axis `{axis.name}` has no interval",
                    axis.span,
                    "no ends",
                    help=f"write `space {axis.name} in [0, 1]`",
                )
            )
            axes.append(Axis(axis.name, 0.0, 1.0, axis.periodic, unit))
            continue
        ends = constants.interval(axis.interval, f"the interval of axis `{axis.name}`", finite=True)
        lower, upper = ends or (0.0, 1.0)
        axes.append(Axis(axis.name, lower, upper, axis.periodic, unit))
    return tuple(axes)


def _order(
    statements: Sequence[nodes.Statement], constants: ConstantReader, problems: list[Diagnostic]
) -> tuple[int | None, Span | None]:
    """The accuracy order and where it was given."""
    order, where = None, None
    for statement in statements:
        if not isinstance(statement, nodes.Scheme):
            continue
        for option in statement.options:
            if option.name != "order":
                continue
            if where is not None:
                problems.append(
                    error(
                        "E0509",
                        "`scheme order` is written twice",
                        option.span,
                        "again",
                        second=Label(where, "first"),
                        help="keep one",
                    )
                )
            where = option.span
            value = constants.number(option.value, "the order of the scheme")
            if value is not None and value not in ORDERS:
                problems.append(
                    error(
                        "E0513",
                        f"there is no scheme of order {number_text(value)}",
                        option.value.span,
                        "order",
                        help="write `scheme order = 2`, `4` or `6`",
                    )
                )
            elif value is not None:
                order = int(value)
    return order, where


def _gridded(
    domain: Domain, statements: Sequence[nodes.Statement], constants: ConstantReader, problems: list[Diagnostic]
) -> tuple[Axis, ...]:
    axes = {a.name: a for a in domain.axes}
    seen: dict[str, Span] = {}
    least = least_points(domain.order)
    for statement in statements:
        if not isinstance(statement, nodes.Grid):
            continue
        for entry in statement.axes:
            if entry.axis not in axes:
                shown = ", ".join(f"`{a}`" for a in axes) or "none: there is no `space` statement"
                problems.append(
                    error(
                        "E0307",
                        f"`grid` names an axis `{entry.axis}` that is not declared",
                        entry.span,
                        "no such axis",
                        help=f"the axes are {shown}",
                    )
                )
                continue
            if entry.axis in seen:
                problems.append(
                    error(
                        "E0509",
                        f"the grid along `{entry.axis}` is given twice",
                        entry.span,
                        "again",
                        second=Label(seen[entry.axis], "first"),
                        help="keep one",
                    )
                )
            seen[entry.axis] = entry.span
            points = constants.number(entry.points, f"the number of points along `{entry.axis}`")
            if points is None:
                continue
            if points != int(points) or points < least:
                problems.append(
                    error(
                        "E0512",
                        f"the number of points along `{entry.axis}` must be a whole number of at least {least}",
                        entry.points.span,
                        number_text(points),
                        note=f"a scheme of order {domain.order} needs them",
                        help=f"write `grid {entry.axis} = 64`",
                    )
                )
                continue
            axes[entry.axis] = replace(axes[entry.axis], points=int(points), position=entry.position or "cells")
    return tuple(axes.values())
