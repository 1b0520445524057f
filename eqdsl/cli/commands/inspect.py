"""``eqdsl inspect``: what a run has found."""

from __future__ import annotations

from pathlib import Path

import click

from eqdsl.cli.command import command, force_option, json_option
from eqdsl.cli.console import result, result_json, say
from eqdsl.cli.files import refuse_existing


@command(
    "inspect",
    examples=(
        ("eqdsl inspect runs/heat", "parameters with intervals, each term's share, formulas of the learned terms"),
        ("eqdsl inspect runs/heat --distil --report heat.html", "and a model with the formulas in, and a page"),
    ),
)
@click.argument("run", metavar="RUN")
@click.option("--distil", is_flag=True, help="Replace the learned terms by formulas and write RUN/distilled.eq.")
@click.option("--report", type=click.Path(path_type=Path), metavar="FILE.html", help="Write a page with pictures.")
@json_option
@force_option
def inspect(run: str, distil: bool, report: Path | None, as_json: bool, force: bool) -> None:
    """Say what RUN has found: the ledger of terms, the parameters and the learned terms."""
    if report is not None:
        refuse_existing(report, force)

    from eqdsl.fitting.run_folder import load_run
    from eqdsl.inspection.inspect import inspect_run, write_report

    inspection = inspect_run(load_run(run), distil=distil, plots=report is not None, force=force)
    if report is not None:
        write_report(inspection, report)
        say(f"{report}: written")
    if as_json:
        result_json(inspection.as_json())
    else:
        result(str(inspection))
