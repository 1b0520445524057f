"""All recognisers, in the order in which they are asked: the more a slip explains, the earlier it stands."""

from __future__ import annotations

from eqdsl.core.diagnostics import Diagnostic, error
from eqdsl.syntax import words
from eqdsl.syntax.mistakes import brackets, clauses, declaring, domains, endings, habits, notation, operators
from eqdsl.syntax.mistakes.base import Failure, Recogniser

RECOGNISERS: tuple[Recogniser, ...] = (
    clauses.indented_statement,
    habits.python_import,
    habits.reserved_start,
    habits.named_component,
    habits.module_function,
    habits.lambda_function,
    operators.decimal_comma,
    domains.interval_without_in,
    domains.counted_points,
    domains.integrator,
    endings.options_behind,
    endings.noise_of_data,
    endings.text_not_last,
    endings.joined_places,
    endings.odd_name,
    notation.joined_constraints,
    habits.logic_word,
    notation.dotted_operator,
    notation.list_in_brackets,
    notation.power_of_function,
    notation.numbered_component,
    notation.nothing_after_comma,
    notation.quoted_option,
    declaring.unit_after_number,
    declaring.several_at_once,
    declaring.range_without_in,
    declaring.state_value,
    declaring.vector_behind,
    declaring.function_definition,
    declaring.initial_place,
    declaring.wall_by_name,
    operators.rate_of_expression,
    brackets.index_brackets,
    brackets.wrong_closer,
    operators.nothing_after,
    brackets.never_closed,
    operators.nothing_before,
    clauses.unfinished_learned,
    clauses.misspelled_word,
    endings.other_trend,
    clauses.unreadable_unit,
    clauses.missing_place,
    clauses.missing_equals,
    clauses.missing_interval_end,
    clauses.missing_trend,
    clauses.missing_state,
    clauses.missing_comma,
    operators.side_by_side,
    operators.comparison,
    habits.text_in_single_place,
)


def explain(failure: Failure) -> Diagnostic:
    """The diagnostic of the first recogniser that knows this slip, or what could have stood there."""
    for recognise in RECOGNISERS:
        found = recognise(failure)
        if found is not None:
            return found
    wanted = words.in_words(failure.expected)
    example = words.STATEMENTS.get(failure.keyword)
    return error(
        "E0200",
        f"{failure.found} where {wanted} should stand" if failure.token else f"{failure.found} too early",
        failure.span,
        ("" if failure.token else f"{wanted} should follow"),
        help=f"for example `{example}`" if example else None,
    )
