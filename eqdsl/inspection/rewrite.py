"""The distilled model file: the user's text with learned terms replaced by formulas and fitted parameters by numbers.

Only the spans of those statements (and of calls of a learned term at other arguments) change; every other character,
comments included, stays as it was.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from eqdsl.core.source import SourceText, Span
from eqdsl.inspection.formula import Formula, atoms
from eqdsl.model.learned_terms import LearnedTerm
from eqdsl.model.model import Model
from eqdsl.model.text import number_text
from eqdsl.syntax import nodes
from eqdsl.syntax.parser import parse

VALUE_DIGITS = 6
"""Significant digits of fitted parameters."""

HEADER = "# Distilled: learned terms are replaced by formulas, fitted parameters by their values.\n"


@dataclass(frozen=True)
class Edit:
    """Replace the text of a span."""

    span: Span
    text: str


class Rewriter:
    """Rewrites one model file.

    Parameters
    ----------
    model : Model
    formulas : mapping of str to tuple of Formula
        One formula per output, by the learned term's name. Terms that are missing keep their declaration.
    values : mapping of str to float
        Fitted parameters that are plain numbers.
    coefficients : mapping of (str, int) to tuple of (str or None)
        Parameters to write for the coefficients of an output; None where the number itself can stand.
    declarations : str
        Lines that declare those parameters, put before the first learned term.
    """

    def __init__(
        self,
        model: Model,
        formulas: Mapping[str, tuple[Formula, ...]],
        values: Mapping[str, float],
        coefficients: Mapping[tuple[str, int], tuple[str | None, ...]] | None = None,
        declarations: str = "",
    ) -> None:
        self._model, self._source = model, model.source
        self._formulas, self._values = formulas, values
        self._coefficients, self._declarations = coefficients or {}, declarations
        self._heads = {
            head: (term, output)
            for term in model.learned
            if term.name in formulas
            for head, output in _heads(term).items()
        }

    def text(self) -> str:
        """The whole file."""
        edits = [edit for statement in parse(self._source)[0].statements for edit in self._edits(statement)]
        return HEADER + applied(self._source.text, Span(0, len(self._source.text)), edits)

    def _edits(self, statement: nodes.Statement) -> Iterator[Edit]:
        if isinstance(statement, nodes.Learned):
            if statement.heads[0].name in self._heads:
                yield Edit(statement.span, self._definitions(statement))
        elif isinstance(statement, nodes.Param):
            if statement.fitted and statement.symbol.name in self._values:
                yield Edit(statement.span, self._fixed(statement))
        else:
            for call in outermost_calls(statement, self._heads):
                yield Edit(call.span, self._call(call))

    def _definitions(self, statement: nodes.Learned) -> str:
        lines = [self._declarations.rstrip("\n")] if self._declarations else []
        self._declarations = ""
        for head in statement.heads:
            term, first = self._heads[head.name]
            lines.append(f"known {head.name} = {self._body(head.name, term, first, atoms(term.input_names))}")
        return "\n".join(lines)

    def _body(self, head: str, term: LearnedTerm, first: int, inputs: tuple[str, ...]) -> str:
        """The formula of a scalar output, or all of a vector's in parentheses."""
        count = len(term.outputs) if _is_vector(term) else 1
        texts = [
            self._formulas[term.name][i].written(inputs, self._coefficients.get((term.name, i)))
            for i in range(first, first + count)
        ]
        return texts[0] if count == 1 else f"({', '.join(texts)})"

    def _call(self, call: nodes.Call) -> str:
        term, output = self._heads[call.name]
        arguments = tuple(self._inner(argument) for argument in call.arguments)
        if tuple(map(_plain, arguments)) == tuple(map(_plain, term.input_names)):
            return call.name
        body = self._body(call.name, term, output, atoms(arguments))
        return body if _is_vector(term) else f"({body})"

    def _inner(self, expression: nodes.Expression) -> str:
        """Text of an argument, with the calls inside it replaced too."""
        edits = [Edit(call.span, self._call(call)) for call in outermost_calls(expression, self._heads)]
        return applied(self._source.text, expression.span, edits)

    def _fixed(self, statement: nodes.Param) -> str:
        value = float(f"{self._values[statement.symbol.name]:.{VALUE_DIGITS - 1}e}")
        doc = re.search(r'\s*"[^"]*"$', self._source.slice(statement.span)) if statement.doc is not None else None
        return f"param {self._source.slice(statement.symbol.span)} = {number_text(value)}{doc.group() if doc else ''}"


def applied(text: str, within: Span, edits: list[Edit]) -> str:
    """The text of a span with edits inside it done."""
    parts, place = [], within.start
    for edit in sorted(edits, key=lambda edit: edit.span.start):
        parts += [text[place : edit.span.start], edit.text]
        place = edit.span.end
    return "".join([*parts, text[place : within.end]])


def outermost_calls(node: nodes.Node, names: Mapping[str, object]) -> Iterator[nodes.Call]:
    """Calls of these names in a tree, without those inside another one."""
    if isinstance(node, nodes.Call) and node.name in names:
        yield node
        return
    for field in dataclasses.fields(node):
        value = getattr(node, field.name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, nodes.Node):
                yield from outermost_calls(part, names)


def _heads(term: LearnedTerm) -> dict[str, int]:
    """Names that stand in the file for this term, and the first output each means."""
    if _is_vector(term):
        return {term.name: 0}
    return {name: index for index, name in enumerate(term.outputs)}


def _is_vector(term: LearnedTerm) -> bool:
    return term.outputs[0] != term.name


def _plain(text: str) -> str:
    return "".join(text.split())


def distilled_source(
    model: Model,
    formulas: Mapping[str, tuple[Formula, ...]],
    values: Mapping[str, float],
    coefficients: Mapping[tuple[str, int], tuple[str | None, ...]] | None = None,
    declarations: str = "",
) -> SourceText:
    """The distilled file's text under the name ``distilled.eq``; see `Rewriter`."""
    return SourceText("distilled.eq", Rewriter(model, formulas, values, coefficients, declarations).text())
