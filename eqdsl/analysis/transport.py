"""What the schemes of a model transport: refused where they cannot, told in words where they do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

from eqdsl.analysis.schemes import ADVECT, SchemeChoice
from eqdsl.core.diagnostics import Diagnostic, error
from eqdsl.core.source import Span
from eqdsl.model.expr import ChannelRef, Diff, Expr, FluxDiff, LearnedCall
from eqdsl.model.facts import FactTable, nodes_of
from eqdsl.model.learned_terms import LearnedTerm
from eqdsl.model.model import Equation, Term
from eqdsl.model.scheme import Scheme
from eqdsl.model.semilagrangian import advected
from eqdsl.model.text import number_text
from eqdsl.model.transport import Transport, TransportFinder

MOST_ADDENDS = 1000
"""Transporting addends of one term, definitions written out; definitions that add up others multiply them."""


def check_transport(
    equations: Sequence[Equation],
    choice: SchemeChoice,
    learned: Sequence[LearnedTerm],
    bounds: Mapping[str, tuple[float, float] | None],
    facts: FactTable,
    problems: list[Diagnostic],
) -> tuple[str, ...]:
    """One sentence for each addend that a scheme transports; what cannot be goes to `problems`."""
    if not choice.schemes:
        return ()
    finder = TransportFinder(choice.schemes, facts)
    seeing = {term.name: term for term in learned if not term.pointwise}
    words: list[str] = []
    used: set[str] = set()
    for equation in equations:
        for term in equation.terms:
            addends = list(islice(finder.transports(term.expr, equation.channel), MOST_ADDENDS + 1))
            if len(addends) > MOST_ADDENDS:
                problems.append(_too_many(term))
                return ()
            for found in addends:
                used.add(ADVECT if _by_advect(found.derivative, choice) else found.derivative.axis)
                if not _refused(term, found, seeing, facts, problems):
                    alone = finder.alone([t.expr for t in equation.terms], equation.channel)
                    limits = _limits(alone, bounds[equation.channel])
                    words.append(_in_words(equation, term, found, choice, limits))
    if choice.schemes.kernel is not None:
        words += _followed(equations, used, facts, problems)
    for key, span in choice.spans.items():
        if key not in used:
            problems.append(_idle(key, span))
    return tuple(dict.fromkeys(words))


def _followed(equations: Sequence[Equation], used: set[str], facts: FactTable, problems: list[Diagnostic]) -> list[str]:
    """The same for what semi-Lagrangian steps carry: the state of the equation itself."""
    addends, words = advected(facts), []
    for equation in equations:
        for term in equation.terms:
            found = list(islice(addends.of(term.expr), MOST_ADDENDS + 1))
            if len(found) > MOST_ADDENDS:
                problems.append(_too_many(term))
                return []
            if not found:
                continue
            used.add(ADVECT)
            if all(_is_own(derivative, equation) for derivative, _ in found):
                words.append(f"`{term.name}` in dt({equation.channel}): followed backwards over a whole step")
            else:
                problems.append(_not_own(equation, term))
    return words


def _is_own(derivative: Expr, equation: Equation) -> bool:
    argument = derivative.argument if isinstance(derivative, Diff) else derivative
    return isinstance(argument, ChannelRef) and argument.channel == equation.channel


def _not_own(equation: Equation, term: Term) -> Diagnostic:
    return error(
        "E0522",
        f"a semi-Lagrangian scheme carries the state of its equation, `{equation.channel}`, and nothing else",
        term.span,
        "this carries something else",
        note="it is a step that moves the state itself, not a rate that could be added up",
        help=f"write `-advect(w, {equation.channel})` here, or take a scheme that is a rate, "
        "`scheme advect = upwind(3)`",
    )


def _too_many(term: Term) -> Diagnostic:
    return error(
        "E0409",
        f"written out, this term transports in more than {MOST_ADDENDS:,} ways",
        term.span,
        "too large",
        help="let fewer definitions that contain derivatives add up others of their kind",
    )


def _by_advect(derivative: Diff, choice: SchemeChoice) -> bool:
    return derivative.carried and isinstance(choice.schemes.advect, Scheme)


def _refused(
    term: Term, found: Transport, seeing: Mapping[str, LearnedTerm], facts: FactTable, problems: list[Diagnostic]
) -> bool:
    """Whether the flux is no function of values at one point, with a message where it is not."""
    axis = found.derivative.axis
    inside = list(nodes_of(found.derivative.argument, facts))
    if any(isinstance(n, Diff | FluxDiff) for n in inside):
        problems.append(
            error(
                "E0520",
                f"the scheme along `{axis}` transports functions of values, this flux contains a derivative",
                term.span,
                "a state and a derivative under one derivative",
                note="a slope on a face has no upwind side",
                help=f"write what transports and what diffuses apart: `-d{axis}(f(u)) + d{axis}(k*d{axis}(u))`; "
                f"for a velocity that is a derivative, `-v*d{axis}(u)`",
            )
        )
        return True
    wide = next((seeing[n.term] for n in inside if isinstance(n, LearnedCall) and n.term in seeing), None)
    if wide is not None:
        help_text = "take a pointwise family for the flux, `by mlp(64, 64)`"
        if wide.divergence_free is not None:
            help_text = f"write `-advect({wide.name}, u)`, which is the same where `div({wide.name}) = 0`"
        problems.append(
            error(
                "E0520",
                f"the scheme along `{axis}` transports functions of values, this flux sees neighbouring points",
                term.span,
                "a neighbourhood under the derivative",
                note="states on a face have no neighbours",
                help=help_text,
            )
        )
        return True
    return False


def _idle(key: str, span: Span) -> Diagnostic:
    if key == ADVECT:
        message, help_text = (
            "no equation contains `advect(…)`",
            "write `-advect(w, u)` in an equation, or leave this out",
        )
    else:
        message = f"no term of an equation is transport along `{key}`"
        help_text = f"leave it out, or write the transport as a term: `-d{key}(f(u))` or `-v*d{key}(u)`"
    return error(
        "E0521",
        f"this scheme has nothing to act on: {message}",
        span,
        "without effect",
        note="derivatives of second and higher order, inside functions and as inputs of learned terms stay central",
        help=help_text,
    )


def _limits(alone: bool, bounds: tuple[float, float] | None) -> str:
    """What a scheme with bounds does for a state, in words."""
    if not alone:
        return ", not limited: a system has no bounds to keep"
    if bounds is None:
        return ", limited to the extrema of the present field"
    lower, upper = (number_text(b) for b in bounds)
    return f", limited to [{lower}, {upper}]"


def _in_words(equation: Equation, term: Term, found: Transport, choice: SchemeChoice, limits: str) -> str:
    scheme = choice.schemes.of(found.derivative)
    assert scheme is not None  # the finder said so
    form = "flux form (Rusanov), conservative" if found.conservative else "advective form, by the sign of its factor"
    place = f"`{term.name}` in dt({equation.channel}) along {found.derivative.axis}"
    return f"{place}: {scheme.text}, {form}{limits if scheme.bounded else ''}"
