"""``eqdsl simulate``: roll a model out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from eqdsl.cli.command import command, force_option, json_option
from eqdsl.cli.console import result, result_json
from eqdsl.cli.files import refuse_existing
from eqdsl.cli.sources import read_model
from eqdsl.cli.values import ASSIGNMENT, SEED, counts, map_option, numbers
from eqdsl.core.errors import UsageError

_FEWEST_POINTS = 3


@command(
    "simulate",
    examples=(
        ("eqdsl simulate heat.eq -o heat.h5 --until 2 --every 0.1", "from the model's `init` to time 2, 21 frames"),
        ("eqdsl simulate --run runs/heat --from measured.h5 -o next.h5", "a fitted model from measured starts"),
        ("eqdsl simulate pond.eq --inputs rain.h5 --until 9 --every 1 -o pond.h5", "driven by measured series"),
    ),
)
@click.argument("model", required=False)
@click.option(
    "-o", "--output", "out", required=True, type=click.Path(path_type=Path), metavar="OUT.h5", help="File to write."
)
@click.option("--until", type=float, metavar="T", help="Last time. Without it the times of the --from file serve.")
@click.option("--every", type=float, metavar="DT", help="Time from frame to frame.")
@click.option("--from", "start", metavar="FILE.h5", help="Start from the first frames of this data file.")
@click.option("--inputs", metavar="FILE.h5", help="Inputs and walls from this data file; without it, the --from file.")
@map_option("Where these have a name.")
@click.option("--param", "params", type=ASSIGNMENT, multiple=True, metavar="NAME=VALUE", help="Set a parameter.")
@click.option("--grid", metavar="x=N,y=N", help="Points along each axis.")
@click.option("--run", "run_path", metavar="RUN", help="The model, parameters and learned terms of this run.")
@click.option("--environment", type=int, metavar="N", help="Take what the run found for this environment.")
@click.option("--method", default="auto", metavar="NAME", help="Integrator; auto (the default) chooses from the model.")
@click.option(
    "--step", type=float, metavar="H", help="Step of a fixed-step integrator, or of a semi-Lagrangian scheme."
)
@click.option("--rtol", type=float, default=1e-6, show_default=True, help="Relative tolerance.")
@click.option("--atol", type=float, default=1e-9, show_default=True, help="Absolute tolerance.")
@click.option(
    "--dtype", type=click.Choice(["float32", "float64"]), default="float64", show_default=True, help="Precision."
)
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="cpu", show_default=True, help="Device.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of whatever is random.")
@click.option("--estimate-error", is_flag=True, help="Repeat with shorter steps and a higher order; tell the errors.")
@click.option("--plot", "picture", type=click.Path(path_type=Path), metavar="OUT.png", help="Draw the trajectories.")
@json_option
@force_option
def simulate(model: str | None, out: Path, picture: Path | None, as_json: bool, force: bool, **options: Any) -> None:
    """Roll MODEL out in time and write the trajectories to an HDF5 file.

    A model with learned terms needs the run that learned them: `--run RUN`, which carries its model with it.
    """
    if model is None and options["run_path"] is None:
        raise UsageError("neither MODEL nor --run is given", help="name a model file, or a run with `--run RUN`")
    if picture is not None and picture.resolve() == out.resolve():
        raise UsageError(f"--plot {picture} is the file of -o", help="give the picture a name of its own")
    for path in filter(None, (out, picture)):
        refuse_existing(path, force)
    options["params"] = numbers(options["params"], "--param")
    options["grid"] = counts(options["grid"], "--grid", least=_FEWEST_POINTS)
    options["mapping"] = dict(options["mapping"])

    checked = read_model(model) if model is not None else None  # a wrong model is told before torch is loaded

    from eqdsl.cli.rollout import Request, perform

    done = perform(Request(model=checked, out=out, picture=picture, force=force, **options))
    if as_json:
        result_json(done)
        return
    shapes = ", ".join(f"{name} {tuple(shape)}" for name, shape in done["shapes"].items())
    frames = next(iter(done["shapes"].values()))[1]
    result(f"{out}: {frames} frames, {shapes}; {done['steps']} steps in {done['wall_seconds']:.2f} s")
    for name, errors in done.get("errors", {}).items():
        known = [f"{value:.1g} of {which}" for which, value in errors.items() if value is not None]
        result(f"{name}: relative error about {', '.join(known) or 'unknown'}")
