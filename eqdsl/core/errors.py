"""The exceptions a caller can meet. The tree is the documentation::

    EqdslError
    ├── ModelError         the .eq file is wrong (exit code 1)
    ├── DataError          a data file or run folder is wrong (exit code 1)
    ├── UsageError         a command line or argument is wrong (exit code 2)
    └── ComputationError   diverged, no decrease, out of memory (exit code 3)

Anything else that escapes is a defect of eqdsl (exit code 70).
"""

from __future__ import annotations

from typing import ClassVar

from eqdsl.core.diagnostics import Diagnostic
from eqdsl.core.source import SourceText


class EqdslError(Exception):
    """Base of every error a user can cause.

    Parameters
    ----------
    message : str
        One line: where and what is wrong.
    help : str, optional
        What to do or write instead.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, help: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.help = help

    def __str__(self) -> str:
        return self.message if self.help is None else f"{self.message}\n  = help: {self.help}"


class ModelError(EqdslError):
    """The model file is wrong; likely causes are in `diagnostics`.

    Parameters
    ----------
    source : SourceText
        The text the spans point into.
    diagnostics : tuple of Diagnostic
        Every finding of the stage that failed, in the order of the text.
    """

    def __init__(self, source: SourceText, diagnostics: tuple[Diagnostic, ...]) -> None:
        self.source = source
        self.diagnostics = diagnostics
        super().__init__(f"{source.name}: {len(diagnostics)} problem(s)")

    def __str__(self) -> str:
        from eqdsl.core.rendering import render_all

        return render_all(self.diagnostics, self.source)


class DataError(EqdslError):
    """A data file is missing, unreadable, unsafe, or does not fit the model.

    Parameters
    ----------
    message : str
        What is wrong.
    file : str, optional
        Path of the file, shown first.
    dataset : str, optional
        Name of the dataset inside the file.
    help : str, optional
        What to do instead.
    """

    def __init__(
        self, message: str, *, file: str | None = None, dataset: str | None = None, help: str | None = None
    ) -> None:
        self.file = file
        self.dataset = dataset
        where = file or ""
        if dataset is not None:
            where = f"{where}, dataset `{dataset}`" if where else f"dataset `{dataset}`"
        super().__init__(f"{where}: {message}" if where else message, help=help)


class UsageError(EqdslError):
    """An option or argument has a value that cannot be used."""

    exit_code = 2


class ComputationError(EqdslError):
    """A rollout diverged, a fit made no progress, or memory ran out."""

    exit_code = 3


class EqdslWarning(UserWarning):
    """A computation goes on, but with something that its user should know."""
