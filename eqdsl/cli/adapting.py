"""The work of `eqdsl adapt`. Loads torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from eqdsl.cli.console import result
from eqdsl.cli.failures import INTERRUPTED
from eqdsl.cli.fit_display import choose_display
from eqdsl.cli.fitting import summary
from eqdsl.cli.interruption import StopRequest
from eqdsl.fitting.adapt import adapt, config_for_adapting
from eqdsl.fitting.config_file import with_overrides
from eqdsl.fitting.run_folder import load_run


@dataclass(frozen=True)
class Request:
    """The options of `eqdsl adapt`."""

    run: str
    data: str
    out: Path | None
    sets: tuple[str, ...]
    seed: int | None
    minutes: float | None
    mapping: tuple[tuple[str, str], ...]
    quiet: bool
    as_json: bool
    force: bool


def perform(request: Request) -> None:
    """Adapt, show the way, and say on stdout what came out; leaves with status 130 when it was interrupted."""
    run = load_run(request.run)
    short = {"seed": request.seed, "minutes": request.minutes}
    overrides = [f"run.{key}={value}" for key, value in short.items() if value is not None]
    config = with_overrides(config_for_adapting(run), [*request.sets, *overrides])
    out = request.out if request.out is not None else run.path.with_name(f"{run.path.resolve().name}-adapted")
    display = choose_display(as_json=request.as_json, quiet=request.quiet)
    with StopRequest() as should_stop, display as show:
        found = adapt(
            run, request.data, out=out, config=config, mapping=dict(request.mapping), events=show,
            should_stop=should_stop, force=request.force,
        )  # fmt: skip
    if not request.as_json:
        result(summary(found))
    if found.state["status"] == "interrupted":
        raise click.exceptions.Exit(INTERRUPTED)
