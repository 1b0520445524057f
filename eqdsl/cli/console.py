"""Writing to the two streams: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import math
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from eqdsl.core.errors import EqdslWarning


def wants_color() -> bool:
    """Whether the terminal and the environment (``NO_COLOR``, ``TERM=dumb``) let us use colour on stdout."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout is not None and sys.stdout.isatty()


def color_on(*, stderr: bool = False) -> bool:
    """Whether text for that stream may carry colour in the command that runs now."""
    context = click.get_current_context(silent=True)
    if context is not None and context.color is False:
        return False
    stream = sys.stderr if stderr else sys.stdout
    return stream is not None and stream.isatty() and not os.environ.get("NO_COLOR")


def result(text: str) -> None:
    """Print a result."""
    click.echo(text)


def result_json(document: object, *, indent: int | None = 2) -> None:
    """Print a result as JSON; infinities and NaN, which JSON lacks, become null."""
    click.echo(json.dumps(finite(document), ensure_ascii=False, indent=indent))


def say(text: str) -> None:
    """Tell the person something that is not the result."""
    click.echo(text, err=True)


@contextmanager
def plain_warnings() -> Iterator[None]:
    """Our own warnings without the line of code that they come from; others as Python shows them."""
    with warnings.catch_warnings():
        shown = warnings.showwarning

        def show(message: Any, category: type[Warning], *rest: Any, **more: Any) -> None:
            if issubclass(category, EqdslWarning):
                say(f"warning: {message}")
            else:
                shown(message, category, *rest, **more)

        warnings.showwarning = show
        yield


def finite(value: Any) -> Any:
    """The value with NumPy scalars as plain numbers and non-finite numbers as None."""
    if isinstance(value, dict):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    if hasattr(value, "tolist"):
        return finite(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
