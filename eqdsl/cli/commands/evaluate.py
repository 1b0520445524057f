"""``eqdsl evaluate``: score a run on other data."""

from __future__ import annotations

import click

from eqdsl.cli.command import command, json_option
from eqdsl.cli.console import result, result_json
from eqdsl.cli.values import map_option


@command(
    "evaluate",
    examples=(
        ("eqdsl evaluate runs/heat test.h5", "mean squared error of rollouts from the first frames"),
        ("eqdsl evaluate runs/heat test.h5 --json", "the same for a script"),
    ),
)
@click.argument("run", metavar="RUN")
@click.argument("data", metavar="DATA.h5")
@map_option("Where a name stands; without it as when RUN was fitted.")
@json_option
def evaluate(run: str, data: str, mapping: tuple[tuple[str, str], ...], as_json: bool) -> None:
    """Score RUN on other data, rolled out from the first frame of each trajectory."""
    from eqdsl.data.reading import read_data
    from eqdsl.fitting.evaluate import evaluate as score
    from eqdsl.fitting.run_folder import load_run

    fitted = load_run(run)
    names = dict(mapping) or fitted.config.data.map
    scores = score(fitted, read_data(data, fitted.model, mapping=names))
    if as_json:
        result_json(scores.as_json())
    else:
        result(str(scores))
