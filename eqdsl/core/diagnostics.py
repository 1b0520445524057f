"""What a stage says about a model: data only; `eqdsl.core.rendering` turns it into text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from eqdsl.core.source import Span


class Severity(Enum):
    """How bad it is: an error stops the next stage, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Label:
    """A place in the text and the few words written beside it."""

    span: Span
    text: str = ""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One message about one place.

    Parameters
    ----------
    code : str
        ``E0402`` or ``W0901``; `eqdsl explain CODE` says more. Every code stands in `eqdsl.core.codes`.
    severity : Severity
    message : str
        One line in the user's words.
    label : Label
        Where, underlined with carets.
    second : Label, optional
        The other party, underlined with dashes.
    note : str, optional
        A fact that explains the message.
    help : str, optional
        What to write instead, with text to paste in back-quotes.
    """

    code: str
    severity: Severity
    message: str
    label: Label
    second: Label | None = None
    note: str | None = None
    help: str | None = None


def error(
    code: str,
    message: str,
    span: Span,
    label: str = "",
    *,
    second: Label | None = None,
    note: str | None = None,
    help: str | None = None,
) -> Diagnostic:
    """An error at a span."""
    return Diagnostic(code, Severity.ERROR, message, Label(span, label), second, note, help)


def warning(
    code: str,
    message: str,
    span: Span,
    label: str = "",
    *,
    second: Label | None = None,
    note: str | None = None,
    help: str | None = None,
) -> Diagnostic:
    """A warning at a span."""
    return Diagnostic(code, Severity.WARNING, message, Label(span, label), second, note, help)


def has_errors(diagnostics: tuple[Diagnostic, ...] | list[Diagnostic]) -> bool:
    """Whether any of them stops the next stage."""
    return any(d.severity is Severity.ERROR for d in diagnostics)
