"""``eqdsl sweep``: fits under settings that vary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from eqdsl.cli.command import Command, command, json_option
from eqdsl.cli.values import map_option


class SweepCommand(Command):
    """Its help also lists what `--search` draws from."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the ranges, then the examples."""
        from eqdsl.cli.sweeping.space import SPACE

        with formatter.section("--search draws from (what --set or --config fix is not drawn)"):
            formatter.write_dl([(part.key, part.in_words()) for part in SPACE])
        super().format_epilog(ctx, formatter)


@command(
    "sweep",
    cls=SweepCommand,
    examples=(
        (
            "eqdsl sweep heat.eq data.h5 -o rates --grid optimizer.learning_rate=1e-3,1e-2 --grid run.seed=0,1",
            "four fits, one for each combination",
        ),
        ("eqdsl sweep heat.eq data.h5 -o rates --resume", "go on with a sweep that was interrupted"),
    ),
)
@click.argument("model")
@click.argument("data", metavar="DATA.h5")
@click.option(
    "-o", "--output", "out", required=True, type=click.Path(path_type=Path), metavar="SWEEP", help="Folder to make."
)
@click.option(
    "--grid", multiple=True, metavar="SECTION.KEY=V1,V2", help="Values of one setting; all combinations are fitted."
)
@click.option("--search", type=click.IntRange(1), metavar="N", help="N fits with drawn settings (see below).")
@click.option("--jobs", type=click.IntRange(1), default=1, metavar="J", help="Fits at a time, with one thread each.")
@click.option("--config", "config_path", type=click.Path(path_type=Path), metavar="FIT.toml", help="Settings of all.")
@click.option("--set", "sets", multiple=True, metavar="SECTION.KEY=VALUE", help="One setting of all fits.")
@map_option("Where a name stands.")
@click.option("--resume", is_flag=True, help="Go on with the sweep in SWEEP.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
@json_option
def sweep(**options: Any) -> None:
    """Fit MODEL to data under settings that vary, and compare the validation misfits.

    Every trial leaves a run folder SWEEP/trial-0001, …; SWEEP/sweep.csv and SWEEP/sweep.png compare them. Ctrl-C stops
    cleanly: finished trials are kept, `--resume` goes on with the others. All trials hold out the same data.
    """
    from eqdsl.cli.sweeping.perform import Request, perform

    perform(Request(**options))
