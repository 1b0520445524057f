"""``scheme dx = upwind(3)``, ``scheme advect = …``: which scheme each first derivative takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from eqdsl.core.diagnostics import Diagnostic, Label, error
from eqdsl.core.source import Span
from eqdsl.model.scheme import ARGUMENTS, CENTRAL, KERNELS, SEMILAGRANGIAN, Scheme, Schemes
from eqdsl.syntax import nodes

ADVECT = "advect"
USAGE = (
    "`upwind(1)`, `upwind(3)`, `upwind(5)`, `weno(5)`, `tvd(minmod)` or `central`; of `advect`, `semilagrangian` too"
)


@dataclass(frozen=True, slots=True)
class SchemeChoice:
    """The schemes, and where each that is not central was written: by axis, or ``advect``."""

    schemes: Schemes = field(default_factory=Schemes)
    spans: dict[str, Span] = field(default_factory=dict)


def read_schemes(
    statements: Sequence[nodes.Statement], axes: Sequence[str], problems: list[Diagnostic]
) -> SchemeChoice:
    """What the ``scheme`` statements say beside the order."""
    first: dict[str, Span] = {}
    axis_schemes: dict[str, Scheme] = {}
    spans: dict[str, Span] = {}
    advect: Scheme | str | None = None
    for option in (o for s in statements if isinstance(s, nodes.Scheme) for o in s.options):
        if option.name == "order":
            continue
        key = _subject(option, axes, problems)
        if key is None:
            continue
        if key in first:
            problems.append(_twice(option, first[key]))
            continue
        first[key] = option.span
        scheme = _scheme(option, problems)
        if isinstance(scheme, Scheme):
            spans[key] = option.span
        if key == ADVECT:
            advect = scheme
        elif isinstance(scheme, Scheme):
            axis_schemes[key] = scheme
    return SchemeChoice(Schemes(axis_schemes, advect), spans)


def _twice(option: nodes.KeywordArgument, first: Span) -> Diagnostic:
    return error(
        "E0509",
        f"`scheme {option.name}` is written twice",
        option.span,
        "again",
        second=Label(first, "first"),
        help="keep one",
    )


def _subject(option: nodes.KeywordArgument, axes: Sequence[str], problems: list[Diagnostic]) -> str | None:
    """The axis, or ``advect``, that an option is about."""
    if option.name == ADVECT:
        return ADVECT
    if option.name.startswith("d") and option.name[1:] in axes:
        return option.name[1:]
    names = ["order", *(f"d{a}" for a in axes), ADVECT]
    near = get_close_matches(option.name, names, n=1)
    if option.name == "method":
        advice = "the integrator is an option of the run, `--method rk4`"
    else:
        hint = f"did you mean `{near[0]}`? " if near else ""
        advice = f"{hint}The options are {', '.join(f'`{n}`' for n in names)}"
    problems.append(
        error("E0519", f"`scheme` has no option `{option.name}`", option.span, "no such option", help=advice)
    )
    return None


def _scheme(option: nodes.KeywordArgument, problems: list[Diagnostic]) -> Scheme | str | None:
    """The scheme that an option asks for, ``central`` as a word; None after a message."""
    value = option.value
    name = value.name if isinstance(value, nodes.Name | nodes.Call) else None
    if name == CENTRAL and isinstance(value, nodes.Name):
        return CENTRAL
    if name == SEMILAGRANGIAN:
        return _semilagrangian(option, value, problems)
    if name in ARGUMENTS:
        return _with_argument(option, name, value, problems)
    near = get_close_matches(name.lower(), [*ARGUMENTS, SEMILAGRANGIAN, CENTRAL], n=1) if name else []
    hint = f"did you mean `{near[0]}`? " if near else ""
    problems.append(
        error("E0519", "there is no such scheme", value.span, "no scheme", help=f"{hint}The schemes are {USAGE}")
    )
    return None


def _written(argument: nodes.Expression) -> str:
    """A word or a whole number as text; nothing else stands in the parentheses of a scheme."""
    if isinstance(argument, nodes.Number) and argument.value == int(argument.value):
        return str(int(argument.value))
    return argument.name if isinstance(argument, nodes.Name) else ""


def _semilagrangian(
    option: nodes.KeywordArgument, value: nodes.Expression, problems: list[Diagnostic]
) -> Scheme | None:
    """A semi-Lagrangian scheme; without parentheses its first kernel."""
    if option.name != ADVECT:
        problems.append(
            error(
                "E0519",
                "a semi-Lagrangian scheme follows a velocity, and derivatives along one axis have none",
                value.span,
                f"not for `{option.name}`",
                help="write `scheme advect = semilagrangian`, and the transport as `-advect(w, u)`",
            )
        )
        return None
    if isinstance(value, nodes.Name):
        return Scheme(SEMILAGRANGIAN, KERNELS[0])
    given = value.arguments if isinstance(value, nodes.Call) and not value.keywords else ()
    if len(given) == 1 and isinstance(given[0], nodes.Name) and given[0].name in KERNELS:
        return Scheme(SEMILAGRANGIAN, given[0].name)
    shown = ", ".join(f"`{SEMILAGRANGIAN}({k})`" for k in KERNELS)
    problems.append(
        error(
            "E0519",
            f"`{SEMILAGRANGIAN}` takes an interpolation in parentheses, one of {', '.join(KERNELS)}",
            value.span,
            "this interpolation",
            help=f"write {shown}",
        )
    )
    return None


def _with_argument(
    option: nodes.KeywordArgument, name: str, value: nodes.Expression, problems: list[Diagnostic]
) -> Scheme | None:
    allowed = ARGUMENTS[name]
    given = value.arguments if isinstance(value, nodes.Call) and not value.keywords else ()
    written = ", ".join(_written(argument) for argument in given)
    for argument in allowed:
        if written == str(argument):
            return Scheme(name, argument)
    shown, between = [f"`{name}({a})`" for a in allowed], " or " if len(allowed) == 2 else ", "
    what = "the limiter" if name == "tvd" else "the order"
    problems.append(
        error(
            "E0519",
            f"`{name}` takes {what} in parentheses, {'' if len(allowed) == 2 else 'one of '}"
            f"{between.join(f'`{a}`' if ',' in str(a) else str(a) for a in allowed)}",
            value.span,
            "this scheme",
            help=f"write {between.join(shown)}",
        )
    )
    return None
