"""The rule ``aphynity``: Yin et al., arXiv 2010.04456, algorithm 1, as released.

Their loss ``lambda*misfit + penalty`` has the minimum of ``misfit + penalty/lambda``. The released code moves lambda
after each Niter inner steps, starts it at 1, and takes tau_2 = 1 and Niter = 5 for the pendulum, 1e-3 and 1 or 3 for
the others: ``multiplier.rate`` is tau_2 and ``optimizer.epoch_steps`` Niter. The misfit here is the mean of the epoch's
steps, in variances of the data; theirs is that of the last step, not scaled.
"""

from __future__ import annotations

from eqdsl.fitting.config import MultiplierSection
from eqdsl.fitting.multiplier.base import EpochMeans


def aphynity(multiplier: float, epoch: EpochMeans, options: MultiplierSection) -> float:
    """``lambda_{j+1} = lambda_j + tau_2*misfit_j``, which only rises: lambda_0 plus tau_2 times the sum of misfits."""
    return multiplier + options.rate * epoch.misfit
