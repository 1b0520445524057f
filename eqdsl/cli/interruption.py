"""Ctrl-C and SIGTERM as a request to stop cleanly."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType
from typing import Any, Self

from eqdsl.cli.console import say

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_STOPPING = "stopping after this step, with a usable run left; again to stop at once"


class StopRequest:
    """While it is entered, the first signal asks to stop and the second one stops at once.

    Calling it says whether somebody asked: it is the `should_stop` of a fit.

    Parameters
    ----------
    message : str
        What is said at the first signal.
    """

    def __init__(self, message: str = _STOPPING) -> None:
        self.asked, self.message = False, message
        self._previous: dict[int, Any] = {}

    def __call__(self) -> bool:
        return self.asked

    def __enter__(self) -> Self:
        for number in _SIGNALS:
            self._previous[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        say(self.message)
