"""``eqdsl explain``: what a diagnostic code means."""

from __future__ import annotations

from difflib import SequenceMatcher

import click

from eqdsl.cli.command import command
from eqdsl.cli.console import color_on, result
from eqdsl.core.codes import CODES
from eqdsl.core.errors import UsageError


@command(
    "explain",
    examples=(
        ("eqdsl explain E0402", "what the code means, with an example of the mistake and its cure"),
        ("eqdsl explain --list", "all codes with their titles"),
    ),
)
@click.argument("code", required=False)
@click.option("--list", "list_all", is_flag=True, help="List all codes.")
def explain(code: str | None, list_all: bool) -> None:
    """Explain a diagnostic code at length."""
    if list_all:
        for name in sorted(CODES):
            result(f"{name}  {CODES[name].title}")
        return
    if code is None:
        raise UsageError("no code given", help="`eqdsl explain E0402`, or `eqdsl explain --list` for all of them")
    explanation = CODES.get(code.upper())
    if explanation is None:
        near = f"the nearest are {', '.join(nearest(code.upper()))}; `eqdsl explain --list` lists all of them"
        raise UsageError(f"there is no diagnostic {code}", help=near)
    heading = f"{code.upper()}: {explanation.title}"
    result(click.style(heading, bold=True) if color_on() else heading)
    result(f"\n{explanation.text.strip()}")


def nearest(code: str) -> list[str]:
    """The three codes most like this one; those of the same family (``E03``) first."""

    def likeness(known: str) -> tuple[bool, float]:
        return known[:3] == code[:3], SequenceMatcher(None, known, code).ratio()

    return sorted(CODES, key=likeness, reverse=True)[:3]
