"""The rule ``fixed``: the sum of misfit and penalty with one weight all along."""

from __future__ import annotations

from eqdsl.fitting.config import MultiplierSection
from eqdsl.fitting.multiplier.base import EpochMeans


def fixed(multiplier: float, epoch: EpochMeans, options: MultiplierSection) -> float:
    """The multiplier as it was: ``multiplier.start``."""
    return multiplier
