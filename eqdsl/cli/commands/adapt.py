"""``eqdsl adapt``: a run taken to new environments."""

from __future__ import annotations

from pathlib import Path

import click

from eqdsl.cli.command import command, force_option, json_option
from eqdsl.cli.values import SEED, map_option


@command(
    "adapt",
    examples=(
        ("eqdsl adapt runs/lakes new_lakes.h5 -o runs/new_lakes", "numbers of the new lakes; what all share stays"),
        ("eqdsl evaluate runs/new_lakes test.h5", "score them on other data of the same lakes"),
    ),
)
@click.argument("run", metavar="RUN")
@click.argument("data", metavar="DATA.h5")
@click.option(
    "-o", "--output", "out", type=click.Path(path_type=Path), metavar="RUN2",
    help="Run folder to make. Without it, the name of RUN with -adapted.",
)  # fmt: skip
@click.option("--set", "sets", multiple=True, metavar="SECTION.KEY=VALUE", help="One setting, over those of RUN.")
@click.option("--seed", type=SEED, metavar="N", help="Short for --set run.seed=N.")
@click.option("--minutes", type=click.FloatRange(0, min_open=True), metavar="M", help="Stop cleanly after this time.")
@map_option("Where a name stands; without it as when RUN was fitted.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
@json_option
@force_option
def adapt(
    run: str, data: str, out: Path | None, sets: tuple[str, ...], seed: int | None, minutes: float | None,
    mapping: tuple[tuple[str, str], ...], quiet: bool, as_json: bool, force: bool,
) -> None:  # fmt: skip
    """Fit to DATA.h5 only what is `per environment`, `per trajectory` or a context; all that is shared stays as in RUN.

    RUN is left as it is. The new run knows the environments of both; one that is in both is fitted again. The settings
    are those of RUN, with at most 500 steps of Adam; `eqdsl fit --help` lists them.
    """
    from eqdsl.cli.adapting import Request, perform

    perform(Request(run, data, out, sets, seed, minutes, mapping, quiet, as_json, force))
