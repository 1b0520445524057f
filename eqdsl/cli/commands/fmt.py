"""``eqdsl fmt``: the canonical format."""

from __future__ import annotations

import difflib
from pathlib import Path

import click

from eqdsl.cli.command import command
from eqdsl.cli.console import color_on, result, say
from eqdsl.cli.failures import WRONG_INPUT, report
from eqdsl.cli.sources import STANDARD_INPUT, read_model_text
from eqdsl.core.errors import EqdslError
from eqdsl.core.files import write_atomically
from eqdsl.core.source import SourceText
from eqdsl.syntax.formatter import format_source

_DIFF_COLORS = {"+": "green", "-": "red", "@": "cyan"}


@command(
    "fmt",
    examples=(
        ("eqdsl fmt heat.eq wave.eq", "rewrite both files in place"),
        ("eqdsl fmt --check --diff models/*.eq", "show what would change and exit with status 1 if anything would"),
    ),
)
@click.argument("models", metavar="MODEL...", nargs=-1, required=True)
@click.option("--check", "only_check", is_flag=True, help="Change nothing; exit with status 1 if a file would change.")
@click.option("--diff", "show_diff", is_flag=True, help="Change nothing; print the changes.")
def fmt(models: tuple[str, ...], only_check: bool, show_diff: bool) -> None:
    """Rewrite models in the canonical format; `-` goes from standard input to standard output.

    A file that does not parse is reported and left as it is. Comments are kept.
    """
    changed = broken = False
    for path in models:
        try:
            source = read_model_text(path)
            text = format_source(source)
        except EqdslError as failure:
            report(failure)
            broken = True
            continue
        differs = path != STANDARD_INPUT and Path(path).read_bytes() != text.encode()
        differs |= path == STANDARD_INPUT and source.text != text
        changed |= differs
        if show_diff:
            _print_diff(source, text)
        elif only_check:
            _say_if(differs, f"{path}: would be rewritten")
        elif path == STANDARD_INPUT:
            result(text.removesuffix("\n"))
        elif differs:
            write_atomically(Path(path), text)
            say(f"{path}: rewritten")
    if broken or (changed and only_check):
        raise click.exceptions.Exit(WRONG_INPUT)


def _say_if(condition: bool, text: str) -> None:
    if condition:
        say(text)


def _print_diff(source: SourceText, text: str) -> None:
    before, after = source.text.splitlines(), text.splitlines()
    for line in difflib.unified_diff(before, after, source.name, f"{source.name} (formatted)", lineterm=""):
        style = _DIFF_COLORS.get(line[:1])
        result(click.style(line, fg=style) if style and color_on() else line)
