"""The multiplier before the first epoch."""

from __future__ import annotations

from eqdsl.fitting.config import MultiplierSection

START, APHYNITY_START = 100.0, 1.0
"""What ``auto`` stands for; ``aphynity`` starts where the code released with arXiv 2010.04456 does."""


def start(options: MultiplierSection) -> float:
    """``multiplier.start``, or what ``auto`` stands for under the rule."""
    if options.start != "auto":
        return options.start
    return APHYNITY_START if options.rule == "aphynity" else START
