"""The multiplier: the weight of the misfit against the norm of the learned terms.

The file means ``minimise penalty subject to misfit <= tolerance``; a fit minimises ``misfit + penalty/multiplier`` and
moves the multiplier after each epoch. All quantities are dimensionless, and the step is bounded, so that its course
does not depend on how badly the first rollouts miss.

Where the tolerance is not known, the data may be without noise, and the misfit may fall by many decades: any fixed
weight is then too large at the end or none. The multiplier stays at its start for the first part of the rollouts, while
known and learned part settle how they share the work: along directions that the data leave open only the penalty
pulls, and it must not be drowned by the noise of the misfit. Then it goes to ``penalty/(share*misfit)``, where the
penalty keeps a small share of the loss at every scale: descent on ``log misfit + share*log penalty``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from eqdsl.fitting.config import MultiplierSection


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


def updated(
    multiplier: float, misfit: float, penalty: float, rules: MultiplierSection, *, noise: float | None, floor: float,
    raised: float,
) -> float:  # fmt: skip
    """The multiplier after an epoch.

    ``adaptive`` with a tolerance: ``log m += rate*clip(log10(misfit/tolerance), -1, 1)``, a dual step that rises and
    falls. ``adaptive`` without one: ``log m`` moves by at most ``rate`` towards the geometric mean of its start and
    ``penalty/(share*misfit)`` with weights ``1 - raised`` and ``raised``, never below its start: a learned part that is
    small only because the multiplier is would stay so. ``aphynity``: ``m += rate*misfit`` (arXiv 2010.04456, algorithm
    1), which only rises.

    Parameters
    ----------
    misfit, penalty : float
        Means over the epoch, dimensionless; an epoch that is not finite changes nothing.
    noise : float or None
        From `noise_tolerance`: what an ``auto`` tolerance becomes when it is known.
    floor : float
        Misfit that rounding allows; no tolerance is smaller.
    raised : float
        How far, 0 to 1, a multiplier without tolerance may have gone from its start to its aim.
    """
    if not (math.isfinite(misfit) and math.isfinite(penalty)):
        return multiplier
    tolerance = noise if rules.tolerance == "auto" else rules.tolerance
    if rules.rule == "aphynity":
        multiplier += rules.rate * misfit
    elif rules.rule == "adaptive" and tolerance is not None:
        excess = math.log10(max(misfit, floor / 10) / max(tolerance, floor))
        multiplier *= math.exp(rules.rate * min(max(excess, -1.0), 1.0))
    elif rules.rule == "adaptive":
        final = max(penalty / (rules.share * max(misfit, floor)), rules.start)
        wanted = rules.start ** (1 - raised) * final**raised
        multiplier *= math.exp(min(max(math.log(wanted / multiplier), -rules.rate), rules.rate))
    return min(max(multiplier, rules.minimum), rules.maximum)
