"""The console script."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click
from click.shell_completion import shell_complete

from eqdsl.cli.command import Group, no_color_option
from eqdsl.cli.console import plain_warnings
from eqdsl.cli.failures import report
from eqdsl.cli.table import COMMANDS

_COMPLETE = "_EQDSL_COMPLETE"


def _print_version(ctx: click.Context, parameter: click.Parameter, asked: bool) -> None:
    if asked and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"eqdsl {version('eqdsl')}")
        ctx.exit()


@click.group(
    "eqdsl",
    cls=Group,
    entries=COMMANDS,
    examples=(
        ("eqdsl new pendulum --template ode", "a model to start from"),
        ("eqdsl fit pendulum.eq data.h5 -o runs/pendulum", "fit it to data"),
    ),
)
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_print_version, help="Print the version."
)
@no_color_option
def eqdsl() -> None:
    """Differential equations of which a part is known and the rest is learned from data."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status; never raises for what a user can cause."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    instruction = os.environ.get(_COMPLETE)
    try:
        if instruction:
            return shell_complete(eqdsl, {}, "eqdsl", _COMPLETE, instruction)
        # Not `eqdsl.main`: click would turn a closed pipe into exit status 1, which means a wrong model here.
        with plain_warnings(), eqdsl.make_context("eqdsl", words) as context:
            eqdsl.invoke(context)
        if sys.stdout is not None:
            sys.stdout.flush()
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except Exception as failure:
        return report(failure)
    except KeyboardInterrupt as failure:
        return report(failure)
    return 0


def main() -> NoReturn:
    """Entry point of the ``eqdsl`` script."""
    sys.exit(run())
