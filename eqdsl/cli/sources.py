"""Model text from where the command line says: a file, or standard input for `-`."""

from __future__ import annotations

import sys

from eqdsl.analysis.check import check_source
from eqdsl.core.errors import DataError, ModelError
from eqdsl.core.source import SourceText
from eqdsl.model.model import Model
from eqdsl.syntax.reading import read_source, source_from_text

STANDARD_INPUT = "-"


def read_model_text(path: str) -> SourceText:
    """The text of a model file, or of standard input when the path is `-`.

    Raises
    ------
    EqdslError
        The file is missing, a folder, too large or not text.
    """
    if path != STANDARD_INPUT:
        return read_source(path)
    if sys.stdin is None:
        raise DataError("standard input is closed", help="name a file instead of `-`")
    try:
        text = sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError as failure:
        raise DataError(f"standard input is not UTF-8 text (byte {failure.start})") from None
    return source_from_text(text, "<stdin>")


def read_model(path: str) -> Model:
    """The checked model of a file or of standard input.

    Raises
    ------
    ModelError
        It has errors.
    """
    source = read_model_text(path)
    checked = check_source(source)
    if checked.model is None:
        raise ModelError(source, tuple(checked.diagnostics))
    return checked.model
