"""One step of the multiplier by the rule that the options name, and the misfit that noise explains."""

from __future__ import annotations

import math
from collections.abc import Mapping

from eqdsl.fitting.config import MultiplierSection
from eqdsl.fitting.multiplier.base import EpochMeans
from eqdsl.fitting.multiplier.table import RULES


def updated(multiplier: float, epoch: EpochMeans, options: MultiplierSection) -> float:
    """The multiplier after an epoch, within its bounds; an epoch that is not finite changes nothing."""
    if not (math.isfinite(epoch.misfit) and math.isfinite(epoch.penalty)):
        return multiplier
    return min(max(RULES[options.rule](multiplier, epoch, options), options.minimum), options.maximum)


def noise_tolerance(noise: Mapping[str, float], observed: Mapping[str, float], *, noisy: int = 2) -> float | None:
    """The misfit of the exact model on noisy data.

    Parameters
    ----------
    noise : mapping of str to float
        Standard deviation by channel, from ``observe u noise 0.1``.
    observed : mapping of str to float
        Variance of the data of each observed channel.
    noisy : int
        Noisy values in each difference: the frame compared with, and the one started from unless it is fitted.

    Returns
    -------
    float or None
        In variances of the data; None unless the noise of every observed channel is known.
    """
    if not observed or not all(noise.get(name, 0.0) > 0 for name in observed):
        return None
    return sum(noisy * noise[name] ** 2 / variance for name, variance in observed.items()) / len(observed)
