"""What every command shares: worked examples in its help, colours that only terminals see, lazily imported members."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

import click

from eqdsl.cli.console import wants_color
from eqdsl.cli.table import Entry

Function = TypeVar("Function", bound=Callable[..., Any])
Examples = Sequence[tuple[str, str]]


class HelpFormatter(click.HelpFormatter):
    """click's formatter with bold headings and coloured names (removed by click where there is no colour)."""

    def write_heading(self, heading: str) -> None:
        """Write ``Heading:`` in bold."""
        self.write(f"{'':>{self.current_indent}}{click.style(heading + ':', bold=True)}\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write a definition list with coloured names."""
        super().write_dl([(click.style(name, fg="cyan"), text) for name, text in rows], col_max, col_spacing)


class Context(click.Context):
    """A click context that writes help with `HelpFormatter`."""

    formatter_class = HelpFormatter


class Command(click.Command):
    """A command whose help ends with worked examples.

    Parameters
    ----------
    examples : sequence of (str, str)
        Command line and what it does; at least two.
    """

    context_class = Context

    def __init__(self, *args: Any, examples: Examples = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples after the options."""
        super().format_epilog(ctx, formatter)
        write_examples(self.examples, formatter)


class Group(click.Group):
    """A group whose members are imported when they are called.

    Parameters
    ----------
    entries : mapping of str to Entry
        The members by name, in the order of the help.
    examples : sequence of (str, str)
        As for `Command`.
    """

    context_class = Context

    def __init__(self, *args: Any, entries: Mapping[str, Entry], examples: Examples = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.entries = entries
        self.examples = examples

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the members, in the order of the table."""
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a member; None when there is none of that name."""
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        member = getattr(importlib.import_module(entry.module), entry.variable)
        assert isinstance(member, click.Command)
        return member

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, but an unknown name lists the nearest known ones."""
        name = args[0] if args else ""
        if args and name not in self.entries and not name.startswith("-"):
            near = get_close_matches(name, self.entries, n=2) or list(self.entries)
            ctx.fail(
                f"no command `{name}`; did you mean {' or '.join(near)}?"
                if len(near) <= 2
                else f"no command `{name}`; there are {', '.join(near)}"
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the members from the table, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in self.entries.items()])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples after the commands."""
        super().format_epilog(ctx, formatter)
        write_examples(self.examples, formatter)


def write_examples(examples: Examples, formatter: click.HelpFormatter) -> None:
    """Write each example as its command line over an indented line that says what it does."""
    if not examples:
        return
    with formatter.section("Examples"):
        for line, meaning in examples:
            formatter.write(f"{'':>{formatter.current_indent}}{click.style(line, fg='green')}\n")
            formatter.write(f"{'':>{formatter.current_indent + 4}}{meaning}\n")


def _set_color(ctx: click.Context, parameter: click.Parameter, off: bool) -> None:
    root = ctx.find_root()
    if off or not wants_color():
        root.color = ctx.color = False
    else:
        root.color = ctx.color = True


no_color_option = click.option(
    "--no-color", is_flag=True, expose_value=False, is_eager=True, callback=_set_color, help="Plain text."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
force_option = click.option("--force", is_flag=True, help="Overwrite an existing output.")


def command(name: str, *, examples: Examples, cls: type[Command] = Command) -> Callable[[Function], Command]:
    """Make a function a `Command` with the options that every command has; its docstring is the help."""

    def wrap(function: Function) -> Command:
        return click.command(name, cls=cls, examples=examples)(no_color_option(function))

    return wrap
