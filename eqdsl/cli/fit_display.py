"""What is seen while a fit runs: a panel on a terminal, plain lines elsewhere, JSON lines for scripts.

A display takes the events of `eqdsl.fitting.fit` (plain dicts): ``start``, ``announce`` for a sentence, ``stage`` when
a stage or horizon begins, ``epoch`` after each epoch, ``done`` or ``interrupted`` at the end.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Protocol

from eqdsl.cli.console import color_on, result_json, say

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

Event = Mapping[str, Any]

SECONDS_BETWEEN_LINES = 5.0
"""Least time between two plain lines about epochs."""


class Display(Protocol):
    """Takes events while it is entered."""

    def __call__(self, event: Event) -> None:
        """Show one event."""


def choose_display(*, as_json: bool, quiet: bool) -> AbstractContextManager[Display]:
    """The display that suits the options and the streams."""
    if as_json:
        return nullcontext(json_line)
    if quiet:
        return nullcontext(only_announcements)
    if sys.stderr is not None and sys.stderr.isatty():
        return LivePanel()
    return nullcontext(PlainLines())


def json_line(event: Event) -> None:
    """One event as one line of JSON on stdout."""
    result_json(dict(event), indent=None)


def only_announcements(event: Event) -> None:
    """What must not be missed even when no progress is wanted."""
    if event["event"] == "announce":
        say(note_text(event))


class PlainLines:
    """Sentences and stages at once, epochs every few seconds, on stderr."""

    def __init__(self) -> None:
        self._last = 0.0

    def __call__(self, event: Event) -> None:
        """Write the line of one event, if it is time for it."""
        kind = event["event"]
        if kind in _SENTENCES:
            say(_SENTENCES[kind](event))
        elif kind == "epoch" and time.monotonic() - self._last >= SECONDS_BETWEEN_LINES:
            self._last = time.monotonic()
            say(epoch_text(event))


class LivePanel:
    """A small table on stderr that redraws itself; sentences scroll by above it."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        plain = not color_on(stderr=True)
        self._console = Console(stderr=True, no_color=plain)
        self._live: Live = Live(console=self._console, transient=True, auto_refresh=False)

    def __enter__(self) -> LivePanel:
        self._live.start()
        return self

    def __exit__(self, *details: object) -> None:
        self._live.stop()

    def __call__(self, event: Event) -> None:
        """Redraw for an epoch, scroll for the rest."""
        kind = event["event"]
        if kind == "epoch":
            self._live.update(panel(event), refresh=True)
        elif kind in _SENTENCES:
            self._console.print(_SENTENCES[kind](event), markup=False, highlight=False)


def start_text(event: Event) -> str:
    """One line about what is fitted to what."""
    unknown = [*event["parameters"], *(f"{name} (learned)" for name in event["learned"])]
    grid = f" on {' x '.join(map(str, event['grid']))} points" if event["grid"] else ""
    return (
        f"{event['model']}: {', '.join(unknown)}; {event['weights']} weights; {event['train']} trajectories{grid} "
        f"to train, {event['validation']} to validate, {event['test']} to test; {event['device']}, {event['dtype']}"
    )


def note_text(event: Event) -> str:
    """A sentence that the fit announces."""
    return f"note: {event['text']}"


def stage_text(event: Event) -> str:
    """One line about a stage or horizon that begins."""
    words = [f"{event['stage']}: horizon {event['horizon']}", f"{event['windows']} windows"]
    if event["stage"] != "warm start":
        words.append(f"{event['substeps']} integrator steps per data interval")
    return ", ".join(words)


_SENTENCES = {"start": start_text, "announce": note_text, "stage": stage_text}
_NUMBERS = ("misfit", "validation", "penalty", "multiplier")


def epoch_text(event: Event) -> str:
    """One line about an epoch."""
    words = [f"epoch {event['epoch']:>4}", *(f"{key} {number(event[key])}" for key in _NUMBERS)]
    words += [f"{name} = {number(value)}" for name, value in event["parameters"].items()]
    left = event["minutes_left"]
    return "  ".join(words if left is None else [*words, left_text(event)])


def left_text(event: Event) -> str:
    """``48 s left``, or ``about 48 s left in this stage`` where no time budget says when the fit ends."""
    time_left = duration(60 * event["minutes_left"])
    return f"{time_left} left" if event["left_of"] == "fit" else f"about {time_left} left in this stage"


def panel(event: Event) -> Table:
    """The table for one epoch: stage and clock, misfit and multiplier, parameters, shares of the learned terms."""
    from rich.table import Table

    clock = f"{duration(event['seconds'])} gone" + ("" if event["minutes_left"] is None else f", {left_text(event)}")
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column()
    table.add_row(event["stage"], f"epoch {event['epoch']}, horizon {event['horizon']}, {clock}")
    for key in _NUMBERS:
        table.add_row(key, number(event[key]))
    if event["bad_steps"]:
        table.add_row("bad steps", str(event["bad_steps"]))
    for name, value in event["parameters"].items():
        table.add_row(name, number(value))
    for name, share in event["learned"].items():
        table.add_row(f"share of {name}", number(share))
    return table


def member_text(event: Event) -> str:
    """One line about a member of an ensemble."""
    if event["status"] != "done":
        reason = f": {event['message']}" if event.get("message") else ""
        return f"seed {event['seed']}: {event['status']}{reason}"
    values = [f"{name} = {number(value)}" for name, value in event["parameters"].items()]
    return "  ".join([f"seed {event['seed']}: validation {number(event['validation'])}", *values])


def number(value: float | None) -> str:
    """Four digits; a dash where there is no finite number."""
    return "-" if value is None else f"{value:.4g}"


def duration(seconds: float) -> str:
    """``42 s``, ``3 min 05 s``, ``2 h 10 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
