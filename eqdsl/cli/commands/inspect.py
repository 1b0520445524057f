"""``eqdsl inspect``: what a run has found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from eqdsl.cli.command import command, force_option, json_option
from eqdsl.cli.console import result, result_json, say
from eqdsl.cli.files import refuse_existing
from eqdsl.core.errors import UsageError

if TYPE_CHECKING:
    from eqdsl.inspection.inspection import Inspection

PLOTS = "plots"
"""Folder of the pictures inside the run."""


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
    """Say what RUN has found: the ledger of terms, the parameters and the learned terms. Pictures go to RUN/plots."""
    if report is not None:
        refuse_existing(report, force)

    from eqdsl.fitting.ensemble import load_members
    from eqdsl.fitting.run_folder import load_run
    from eqdsl.inspection.inspect import inspect_run, write_report

    found = load_run(run)
    inspection = inspect_run(found, members=load_members(found), distil=distil, force=force)
    if report is not None:
        write_report(inspection, report)
        say(f"{report}: written")
    folder = _drawn(inspection, Path(run) / PLOTS)
    if as_json:
        result_json(inspection.as_json() | {"plots": None if folder is None else str(folder)})
    else:
        result(str(inspection))
        if folder is not None:
            result(f"\nPictures: {folder} ({len(inspection.pictures)} files)")


def _drawn(inspection: Inspection, folder: Path) -> Path | None:
    """The folder with the pictures; None, with a note, where it cannot be written to."""
    from eqdsl.inspection.inspect import write_pictures

    if not inspection.pictures:
        return None
    try:
        write_pictures(inspection.pictures, folder)
    except UsageError as failure:
        say(f"note: {failure.message}")
        return None
    return folder
