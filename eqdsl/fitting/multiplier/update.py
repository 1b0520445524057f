"""One step of the multiplier by the rule that the options name."""

from __future__ import annotations

import math

from eqdsl.fitting.config import MultiplierSection
from eqdsl.fitting.multiplier.base import EpochMeans
from eqdsl.fitting.multiplier.table import RULES


def updated(multiplier: float, epoch: EpochMeans, options: MultiplierSection) -> float:
    """The multiplier after an epoch, within its bounds; an epoch that is not finite changes nothing."""
    if not (math.isfinite(epoch.misfit) and math.isfinite(epoch.penalty)):
        return multiplier
    return min(max(RULES[options.rule](multiplier, epoch, options), options.minimum), options.maximum)
