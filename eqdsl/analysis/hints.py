"""Warnings: what is declared in vain, and fluxes that are free up to a constant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from eqdsl.analysis.expressions import ExpressionChecker
from eqdsl.analysis.scope import Kind
from eqdsl.core import limits
from eqdsl.core.diagnostics import Diagnostic, Label, warning
from eqdsl.model.expr import Diff, Expr, LearnedCall
from eqdsl.model.facts import FactTable, nodes_of
from eqdsl.model.learned_terms import NEIGHBOURHOOD, LearnedTerm, Parity, Pinned, ZeroMean
from eqdsl.model.model import Axis, Equation, Term


def unused(checker: ExpressionChecker, mentioned: Collection[str]) -> Iterator[Diagnostic]:
    """Names that no equation needs, and that are not `mentioned` elsewhere; many are counted, not listed."""
    declared = checker.scope.of(Kind.PARAMETER, Kind.KNOWN, Kind.LET, Kind.LEARNED)
    idle = [s for s in declared if not s.used and s.name not in mentioned]
    for symbol in idle[: limits.MAX_ERRORS]:
        yield warning(
            "W1001",
            f"the {symbol.kind.value} `{symbol.name}` is never used",
            symbol.span,
            "not used",
            help="use it in an equation or a law, or delete it",
        )
    if len(idle) > limits.MAX_ERRORS:
        rest = idle[limits.MAX_ERRORS :]
        yield warning("W1001", f"{len(rest)} more names are never used", rest[0].span, "the first of them")


def free_fluxes(
    equations: Sequence[Equation], learned: Sequence[LearnedTerm], facts: FactTable
) -> Iterator[Diagnostic]:
    """Outputs of learned terms that act only through a derivative and are fixed nowhere."""
    terms = {t.name: t for t in learned}
    first: dict[str, tuple[LearnedCall, Term]] = {}
    total: Counter[str] = Counter()
    derived: Counter[str] = Counter()
    for term in (t for e in equations for t in e.terms):
        reached: set[Expr] = set()
        for node in nodes_of(term.expr, facts):
            if isinstance(node, LearnedCall):
                total[node.name] += 1
            elif isinstance(node, Diff) and isinstance(node.argument, LearnedCall) and node.argument not in reached:
                reached.add(node.argument)
                derived[node.argument.name] += 1
                first.setdefault(node.argument.name, (node.argument, term))
    reported: set[str] = set()
    for name, (call, term) in first.items():
        flux = terms[call.term]
        if total[name] > derived[name] or _fixed(flux, call.output) or flux.name in reported:
            continue
        reported.add(flux.name)
        zeros = ", ".join("0" for _ in flux.inputs)
        yield warning(
            "W1003",
            f"the flux `{name}` is determined only up to a constant: only its derivative acts",
            flux.span,
            "no fixed value",
            second=Label(term.span, "its derivative"),
            help=f"add `with {name.partition('.')[0]}({zeros}) = 0`",
        )


def flows_along_contours(
    learned: Sequence[LearnedTerm], axes: Sequence[Axis], facts: FactTable
) -> Iterator[Diagnostic]:
    """Stream functions of one quantity alone, which move that quantity along its own contours."""
    for term in learned:
        blind = term.of_stream_function and term.family not in NEIGHBOURHOOD and len(term.inputs) == 1
        if not blind or not facts.of(term.inputs[0]).channels or not all(a.periodic for a in axes):
            continue
        name, seen = term.name, term.input_names[0]
        yield warning(
            "W1007",
            f"`{name}` flows along the contours of `{seen}`: but for a uniform flow, `advect({name}, {seen})` is 0",
            term.span,
            f"sees `{seen}` only",
            note=f"with `div({name}) = 0` it is the curl of a stream function of `{seen}`",
            help=f"let it see more, such as `{', '.join([seen, *(a.name for a in axes)])}`, or neighbours: "
            "`by conv(16, 16)`",
        )


def _fixed(term: LearnedTerm, output: int) -> bool:
    """Whether a constraint fixes the output's level."""
    return any(
        (isinstance(c, Pinned | ZeroMean) and c.output == output) or (isinstance(c, Parity) and c.odd)
        for c in term.constraints
    )
