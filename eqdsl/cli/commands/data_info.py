"""``eqdsl data info``: what a data file holds."""

from __future__ import annotations

import click

from eqdsl.cli.command import command, json_option
from eqdsl.cli.console import result, result_json
from eqdsl.cli.sources import read_model
from eqdsl.cli.values import map_option


@command(
    "info",
    examples=(
        ("eqdsl data info measured.h5", "datasets with shapes, units, time range and missing values"),
        ("eqdsl data info measured.h5 --model heat.eq --map u=temperature", "and what the model would take from it"),
    ),
)
@click.argument("file")
@click.option("--model", "model_path", metavar="MODEL", help="Say what this model takes from the file.")
@map_option("Where to find a name.")
@json_option
def info(file: str, model_path: str | None, mapping: tuple[tuple[str, str], ...], as_json: bool) -> None:
    """Print what a data file holds and what a model takes from it."""
    from eqdsl.data.summary import describe_file

    model = read_model(model_path) if model_path else None
    summary = describe_file(file, model=model, mapping=dict(mapping) or None)
    if as_json:
        result_json(summary.as_json())
    else:
        result(str(summary))
