"""The clock of a fit: time over all its sessions, its budget, and who may stop it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


class StopRequested(Exception):
    """Somebody asked to stop, or the time budget is spent; `reason` says which."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True)
class Outcome:
    """How training ended: ``done`` or ``interrupted``, and why in words."""

    status: str
    reason: str


class Clock:
    """Wall-clock time.

    Parameters
    ----------
    minutes : float or None
        Budget of this session.
    should_stop : callable
        Looked at whenever the clock is checked.
    """

    def __init__(self, minutes: float | None, should_stop: Callable[[], bool]) -> None:
        self.minutes, self.should_stop = minutes, should_stop
        self.budget: float | None = None
        """Seconds since the fit began at which this session has to end."""
        self._before = 0.0
        self._since = time.monotonic()

    def start(self, before: float) -> None:
        """Begin a session, `before` seconds after the fit began."""
        self._before, self._since = before, time.monotonic()
        self.budget = None if self.minutes is None else before + 60 * self.minutes

    def seconds(self) -> float:
        """Seconds of all sessions."""
        return self._before + time.monotonic() - self._since

    def minutes_left(self, began: float, point: float) -> float | None:
        """Minutes left: of the budget, else of a stage that began at `began` and is done to the share `point`."""
        if self.budget is not None:
            return max(0.0, (self.budget - self.seconds()) / 60)
        return (self.seconds() - began) * (1 - point) / point / 60 if 0 < point <= 1 else None

    def check(self) -> None:
        """Stop if it is time to.

        Raises
        ------
        StopRequested
        """
        if self.should_stop():
            raise StopRequested("interrupted", "stopped on request")
        if self.budget is not None and self.seconds() > self.budget:
            raise StopRequested("done", f"the time budget of {self.minutes:g} minutes is spent")
