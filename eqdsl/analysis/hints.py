"""Warnings: what is declared in vain, and what data alone cannot tell apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from eqdsl.analysis.expressions import ExpressionChecker
from eqdsl.analysis.scope import Kind
from eqdsl.core.diagnostics import Diagnostic, Label, warning
from eqdsl.model.expr import Apply, Const, DefinitionRef, Diff, Expr, LearnedCall, ParamRef
from eqdsl.model.facts import FactTable, nodes_of
from eqdsl.model.model import Equation, LearnedTerm, Parameter, Parity, Pinned, Term
from eqdsl.model.text import expr_text


def unused(checker: ExpressionChecker) -> Iterator[Diagnostic]:
    """Names that no equation needs."""
    for symbol in checker.scope.of(Kind.PARAMETER, Kind.KNOWN, Kind.LET, Kind.LEARNED):
        if not symbol.used:
            yield warning(
                "W1001",
                f"the {symbol.kind.value} `{symbol.name}` is never used",
                symbol.span,
                "not used",
                help="use it in an equation or a law, or delete it",
            )


def not_identifiable(
    equations: Sequence[Equation],
    parameters: Sequence[Parameter],
    learned: Sequence[LearnedTerm],
    facts: FactTable,
    time: str,
) -> Iterator[Diagnostic]:
    """``k*u + R(u)`` with k fitted, and a flux that is free up to a constant."""
    fitted = {p.name for p in parameters if p.fitted}
    terms = {t.name: t for t in learned}
    seen: set[tuple[str, str]] = set()
    for equation in equations:
        calls = [(t, c) for t in equation.terms if (c := _bare_call(t.expr, facts)) is not None]
        for term in equation.terms:
            for name, factor in _linear_terms(term, fitted, facts):
                for other, call in calls:
                    if (name, call.term) not in seen and _sees(call, factor, terms[call.term], facts):
                        seen.add((name, call.term))
                        yield _absorbed(name, factor, term, other, call, time)
    yield from _free_fluxes(equations, terms, facts)


def _absorbed(name: str, factor: Expr, term: Term, other: Term, call: LearnedCall, time: str) -> Diagnostic:
    shown = expr_text(factor, time=time)
    return warning(
        "W1002",
        f"`{name}` is not determined by data alone: the learned term `{call.name}` can take over `{shown}`",
        term.span,
        f"fitted multiple of `{shown}`",
        second=Label(other.span, f"sees `{shown}` too"),
        note="the fit gives the known part as much as it can explain, so the result is a choice, not a measurement",
        help=f"fix `{name}`, or do not let `{call.name}` see `{shown}`",
    )


def _bare_call(expr: Expr, facts: FactTable) -> LearnedCall | None:
    """The learned term that an addend is, perhaps with a sign or a name."""
    while True:
        if isinstance(expr, DefinitionRef):
            expr = facts.body(expr)
        elif isinstance(expr, Apply) and expr.function == "neg":
            expr = expr.arguments[0]
        else:
            return expr if isinstance(expr, LearnedCall) else None


def _linear_terms(term: Term, fitted: set[str], facts: FactTable) -> Iterator[tuple[str, Expr]]:
    """``(k, X)`` when the addend is a fitted number times one other factor X."""
    expr: Expr = term.expr
    sign = True
    while sign:
        if isinstance(expr, DefinitionRef):
            expr = facts.body(expr)
        elif isinstance(expr, Apply) and expr.function == "neg":
            expr = expr.arguments[0]
        else:
            sign = False
    if not (isinstance(expr, Apply) and expr.function == "mul"):
        return
    factors = [f.arguments[0] if isinstance(f, Apply) and f.function == "neg" else f for f in expr.arguments]
    numbers = [f for f in factors if isinstance(f, ParamRef) and f.name in fitted]
    others = [f for f in factors if f not in numbers and not isinstance(f, Const)]
    if len(numbers) == 1 and len(others) == 1:
        yield numbers[0].name, others[0]


def _sees(call: LearnedCall, factor: Expr, term: LearnedTerm, facts: FactTable) -> bool:
    """Whether the learned term could return a multiple of the factor."""
    if term.family == "conv":
        seen = frozenset[str]().union(*(facts.of(a).channels for a in call.arguments))
        return bool(facts.of(factor).channels) and facts.of(factor).channels <= seen
    text = expr_text(factor)
    return bool(facts.of(factor).channels) and any(expr_text(a) == text for a in call.arguments)


def _free_fluxes(
    equations: Sequence[Equation], terms: dict[str, LearnedTerm], facts: FactTable
) -> Iterator[Diagnostic]:
    """Outputs of learned terms that act only through a derivative and are fixed nowhere."""
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
        learned = terms[call.term]
        if total[name] > derived[name] or _fixed(learned, call.output) or learned.name in reported:
            continue
        reported.add(learned.name)
        zeros = ", ".join("0" for _ in learned.inputs)
        yield warning(
            "W1003",
            f"the flux `{name}` is determined only up to a constant: only its derivative acts",
            learned.span,
            "no fixed value",
            second=Label(term.span, "its derivative"),
            help=f"add `with {name.partition('.')[0]}({zeros}) = 0`",
        )


def _fixed(term: LearnedTerm, output: int) -> bool:
    """Whether a constraint fixes the output's level."""
    return any(
        (isinstance(c, Pinned) and c.output == output) or (isinstance(c, Parity) and c.odd) for c in term.constraints
    )
