"""What a peer hands over for a case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.speed.case import Case


@dataclass(frozen=True)
class Work:
    """Attributes: `run` does the work once and returns when it is done; `check` gives what must agree among peers.

    ``rate``: ``{"rate"}``; ``gradient``: ``{"rate", "gradient"}``, the latter with respect to the state; ``rollout``:
    ``{"final"}``; ``training`` and ``pendulum``: ``{"loss", "gradient"}``, the latter with respect to the network's
    first weight, before any step.
    """

    run: Callable[[], Any]
    check: Callable[[], dict[str, np.ndarray]]


Builders = dict[str, Callable[[Case], Work]]
"""Every peer's `BUILDERS`: what makes the work of each task."""
