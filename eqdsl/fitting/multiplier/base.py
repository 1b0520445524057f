"""What a rule of the multiplier sees of an epoch, and what it is.

A fit minimises ``misfit + penalty/multiplier`` and lets a rule move the multiplier after each epoch of rollouts. All
quantities are dimensionless: the misfit is in variances of the data, the penalty in units of the data's own rate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from eqdsl.fitting.config import MultiplierSection


@dataclass(frozen=True)
class EpochMeans:
    """An epoch as a rule sees it.

    Parameters
    ----------
    misfit, penalty : float
        Means over the epoch, finite.
    noise : float or None
        Misfit of the exact model on data with the noise that the model states; what an ``auto`` tolerance becomes.
    floor : float
        Misfit that rounding allows; no tolerance is smaller.
    raised : float
        How far, 0 to 1, a multiplier without tolerance may have gone from its start to its aim.
    """

    misfit: float
    penalty: float
    noise: float | None
    floor: float
    raised: float


Rule = Callable[[float, EpochMeans, MultiplierSection], float]
"""From a multiplier, the epoch that used it and the options to the next multiplier, not yet bounded."""
