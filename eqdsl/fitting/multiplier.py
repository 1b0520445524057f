"""The multiplier: the weight of the misfit against the norm of the learned terms.

The file means ``minimise penalty subject to misfit <= tolerance``; a fit minimises ``misfit + penalty/multiplier`` and
moves the multiplier after each epoch. All quantities are dimensionless, and the adaptive step is bounded, so that its
course does not depend on how badly the first rollouts miss.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from eqdsl.fitting.config import MultiplierSection

RATCHET = 0.1
"""An ``auto`` tolerance is this share of the smallest misfit seen."""


@dataclass(frozen=True)
class Multiplier:
    """The multiplier and what it aims at.

    Parameters
    ----------
    value : float
        Present multiplier.
    best : float
        Smallest misfit of an epoch at the present horizon.
    """

    value: float
    best: float = math.inf

    def at_new_horizon(self) -> Multiplier:
        """Misfits of different horizons do not compare: forget the best one."""
        return replace(self, best=math.inf)


def noise_tolerance(noise: Mapping[str, float], observed: Mapping[str, float]) -> float | None:
    """The misfit of the exact model on noisy data: that of the frame compared with and of the one started from.

    Parameters
    ----------
    noise : mapping of str to float
        Standard deviation by channel, from ``observe u noise 0.1``.
    observed : mapping of str to float
        Variance of the data of each observed channel.

    Returns
    -------
    float or None
        In variances of the data; None unless the noise of every observed channel is known.
    """
    if not observed or not all(noise.get(name, 0.0) > 0 for name in observed):
        return None
    return sum(2 * noise[name] ** 2 / variance for name, variance in observed.items()) / len(observed)


def updated(
    multiplier: Multiplier, misfit: float, rules: MultiplierSection, *, noise: float | None, floor: float
) -> Multiplier:
    """The multiplier after an epoch.

    ``adaptive``: ``log m += rate * clip(log10(misfit/tolerance), -1, 1)``; ``aphynity``: ``m += rate * misfit``.

    Parameters
    ----------
    misfit : float
        Mean over the epoch, in variances of the data; an epoch that is not finite changes nothing.
    noise : float or None
        From `noise_tolerance`: what an ``auto`` tolerance becomes when it is known.
    floor : float
        Misfit that rounding allows; no tolerance is smaller.
    """
    if not math.isfinite(misfit):
        return multiplier
    best = min(multiplier.best, misfit)
    value = multiplier.value
    if rules.rule == "adaptive":
        automatic = noise if noise is not None else RATCHET * best
        tolerance = max(automatic if rules.tolerance == "auto" else rules.tolerance, floor)
        excess = math.log10(max(misfit, floor / 10) / tolerance)
        value *= math.exp(rules.rate * min(max(excess, -1.0), 1.0))
    elif rules.rule == "aphynity":
        value += rules.rate * misfit
    return Multiplier(min(max(value, rules.minimum), rules.maximum), best)
