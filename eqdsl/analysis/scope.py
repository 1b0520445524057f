"""Names: what a file declares, where, and what to propose for a name that it does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum

from eqdsl.core import limits
from eqdsl.core.diagnostics import Diagnostic, Label, error
from eqdsl.core.source import Span
from eqdsl.operators.axis_derivative import axes_of
from eqdsl.operators.table import OPERATORS
from eqdsl.syntax import nodes


class Kind(Enum):
    """What a name stands for; the value is the word that messages use."""

    STATE = "state"
    PARAMETER = "parameter"
    INPUT = "input"
    KNOWN = "known term"
    LET = "abbreviation"
    LEARNED = "learned term"
    AXIS = "axis"
    TIME = "time"

    @property
    def phrase(self) -> str:
        """The word with its article."""
        return {"axis": "an axis", "time": "the time", "input": "an input", "abbreviation": "an abbreviation"}.get(
            self.value, f"a {self.value}"
        )


SPECIAL_CALLS = ("dn", "dt", "dtt", "delay", "noise", "history")
"""Called like functions, but not in the table of operators."""

DATASET_ROLES = ("trajectory", "component")
"""Names of further dimensions of datasets: `--map u=data[trajectory,t,x]`."""

PLACE_WORDS = ("boundary", "data", "inf")
"""Words with a fixed meaning where a name could stand."""


@dataclass(slots=True)
class Symbol:
    """A declared name. `used` becomes True when an expression or an equation mentions it."""

    name: str
    kind: Kind
    span: Span
    statement: nodes.Statement
    used: bool = False


class Scope:
    """All names of a file."""

    def __init__(self) -> None:
        self.symbols: dict[str, Symbol] = {}
        self.doubled: set[str] = set()
        self.axes: tuple[str, ...] = ()
        self.time = "t"
        self._proposals = 0

    def find(self, name: str) -> Symbol | None:
        """The symbol of that name, which counts as a use; None when nothing has it."""
        symbol = self.symbols.get(name)
        if symbol is not None:
            symbol.used = True
        return symbol

    def of(self, *kinds: Kind) -> list[Symbol]:
        """The symbols of some kinds, in the order of the text."""
        return [s for s in self.symbols.values() if s.kind in kinds]

    def nearest(self, name: str, *, callables: bool = False) -> str | None:
        """A sentence that proposes a name one could have meant, or None."""
        functions = [*OPERATORS, *(f"d{a}" for a in self.axes)] if callables else []
        known = [*self.symbols, *functions, "pi"]
        lowered = {k.lower(): k for k in known}
        close = self.closest(name.lower(), lowered)
        if close is None:
            return None
        found = lowered[close]
        kind = self.symbols[found].kind.value if found in self.symbols else "constant" if found == "pi" else "function"
        return f"did you mean the {kind} `{found}`?"

    @property
    def patient(self) -> bool:
        """Whether proposals are still made."""
        return self._proposals < limits.MAX_ERRORS

    def closest(self, name: str, candidates: Iterable[str]) -> str | None:
        """The candidate that is spelled most alike, or None; after `limits.MAX_ERRORS` questions always None.

        One question costs a comparison with every name of the file.
        """
        if not self.patient:
            return None
        self._proposals += 1
        return next(iter(get_close_matches(name, list(candidates), n=1, cutoff=0.6)), None)


def collect(statements: Iterable[nodes.Statement], problems: list[Diagnostic]) -> Scope:
    """All declared names of a file; clashes and reserved names go to `problems`."""
    scope = Scope()
    statements = list(statements)
    scope.axes = tuple(a.name for s in statements if isinstance(s, nodes.Space) for a in s.axes)
    times = [s.name for s in statements if isinstance(s, nodes.Time)]
    scope.time = times[0] if times else "t"
    for statement in statements:
        for name, span, kind in _declared(statement):
            _declare(scope, Symbol(name, kind, span, statement), problems)
    if not times and "t" not in scope.symbols:
        scope.symbols["t"] = Symbol("t", Kind.TIME, Span(0, 0), nodes.Time(Span(0, 0), "t", None, None), used=True)
    return scope


def _declared(statement: nodes.Statement) -> Iterator[tuple[str, Span, Kind]]:
    match statement:
        case nodes.Space(axes=axes):
            for axis in axes:
                yield axis.name, axis.name_span, Kind.AXIS
        case nodes.Time(name=name):
            yield name, statement.span, Kind.TIME
        case nodes.State(symbols=symbols):
            for symbol in symbols:
                yield symbol.name, symbol.name_span, Kind.STATE
        case nodes.Param(symbol=symbol):
            yield symbol.name, symbol.name_span, Kind.PARAMETER
        case nodes.Input(symbol=symbol):
            yield symbol.name, symbol.name_span, Kind.INPUT
        case nodes.Known():
            yield statement.name, statement.name_span, Kind.KNOWN
        case nodes.Let():
            yield statement.name, statement.name_span, Kind.LET
        case nodes.Learned(heads=heads):
            for head in heads:
                yield head.name, head.name_span, Kind.LEARNED


def _declare(scope: Scope, symbol: Symbol, problems: list[Diagnostic]) -> None:
    reserved = _reserved(symbol, scope.axes) or _taken(symbol, scope)
    if reserved is not None:
        problems.append(
            error(
                "E0303",
                f"`{symbol.name}` cannot be declared: it {reserved}",
                symbol.span,
                "reserved name",
                help="leave it out of `space`: every state changes in time anyway"
                if (symbol.name, symbol.kind) == ("t", Kind.AXIS)
                else f"choose another name, such as `{symbol.name}0`",
            )
        )
    first = scope.symbols.get(symbol.name)
    if first is None:
        scope.symbols[symbol.name] = symbol
        return
    scope.doubled.add(symbol.name)
    if not (symbol.kind is first.kind is Kind.TIME or reserved):
        problems.append(
            error(
                "E0302",
                f"`{symbol.name}` is declared twice",
                symbol.span,
                f"again, as {symbol.kind.value}",
                second=Label(first.span, f"first, as {first.kind.value}"),
                help="rename one of the two",
            )
        )


def _reserved(symbol: Symbol, axes: tuple[str, ...]) -> str | None:
    """Why a name cannot be declared, or None."""
    name = symbol.name
    if name == "pi":
        return "is the constant 3.14159…"
    if name in PLACE_WORDS:
        return "is a word of the language"
    if name in OPERATORS or name in SPECIAL_CALLS or (name == "d" and symbol.kind is Kind.LEARNED):
        return "is a function of the language"
    if symbol.kind is not Kind.AXIS and axes_of(name, axes) is not None:
        return f"is the derivative along {_along(name, axes)}"
    return None


def _taken(symbol: Symbol, scope: Scope) -> str | None:
    """Why an axis or a state of that name would meet something else of the language or of a data file."""
    name, kind = symbol.name, symbol.kind
    if kind is Kind.AXIS:
        for function in (*OPERATORS, *SPECIAL_CALLS):
            if name in (axes_of(function, scope.axes) or ()):
                return (
                    f"would give `{function}(…)` a second meaning, the derivative along {_along(function, scope.axes)}"
                )
    if kind not in (Kind.AXIS, Kind.STATE):
        return None
    if name == "t" == scope.time and not isinstance(symbol.statement, nodes.Time):
        return "is the dataset of a data file that holds the times (`time tau` renames them)"
    if name == "environment":
        return "is the dataset of a data file that tells environments apart"
    if kind is Kind.AXIS and name in DATASET_ROLES:
        return "is a dimension that datasets have besides the axes"
    return None


def _along(function: str, axes: tuple[str, ...]) -> str:
    """The axes that a name differentiates along, in words."""
    return ", then ".join(f"`{a}`" for a in axes_of(function, axes) or ())
