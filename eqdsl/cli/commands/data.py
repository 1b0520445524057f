"""``eqdsl data``: the group of commands about data files."""

from __future__ import annotations

import click

from eqdsl.cli.command import Group, no_color_option
from eqdsl.cli.table import DATA_COMMANDS


@click.group(
    "data",
    cls=Group,
    entries=DATA_COMMANDS,
    examples=(
        ("eqdsl data info measured.h5", "what the file holds"),
        ("eqdsl data info measured.h5 --model heat.eq", "and what the model takes from it"),
    ),
)
@no_color_option
def data() -> None:
    """Look into data files."""
