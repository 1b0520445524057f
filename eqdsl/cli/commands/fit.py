"""``eqdsl fit``: parameters and learned terms from data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eqdsl.cli.command import Command, command, force_option, json_option
from eqdsl.cli.sources import read_model
from eqdsl.cli.values import SEED, map_option

if TYPE_CHECKING:
    from pydantic import BaseModel


class FitCommand(Command):
    """Its help also lists the settings, read from the configuration itself."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the settings, then the examples."""
        from eqdsl.fitting.config import FitConfig

        with formatter.section("Settings (--config and --set)"):
            formatter.write_dl(list(settings(FitConfig)))
        super().format_epilog(ctx, formatter)


def settings(config: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str]]:
    """``section.key=default`` and the meaning of every setting."""
    from pydantic import BaseModel

    for name, field in config.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            yield from settings(section, f"{prefix}{name}.")
        else:
            default = field.get_default(call_default_factory=True)
            yield f"{prefix}{name}" + ("" if default in (None, {}) else f"={default}"), field.description or ""


@command(
    "fit",
    cls=FitCommand,
    examples=(
        ("eqdsl fit heat.eq measured.h5 -o runs/heat --minutes 5", "fit for five minutes at most"),
        ("eqdsl fit heat.eq measured.h5 -o runs/heat --resume", "go on with a run that was interrupted"),
    ),
)
@click.argument("model")
@click.argument("data", metavar="DATA.h5")
@click.option(
    "-o", "--output", "out", required=True, type=click.Path(path_type=Path), metavar="RUN", help="Run folder to make."
)
@click.option("--config", "config_path", type=click.Path(path_type=Path), metavar="FIT.toml", help="Settings.")
@click.option("--set", "sets", multiple=True, metavar="SECTION.KEY=VALUE", help="One setting, over the file's.")
@click.option("--seed", type=SEED, metavar="N", help="Short for --set run.seed=N.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), help="Short for --set run.device=….")
@click.option("--dtype", type=click.Choice(["float32", "float64"]), help="Short for --set run.dtype=….")
@click.option("--precision", type=click.Choice(["full", "tf32", "bf16"]), help="Short for --set run.precision=….")
@click.option(
    "--memory",
    type=click.Choice(["auto", "stored", "checkpoint", "reversible", "adjoint"]),
    help="Short for --set integrator.memory=….",
)
@click.option(
    "--multiplier", type=click.Choice(["auto", "aphynity", "fixed"]), help="Short for --set multiplier.rule=…."
)
@click.option(
    "--objective",
    metavar="NAME[,NAME]",
    help="Objectives in order (derivative, regression, collocation, shooting, rollout); derivative,rollout without it.",
)
@click.option(
    "--invariance", type=click.Choice(["irm", "vrex"]), help="Short for --set invariance.kind=…: over environments."
)
@click.option("--minutes", type=click.FloatRange(0, min_open=True), metavar="M", help="Stop cleanly after this time.")
@click.option("--resume", is_flag=True, help="Go on with the run in RUN.")
@click.option(
    "--ensemble",
    type=click.IntRange(2),
    metavar="N",
    help="Fit from N seeds; the others go to RUN/members, and inspect tells the spread.",
)
@click.option("--jobs", type=click.IntRange(1), metavar="J", help="Members of an ensemble at a time.")
@map_option("Where a name stands.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
@json_option
@force_option
def fit(model: str, **options: Any) -> None:
    """Fit the parameters and learned terms of MODEL to data and leave the folder RUN.

    Ctrl-C or SIGTERM stops after the current step: the run is usable and `--resume` goes on with it.
    """
    checked = read_model(model)  # a wrong model is told before torch is loaded

    from eqdsl.cli.fitting import Request, perform

    perform(Request(model=checked, **options))
