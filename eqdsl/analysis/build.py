"""Syntax tree to model, step by step: each step reads one kind of statement."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath

from eqdsl.analysis.branch_hints import crossing_branches
from eqdsl.analysis.constants import ConstantReader
from eqdsl.analysis.declarations import channels_of, read_parameters, read_states
from eqdsl.analysis.defaults import defaults_in_words
from eqdsl.analysis.definitions import in_order
from eqdsl.analysis.derivative_orders import check_orders, check_sixth_order
from eqdsl.analysis.domain import read_domain
from eqdsl.analysis.equations import read_equations
from eqdsl.analysis.expressions import ExpressionChecker
from eqdsl.analysis.hidden import encoders_of
from eqdsl.analysis.hints import flows_along_contours, free_fluxes, unused
from eqdsl.analysis.identifiability import not_identifiable
from eqdsl.analysis.initial import read_initial
from eqdsl.analysis.inputs import read_inputs
from eqdsl.analysis.learned import read_learned
from eqdsl.analysis.observations import ObservationReader
from eqdsl.analysis.quantities import read_laws, read_penalties
from eqdsl.analysis.refusals import refuse
from eqdsl.analysis.scope import Kind, collect
from eqdsl.analysis.solved import SolvedReader
from eqdsl.analysis.symbols import Symbols
from eqdsl.analysis.transport import check_transport
from eqdsl.analysis.wall_needs import needs_of
from eqdsl.analysis.walls import WallReader
from eqdsl.analysis.written import written
from eqdsl.core.diagnostics import Diagnostic, error, has_errors
from eqdsl.core.source import SourceText, Span
from eqdsl.model.expr import Expr
from eqdsl.model.facts import FactTable
from eqdsl.model.learned_terms import LearnedTerm
from eqdsl.model.model import Definition, Equation, Law, Model, PenaltyTerm, SolvedState
from eqdsl.model.transport import declared_bounds
from eqdsl.operators.base import Space
from eqdsl.operators.differentiate import Differentiator
from eqdsl.syntax import nodes
from eqdsl.syntax.characters import SUPERSCRIPTS


def build_model(
    source: SourceText, tree: nodes.SyntaxTree, *, broken: bool = False
) -> tuple[Model | None, list[Diagnostic]]:
    """The model of a tree and everything wrong with it; None when there is an error.

    Parameters
    ----------
    source : SourceText
    tree : SyntaxTree
    broken : bool
        Whether statements are missing because they could not be read. What is said to be missing may then stand in
        one of them: such messages are held back, those about a name only where one of them mentions it.
    """
    problems: list[Diagnostic] = []
    statements = tree.statements
    refuse(statements, problems)
    scope = collect(statements, problems)
    constants = ConstantReader(problems)
    domain = read_domain(statements, constants, problems)
    symbols = Symbols()
    fields = read_states(statements, domain, constants, symbols, problems)
    parameters = read_parameters(statements, domain, constants, symbols, problems)
    inputs = read_inputs(statements, domain, symbols, problems)
    facts = FactTable(symbols.channel_axes, symbols.parameters, symbols.definitions)
    space = Space(domain.axes, facts, Differentiator(facts))
    checker = ExpressionChecker(source, scope, symbols, space, problems)

    learned = _definitions_and_learned(tree, checker, constants, problems)
    equations = read_equations(statements, checker, problems)
    channels = channels_of(fields, symbols, space.names)
    solver = SolvedReader(checker, problems)
    unknowns = solver.channels(fields)
    needs = needs_of(equations, channels, domain.axes, facts, parameters)
    walls = WallReader(domain.axes, (*channels, *unknowns), checker, constants, needs, problems).read(statements)
    solved = solver.read(statements, unknowns, walls)
    initial = read_initial(statements, fields, channels, checker, constants, problems)
    observed = ObservationReader(checker, constants, channels, problems).read(statements, initial)
    laws = read_laws(statements, checker, problems)
    penalties = read_penalties(statements, checker, problems)

    placed = [(term.expr, term.span) for equation in equations for term in equation.terms]
    placed_solved = [(s.residual, s.span) for s in solved]
    axis_spans = [(a, scope.symbols[a.name].span) for a in domain.axes]
    check_orders(placed, axis_spans, facts, problems)
    check_orders(placed_solved, axis_spans, facts, problems, solved=True)
    if domain.order == 6:
        check_sixth_order([*placed, *placed_solved], axis_spans, facts, problems)
    if fields and all(f.time_order == 0 for f in fields):
        problems.append(
            error(
                "E0508",
                "no state of the model evolves",
                fields[0].span,
                "solved for",
                help="declare what it follows, with an equation in time: `state u`, `dt(u) = …`",
            )
        )
    transport = check_transport(
        equations, domain.choice, learned, {c.name: declared_bounds(c, fields) for c in channels}, facts, problems
    )
    if not fields and not any(isinstance(s, nodes.State) for s in statements):
        problems.append(
            error(
                "E0508",
                "the model has no state",
                Span(0, 0),
                "nothing evolves",
                help="declare one and its equation: `state u`, `dt(u) = -u`",
            )
        )
    if broken:
        unread = _unread_words(source, statements)
        problems = [p for p in problems if not _may_stand_in(p, unread, source)]
    else:
        unread = set()
    if has_errors(problems):
        return None, problems
    elsewhere = [e for w in walls for e in (*w.coefficients, w.value)]
    elsewhere += [s.residual for s in solved]
    elsewhere += [i.expr for i in initial if i.expr is not None]
    elsewhere += [e for o in observed.observations for e in o.components]
    hints = list(unused(checker, unread))
    if not broken:  # an equation that could not be read may tell what the others leave open
        hints += not_identifiable(equations, parameters, learned, elsewhere, facts, domain.time)
        hints += free_fluxes(equations, learned, facts)
        hints += flows_along_contours(learned, domain.axes, facts)
        hints += crossing_branches(equations, facts, domain.time)
    name = next((s for s in statements if isinstance(s, nodes.ModelName)), None)
    model = Model(
        name=name.name if name else PurePath(source.name).stem.strip("<>") or "model",
        doc=name.doc if name else None,
        source=source,
        axes=domain.axes,
        time=domain.time,
        time_unit=domain.time_unit,
        fields=fields,
        channels=channels,
        parameters=parameters,
        inputs=inputs,
        learned=learned,
        definitions=symbols.definitions,
        equations=equations,
        walls=walls,
        initial=initial,
        noise=observed.noise,
        laws=laws,
        penalties=penalties,
        encoders=encoders_of(initial, _acting(equations, solved, laws, penalties), facts),
        solved=solved,
        order=domain.order,
        schemes=domain.choice.schemes,
        transport=transport,
        defaults=tuple(
            defaults_in_words(
                statements, domain, fields, channels, parameters, inputs, walls, initial, solved, observed.observations
            )
        ),
        warnings=(*problems, *hints),
        observations=tuple(observed.observations),
        unobserved=frozenset(observed.unobserved) | {c.name for c in channels if c.hidden},
        noise_fitted=tuple(observed.fitted),
    )
    return model, [*problems, *hints]


MISSING = ("E0307", "E0406", "E0508", "E0541", "E0620", "E0625")
"""Codes for a missing statement of a kind."""
MISSING_NAME = ("E0301", "E0304", "E0501")
"""Codes for a missing declaration or equation of the name that the message points at."""


_NAME = re.compile(rf"[^\W\d{''.join(SUPERSCRIPTS)}][^\W{''.join(SUPERSCRIPTS)}]*")
"""A name, without the number in front of ``2k`` and the power behind ``k²``."""


def _unread_words(source: SourceText, statements: Sequence[nodes.Statement]) -> set[str]:
    """The words outside the statements that could be read."""
    ends = [0, *(s.span.end for s in statements)]
    starts = [*(s.span.start for s in statements), len(source.text)]
    gaps = (source.text[end:start] for end, start in zip(ends, starts, strict=True))
    lines = (line.partition("#")[0] for gap in gaps for line in gap.splitlines())
    return {word for line in lines for word in _NAME.findall(line)}


def _may_stand_in(problem: Diagnostic, unread: set[str], source: SourceText) -> bool:
    """Whether what is said to be missing may stand in a statement that could not be read."""
    if problem.code in MISSING_NAME:
        pointed_at = source.text[problem.label.span.start : problem.label.span.end]
        return not unread.isdisjoint(re.findall(r"\w+", pointed_at))
    return problem.code in MISSING


def _definitions_and_learned(
    tree: nodes.SyntaxTree, checker: ExpressionChecker, constants: ConstantReader, problems: list[Diagnostic]
) -> tuple[LearnedTerm, ...]:
    """Definitions go into the checker's symbols, learned terms come back in the order of the text."""
    terms: dict[int, LearnedTerm] = {}
    for statement in in_order(tree.statements, problems):
        if isinstance(statement, nodes.Learned):
            term = read_learned(statement, checker, constants, problems)
            if term is not None:
                terms[statement.span.start] = term
        else:
            _define(statement, checker)
    return tuple(terms[place] for place in sorted(terms))


def _acting(
    equations: Sequence[Equation], solved: Sequence[SolvedState], laws: Sequence[Law], penalties: Sequence[PenaltyTerm]
) -> list[Expr]:
    """The expressions in which a learned term is part of the law."""
    terms = [term.expr for equation in equations for term in equation.terms]
    return [*terms, *(s.residual for s in solved), *(law.expr for law in laws), *(p.expr for p in penalties)]


def _define(statement: nodes.Known | nodes.Let, checker: ExpressionChecker) -> None:
    name = statement.name
    value = checker.value(statement.value)
    symbol = checker.scope.symbols[name]
    if value is None or symbol.kind not in (Kind.KNOWN, Kind.LET) or name in checker.symbols.definitions:
        return
    text = written(checker.source, statement.value.span)
    known = isinstance(statement, nodes.Known)
    checker.symbols.definitions[name] = Definition(name, known, value.components, text, statement.name_span)
    if value.vector:
        checker.symbols.vectors.add(name)
