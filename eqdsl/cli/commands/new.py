"""``eqdsl new``: a commented starting model."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import click

from eqdsl.analysis.check import check_source
from eqdsl.cli.command import command, force_option
from eqdsl.cli.console import result, say
from eqdsl.cli.files import refuse_existing
from eqdsl.core.errors import UsageError
from eqdsl.core.files import write_atomically
from eqdsl.syntax.reading import source_from_text

TEMPLATES: dict[str, str] = {
    "ode": "an ordinary differential equation: an oscillator with unknown friction",
    "pde": "a partial differential equation: diffusion known, reaction unknown, two axes",
}
_NAME_IN_TEMPLATE = "model template"


@command(
    "new",
    examples=(
        ("eqdsl new oscillator --template ode", "writes oscillator.eq"),
        ("eqdsl new models/reaction --template pde", "writes models/reaction.eq"),
    ),
)
@click.argument("name")
@click.option(
    "--template", type=click.Choice(list(TEMPLATES)), default="ode", show_default=True, help="What to start from."
)
@force_option
def new(name: str, template: str, force: bool) -> None:
    """Write NAME.eq, a commented model that checks without errors, to change into your own."""
    path = Path(name if name.endswith(".eq") else f"{name}.eq")
    text = template_text(template, path.stem)
    refuse_existing(path, force)
    write_atomically(path, text)
    result(str(path))
    say(f"next: edit it, then `eqdsl check {path}` and `eqdsl show {path}`")


def template_text(template: str, name: str) -> str:
    """The text of a template for a model of that name.

    Raises
    ------
    UsageError
        The name cannot be the name of a model.
    """
    start = files("eqdsl.cli").joinpath("templates", f"{template}.eq").read_text(encoding="utf-8")
    text = start.replace(_NAME_IN_TEMPLATE, f"model {name}", 1)
    if not name.isidentifier() or check_source(source_from_text(text, name)).model is None:
        raise UsageError(
            f"`{name}` cannot be the name of a model",
            help="use letters, digits and `_`, starting with a letter, and no word of the language",
        )
    return text
