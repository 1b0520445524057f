"""``eqdsl check``: what is wrong in models."""

from __future__ import annotations

import click

from eqdsl.analysis.check import check_source
from eqdsl.cli.command import command, json_option
from eqdsl.cli.console import color_on, result, result_json, say
from eqdsl.cli.failures import WRONG_INPUT
from eqdsl.cli.sources import read_model_text
from eqdsl.core.diagnostics import Diagnostic, has_errors
from eqdsl.core.errors import EqdslError, ModelError
from eqdsl.core.rendering import render_all
from eqdsl.core.source import SourceText


@command(
    "check",
    examples=(
        ("eqdsl check heat.eq", "every error and warning of the model, with its place"),
        ("eqdsl check --json models/*.eq", "the same for several files, for an editor or a script"),
    ),
)
@click.argument("models", metavar="MODEL...", nargs=-1, required=True)
@json_option
def check(models: tuple[str, ...], as_json: bool) -> None:
    """Report what is wrong in models; `-` reads standard input.

    Exit status 1 when a file has errors; warnings alone do not count.
    """
    reports = []
    for path in models:
        source, diagnostics, failure = _examine(path)
        reports.append(_as_json(path, source, diagnostics, failure))
        if not as_json:
            _print(path, source, diagnostics, failure)
    if as_json:
        result_json({"files": reports})
    if not all(report["ok"] for report in reports):
        raise click.exceptions.Exit(WRONG_INPUT)


def _examine(path: str) -> tuple[SourceText | None, tuple[Diagnostic, ...], EqdslError | None]:
    """The text and its diagnostics; a file that cannot be read is a finding like any other."""
    try:
        source = read_model_text(path)
    except ModelError as failure:
        return failure.source, failure.diagnostics, None
    except EqdslError as failure:
        return None, (), failure
    return source, tuple(check_source(source).diagnostics), None


def _print(
    path: str, source: SourceText | None, diagnostics: tuple[Diagnostic, ...], failure: EqdslError | None
) -> None:
    if failure is not None:
        result(f"error: {failure}")
    elif source is not None and diagnostics:
        result(render_all(diagnostics, source, color=color_on()))
    else:
        say(f"{path}: no errors")


def _as_json(
    path: str, source: SourceText | None, diagnostics: tuple[Diagnostic, ...], failure: EqdslError | None
) -> dict[str, object]:
    if failure is not None:
        unread = {"code": None, "severity": "error", "message": failure.message, "line": None, "column": None}
        return {"path": path, "ok": False, "diagnostics": [{**unread, "help": failure.help}]}
    assert source is not None
    return {
        "path": path,
        "ok": not has_errors(diagnostics),
        "diagnostics": [_diagnostic_json(diagnostic, source) for diagnostic in diagnostics],
    }


def _diagnostic_json(diagnostic: Diagnostic, source: SourceText) -> dict[str, object]:
    line, column = source.position(diagnostic.label.span.start)
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        "line": line,
        "column": column,
        "help": diagnostic.help,
    }
