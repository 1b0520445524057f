"""``eqdsl verify``: is what a model compiles to right."""

from __future__ import annotations

import click

from eqdsl.cli.command import command, json_option
from eqdsl.cli.console import result, result_json
from eqdsl.cli.failures import FAILED_COMPUTATION
from eqdsl.cli.sources import read_model
from eqdsl.cli.values import SEED, counts
from eqdsl.core.errors import UsageError

_FEWEST_POINTS = 3


@command(
    "verify",
    examples=(
        ("eqdsl verify heat.eq", "order, gradient, adjoint, laws and stability, as tables"),
        ("eqdsl verify heat.eq --markdown --grid x=160", "tables for a paper, measured on 40, 80 and 160 points"),
    ),
)
@click.argument("model", metavar="MODEL")
@click.option("--grid", metavar="x=N,y=N", help="Points along each axis of the finest grid.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of whatever is random.")
@click.option("--quick", is_flag=True, help="Measure the order on two grids instead of three.")
@click.option("--markdown", is_flag=True, help="Print the tables as Markdown.")
@json_option
def verify(model: str, grid: str | None, seed: int, quick: bool, markdown: bool, as_json: bool) -> None:
    """Measure whether MODEL compiles to what it says: a manufactured solution, gradients, laws, stability.

    Exit status 3 when a check failed or could not be computed.
    """
    if markdown and as_json:
        raise UsageError("--markdown and --json exclude each other", help="choose one")
    checked = read_model(model)
    points = counts(grid, "--grid", least=_FEWEST_POINTS)

    from eqdsl.cli.progress import progress_bar
    from eqdsl.verification.verify import verify_model

    with progress_bar("verifying") as progress:
        done = verify_model(checked, points=points, seed=seed, quick=quick, progress=progress)
    if as_json:
        result_json(done.as_json())
    else:
        result(done.markdown() if markdown else str(done))
    if not done.passed:
        raise click.exceptions.Exit(FAILED_COMPUTATION)
