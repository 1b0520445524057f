"""Source text to a checked model: the whole language half in one call."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from eqdsl.analysis.build import build_model
from eqdsl.core import limits
from eqdsl.core.diagnostics import Diagnostic, Severity, error, has_errors
from eqdsl.core.errors import ModelError
from eqdsl.core.source import SourceText
from eqdsl.model.model import Model
from eqdsl.syntax.nodes import SyntaxTree
from eqdsl.syntax.parser import parse
from eqdsl.syntax.reading import read_source, source_from_text


@dataclass(frozen=True)
class CheckResult:
    """What checking a text gave; `model` is None when `diagnostics` holds an error."""

    source: SourceText
    tree: SyntaxTree
    model: Model | None
    diagnostics: tuple[Diagnostic, ...]


def check_source(source: SourceText) -> CheckResult:
    """Parse and analyse a text; all findings of both, in the order of the text. Raises nothing for a wrong text."""
    tree, syntax = parse(source)
    model, semantic = build_model(source, tree, broken=has_errors(syntax))
    diagnostics = _first(sorted(dict.fromkeys((*syntax, *semantic)), key=_place))
    return CheckResult(source, tree, None if has_errors(diagnostics) else model, diagnostics)


def _first(diagnostics: list[Diagnostic]) -> tuple[Diagnostic, ...]:
    """As many errors as anybody reads, then one that counts the rest."""
    errors = [d for d in diagnostics if d.severity is Severity.ERROR]
    if len(errors) <= limits.MAX_ERRORS + 1:
        return tuple(diagnostics)
    last = errors[limits.MAX_ERRORS].label.span
    kept = [d for d in diagnostics if _place(d) < _place(errors[limits.MAX_ERRORS])]
    message = f"{len(errors) - limits.MAX_ERRORS} more problems begin here"
    return (*kept, error("E0109", message, last, help="mend those above first; one cause may explain many"))


def _place(diagnostic: Diagnostic) -> tuple[int, int, str]:
    return diagnostic.label.span.start, diagnostic.label.span.end, diagnostic.code


def load_model(path: str | Path) -> Model:
    """The model in a file.

    Raises
    ------
    ModelError
        The text is wrong; all findings stand in its `diagnostics`.
    EqdslError
        The file cannot be read.
    """
    return _model_of(read_source(path))


def loads_model(text: str, name: str = "<string>") -> Model:
    """The model in a text.

    Raises
    ------
    ModelError
        The text is wrong; all findings stand in its `diagnostics`.
    """
    return _model_of(source_from_text(text, name))


def _model_of(source: SourceText) -> Model:
    checked = check_source(source)
    if checked.model is None:
        raise ModelError(source, checked.diagnostics)
    return checked.model
