"""Learned terms: what they see, what they return, of which family, under which constraints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from eqdsl.analysis.constants import ConstantReader
from eqdsl.analysis.constraint_calls import ACTIVATIONS
from eqdsl.analysis.constraint_context import ConstraintContext
from eqdsl.analysis.constraints import read_constraints
from eqdsl.analysis.expressions import ExpressionChecker
from eqdsl.analysis.families import ADAPTABLE, read_family
from eqdsl.analysis.past import seen_by
from eqdsl.analysis.symbols import LearnedInfo
from eqdsl.analysis.units import unit_text
from eqdsl.analysis.written import written
from eqdsl.core.diagnostics import Diagnostic, Label, error
from eqdsl.model.expr import Expr, PastRef
from eqdsl.model.learned_terms import ADAPTS, NEIGHBOURHOOD, DivergenceFree, LearnedTerm, Monotone
from eqdsl.model.model import ENVIRONMENT
from eqdsl.model.text import expr_text
from eqdsl.operators.base import Value
from eqdsl.syntax import nodes


def read_learned(
    statement: nodes.Learned, checker: ExpressionChecker, constants: ConstantReader, problems: list[Diagnostic]
) -> LearnedTerm | None:
    """The learned term of a statement, None after a message; its names become callable."""
    _refuse(statement, problems)
    seen = _inputs(statement, checker, problems)
    scope = statement.scope[0] if statement.scope is not None else None
    family, options = read_family(statement.family, constants, problems, adapts=scope == ADAPTS)
    unit = unit_text(statement.unit, problems)
    if seen is None:
        return None
    inputs = [value for value, _ in seen]
    flat = tuple(c for value in inputs for c in value.components)
    texts = tuple(expr_text(c, time=checker.scope.time) for c in flat)
    first = statement.heads[0]
    heads, outputs = _heads(statement, inputs, flat, checker, problems)
    if family in NEIGHBOURHOOD and not any(checker.space.facts.of(c).axes for c in flat):
        problems.append(
            error(
                "E0814",
                f"`{family}` looks at neighbouring points, but its inputs do not vary in space",
                statement.family.span if statement.family else first.span,
                "no neighbours",
                help="write `by mlp(64, 64)`",
            )
        )
    context = ConstraintContext(heads, flat, texts, family, checker, constants, problems)
    checker.symbols.learned.update({n: i for n, i in heads.items() if n not in checker.symbols.learned})
    constraints = read_constraints(context, statement.constraints)
    if any(isinstance(c, DivergenceFree) for c in constraints):
        info = checker.symbols.learned[first.name]
        checker.symbols.learned[first.name] = replace(info, along=checker.space.names)
    monotone = any(isinstance(c, Monotone) for c in constraints)
    if scope == ADAPTS and (family not in ADAPTABLE or monotone):
        what = f"`{family}`" if family not in ADAPTABLE else "monotone term"
        problems.append(
            error(
                "E0907",
                f"a {what} that `adapts environment` is not built yet",
                statement.span,
                "not built yet",
                help="write `per environment` for one function each, or `by mlp(64, 64)` without such a constraint",
            )
        )
    if monotone:
        options["act"] = _monotone_activation(statement, options["act"], problems)
    return LearnedTerm(
        first.name,
        outputs,
        flat,
        _input_names(seen, checker),
        family,
        options,
        constraints,
        unit,
        statement.doc,
        first.name_span,
        scope,
    )


def _monotone_activation(statement: nodes.Learned, chosen: object, problems: list[Diagnostic]) -> object:
    """The activation of a monotone network: as written, if it never falls."""
    written = [k for k in statement.family.keywords if k.name == "act"] if statement.family else []
    if not written:
        return ACTIVATIONS[0]
    if chosen not in ACTIVATIONS:
        shown = ", ".join(f"`{name}`" for name in ACTIVATIONS)
        problems.append(
            error(
                "E0811",
                f"`act = {chosen}` falls somewhere, and this learned term may not",
                written[0].span,
                "not monotone",
                help=f"write one of {shown}",
            )
        )
    return chosen


def _refuse(statement: nodes.Learned, problems: list[Diagnostic]) -> None:
    if statement.scope is not None and statement.scope[1] != ENVIRONMENT:
        words = " ".join(statement.scope)
        problems.append(
            error(
                "E0907",
                f"a learned term `{words}` is not built yet",
                statement.span,
                "not built yet",
                help=f"write `{statement.scope[0]} {ENVIRONMENT}`, or leave out `{words}` for one function",
            )
        )
    if statement.shape not in (None, "scalar", "vector"):
        problems.append(
            error(
                "E0931",
                f"`-> {statement.shape}` is not built yet",
                statement.span,
                "not built yet",
                help="name the outputs: `learned f(u), g(u) by mlp(64, 64)`",
            )
        )


def _heads(
    statement: nodes.Learned,
    inputs: Sequence[Value],
    flat: tuple[Expr, ...],
    checker: ExpressionChecker,
    problems: list[Diagnostic],
) -> tuple[dict[str, LearnedInfo], tuple[str, ...]]:
    """How each name is called, and all outputs in order."""
    vector = statement.shape == "vector"
    axes = checker.space.names
    term = statement.heads[0].name
    if vector and (not axes or len(statement.heads) > 1):
        if axes:
            message, help = (
                "several vectors from one network are not built yet",
                "write one `learned` statement for each",
            )
        else:
            message, help = (
                "`-> vector` needs a space, this model has no axes",
                "name the outputs: `learned f(u), g(u)`",
            )
        code = "E0931" if axes else "E0406"
        problems.append(error(code, message, statement.heads[-1].span, "vector", help=help))
        vector = False
    ranks = tuple(v.vector for v in inputs)
    outputs: list[str] = []
    heads = {}
    for head in statement.heads:
        own = [f"{head.name}.{a}" for a in axes] if vector else [head.name]
        numbered = tuple((len(outputs) + i, name) for i, name in enumerate(own))
        heads[head.name] = LearnedInfo(term, numbered, vector, ranks, flat, head.span)
        outputs.extend(own)
    return heads, tuple(outputs)


def _inputs(
    statement: nodes.Learned, checker: ExpressionChecker, problems: list[Diagnostic]
) -> list[tuple[Value, nodes.Expression]] | None:
    """The declared inputs of the first head and how each is written; the other heads must have the same."""
    first = statement.heads[0]
    inputs = seen_by(first.inputs, checker)
    if not first.inputs:
        problems.append(
            error(
                "E0813",
                f"the learned term `{first.name}` has no inputs",
                first.span,
                "sees nothing",
                help=f"list what it may see, `learned {first.name}(u)`; a constant is a `param … = fit`",
            )
        )
        return None
    for value, node in inputs:
        seen = set() if value is None else set().union(*(checker.space.facts.of(c).learned for c in value.components))
        if seen:
            problems.append(
                error(
                    "E0813",
                    f"an input of `{first.name}` contains the learned term `{min(seen)}`",
                    node.span,
                    "learned itself",
                    note="what a term may see must not depend on another one, or its share has no meaning",
                    help="list the states it depends on instead",
                )
            )
            return None
    checked = [(v, node) for v, node in inputs if v is not None]
    if len(checked) < len(inputs):
        return None
    texts = [_text(v) for v, _ in checked]
    for head in statement.heads[1:]:
        other = [value for value, _ in seen_by(head.inputs, checker)]
        if None in other:
            return None
        if [_text(v) for v in other if v is not None] != texts:
            problems.append(
                error(
                    "E0812",
                    f"`{head.name}` and `{first.name}` come from one network but list other inputs",
                    head.span,
                    "other inputs",
                    second=Label(first.span, "first inputs"),
                    help="list the same inputs, or write two `learned` statements",
                )
            )
            return None
    return checked


def _input_names(seen: Sequence[tuple[Value, nodes.Expression]], checker: ExpressionChecker) -> tuple[str, ...]:
    """The inputs as the user wrote them, a vector by components and a history by frames."""
    names: list[str] = []
    for value, node in seen:
        if isinstance(value.components[0], PastRef):
            names += [expr_text(c) for c in value.components]
            continue
        text = written(checker.source, node.span)
        names += [f"{text}.{a}" for a in checker.space.names] if value.vector else [text]
    return tuple(names)


def _text(value: Value) -> tuple[str, ...]:
    return tuple(expr_text(c) for c in value.components)
