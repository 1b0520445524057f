"""``eqdsl simulate``: roll a model out."""

from __future__ import annotations

from pathlib import Path

import click

from eqdsl.cli.command import command, force_option, json_option
from eqdsl.cli.console import result, result_json, say
from eqdsl.cli.files import refuse_existing
from eqdsl.cli.values import ASSIGNMENT, counts, numbers

_METHODS = ("dopri5", "rk4", "euler", "midpoint", "heun", "bosh3")


@command(
    "simulate",
    examples=(
        ("eqdsl simulate heat.eq -o heat.h5 --until 2 --every 0.1", "from the model's `init` to time 2, 21 frames"),
        ("eqdsl simulate heat.eq -o next.h5 --run runs/heat --from measured.h5", "a fitted model from measured starts"),
    ),
)
@click.argument("model")
@click.option("-o", "--output", "out", required=True, type=click.Path(path_type=Path), metavar="OUT.h5", help="Result.")
@click.option("--until", type=float, metavar="T", help="Last time. Required, but with --from the file's times serve.")
@click.option("--every", type=float, metavar="DT", help="Time between frames.")
@click.option("--from", "start", metavar="FILE.h5", help="Start from the first frames of this data file.")
@click.option("--map", "mapping", type=ASSIGNMENT, multiple=True, metavar="NAME=DATASET[INDEX]", help="As in fit.")
@click.option("--param", "parameters", type=ASSIGNMENT, multiple=True, metavar="NAME=VALUE", help="Set a parameter.")
@click.option("--grid", "points", metavar="x=N,y=N", help="Points along each axis.")
@click.option("--run", "run_path", metavar="RUN", help="Take parameters and learned terms from this run.")
@click.option("--method", default="dopri5", show_default=True, metavar="NAME", help="Integrator.")
@click.option("--step", type=float, metavar="H", help="Step of a fixed-step integrator.")
@click.option("--rtol", type=float, default=1e-6, show_default=True, help="Relative tolerance.")
@click.option("--atol", type=float, default=1e-9, show_default=True, help="Absolute tolerance.")
@click.option("--dtype", type=click.Choice(["float32", "float64"]), default="float64", show_default=True)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of random starts.")
@click.option("--plot", "picture", type=click.Path(path_type=Path), metavar="OUT.png", help="Draw the trajectories.")
@json_option
@force_option
def simulate(**options: object) -> None:
    """Roll MODEL out in time and write the trajectories to an HDF5 file.

    A model with learned terms needs the run that learned them: `--run RUN`.
    """
