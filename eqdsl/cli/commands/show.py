"""``eqdsl show``: what a model says, every default in words."""

from __future__ import annotations

import click

from eqdsl.cli.command import command, json_option
from eqdsl.cli.console import color_on, result, result_json, say
from eqdsl.cli.describe import model_in_words, model_json
from eqdsl.cli.sources import read_model, read_model_text
from eqdsl.cli.stages import outline
from eqdsl.core.rendering import render_all
from eqdsl.model.latex import latex
from eqdsl.model.model import Model
from eqdsl.syntax.parser import parse


@command(
    "show",
    examples=(
        ("eqdsl show heat.eq", "the equations and every default in words"),
        ("eqdsl show heat.eq --latex", "the equations as LaTeX"),
    ),
)
@click.argument("model")
@click.option("--latex", "as_latex", is_flag=True, help="Print the equations as LaTeX.")
@click.option(
    "--stage",
    type=click.Choice(["nodes", "model", "program"]),
    help="Print what a stage holds: the syntax tree, the checked model, or the steps of its vector field.",
)
@json_option
def show(model: str, as_latex: bool, stage: str | None, as_json: bool) -> None:
    """Print what a model says: its equations, and in words every default that the file leaves unsaid."""
    if stage == "nodes":
        tree, diagnostics = parse(source := read_model_text(model))
        result(outline(tree))
        if diagnostics:
            say(render_all(diagnostics, source, color=color_on(stderr=True)))
        return
    checked = read_model(model)
    if as_json:
        result_json(model_json(checked))
    elif as_latex:
        result(latex(checked))
    elif stage == "program":
        result(_program(checked))
    else:
        result(outline(checked) if stage == "model" else model_in_words(checked))


def _program(model: Model) -> str:
    from eqdsl.lowering.vector_field import compile_model

    return str(compile_model(model).program)
