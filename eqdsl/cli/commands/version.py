"""``eqdsl version``: versions of eqdsl and of what it stands on."""

from __future__ import annotations

from eqdsl.cli.command import command, json_option
from eqdsl.cli.console import result, result_json
from eqdsl.cli.environment import versions


@command(
    "version",
    examples=(
        ("eqdsl version", "versions, one a line"),
        ("eqdsl version --json", "the same for a script"),
    ),
)
@json_option
def version(as_json: bool) -> None:
    """Print the versions of eqdsl, Python and the packages it stands on."""
    found = versions()
    if as_json:
        result_json(found)
        return
    width = max(map(len, found))
    for name, number in found.items():
        result(f"{name:<{width}}  {number or 'not installed'}")
