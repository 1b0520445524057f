"""The rule ``auto``: the file means ``minimise penalty subject to misfit <= tolerance``.

The step is bounded, so that the course does not depend on how badly the first rollouts miss.

Where the tolerance is not known, the data may be without noise, and the misfit may fall by many decades: any fixed
weight is then too large at the end or none. At the minimum for a multiplier m the learned part is too small by a share
of about ``penalty/m`` (the penalty is in units of the data's own rate), which costs a misfit of about
``(penalty/m)^2``. In the first part of the rollouts m keeps that at the share `PULL` of the misfit that there is: low
while known and learned part settle how they share the work, because along directions that the data leave open only the
penalty pulls and must not be drowned by the noise of the misfit; and never what the misfit waits for. Then m goes to
``penalty/(share*misfit)``, where the penalty keeps a small share of the loss at every scale: descent on
``log misfit + share*log penalty``.
"""

from __future__ import annotations

import math

from eqdsl.fitting.config import MultiplierSection
from eqdsl.fitting.multiplier.base import EpochMeans
from eqdsl.fitting.multiplier.start import start

PULL = 0.1
"""Share of the misfit that the pull of the penalty may cause in the first part of the rollouts."""


def auto(multiplier: float, epoch: EpochMeans, options: MultiplierSection) -> float:
    """The multiplier after an epoch.

    With a tolerance: ``log m += rate*clip(log10(misfit/tolerance), -1, 1)``, a dual step that rises and falls. Without
    one: ``log m`` moves by at most ``rate`` towards the geometric mean of ``penalty/sqrt(PULL*misfit)`` and
    ``penalty/(share*misfit)`` with weights ``1 - raised`` and ``raised``, neither below its start: a learned part that
    is small only because the multiplier is would stay so.
    """
    tolerance = epoch.noise if options.tolerance == "auto" else options.tolerance
    if tolerance is not None:
        excess = math.log10(max(epoch.misfit, epoch.floor / 10) / max(tolerance, epoch.floor))
        return multiplier * math.exp(options.rate * min(max(excess, -1.0), 1.0))
    misfit = max(epoch.misfit, epoch.floor)
    first = max(epoch.penalty / math.sqrt(PULL * misfit), start(options))
    final = max(epoch.penalty / (options.share * misfit), start(options))
    wanted = first ** (1 - epoch.raised) * final**epoch.raised
    return multiplier * math.exp(min(max(math.log(wanted / multiplier), -options.rate), options.rate))
