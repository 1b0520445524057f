"""Option values of the form ``name=value``."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])


class Assignment(click.ParamType[tuple[str, str]]):
    """``name=value``, split at the first ``=``."""

    name = "name=value"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Split the text; fails when there is no ``=`` or no name."""
        if isinstance(value, tuple):
            return value
        name, sign, text = str(value).partition("=")
        if not sign or not name.strip():
            self.fail(f"`{value}` is not of the form name=value", param, ctx)
        return name.strip(), text.strip()


ASSIGNMENT = Assignment()


def map_option(help: str) -> Callable[[Function], Function]:
    """``--map NAME=DATASET[INDEX]``, repeatable, as `mapping`."""
    return click.option("--map", "mapping", type=ASSIGNMENT, multiple=True, metavar="NAME=DATASET[INDEX]", help=help)


SEED = click.IntRange(0, 2**63 - 1)
"""What torch's generator takes."""


def numbers(assignments: Iterable[tuple[str, str]], option: str) -> dict[str, float]:
    """The assignments with finite numbers for values.

    Raises
    ------
    click.BadParameter
        A value is not a finite number.
    """
    values = {}
    for name, text in assignments:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise click.BadParameter(f"`{text}` for `{name}` is not a finite number", param_hint=f"'{option}'")
        values[name] = number
    return values


def counts(text: str | None, option: str, *, least: int) -> dict[str, int]:
    """``x=64,y=64`` as numbers of points by axis.

    Raises
    ------
    click.BadParameter
        It is not of that form, or a number is smaller than `least`.
    """
    values = {}
    for part in filter(None, (text or "").split(",")):
        name, sign, number = (piece.strip() for piece in part.partition("="))
        if not sign or not name or not number.isdecimal() or int(number) < least:
            raise click.BadParameter(
                f"`{part}` is not of the form x=64 with {least} points or more", param_hint=f"'{option}'"
            )
        values[name] = int(number)
    return values
