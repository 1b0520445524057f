"""Naming a fit that stopped getting better far from the data: since when, how far, and what to try."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.judgement import CLEARLY
from eqdsl.fitting.stages import WARM_START, objectives_of
from eqdsl.model.model import Model

STILL = 0.25
"""Share of the epochs of rollouts without progress from which on a fit has stagnated."""

FEWEST = 10
"""Least number of such epochs."""

FAR = 1e-2
"""Misfit, in variances of the data, above which a fit is far from data of unknown noise."""

FAR_FROM_NOISE = 3.0
"""Misfit over that of the noise above which a fit is far from data whose noise is known."""

OFTEN = 0.1
"""Share of steps that blow up from which on they are a reason."""

OVERFITTED = 10.0
"""Validation misfit over the training misfit from which on the two differ in kind."""

AT_BOUND = 1e-3
"""Distance to a bound, over the distance of the bounds, or the value's size, that counts as being there."""

MOST = 3
"""Things to try that are named."""


@dataclass(frozen=True)
class Stagnation:
    """A fit that stopped getting better.

    Parameters
    ----------
    since, epochs : int
        The last epoch in which the validation misfit fell clearly, and the last one of all.
    misfit : float
        The smallest one, in variances of the data.
    noise : float or None
        Misfit that noise explains.
    to_try : tuple of str
    """

    since: int
    epochs: int
    misfit: float
    noise: float | None
    to_try: tuple[str, ...]

    def __str__(self) -> str:
        far = f"{self.misfit:.2g} variances of the data"
        if self.noise is not None:
            far = f"{self.misfit / self.noise:.2g} x the noise"
        return (
            f"the misfit has not fallen since epoch {self.since} of {self.epochs}; it is {far}. Try: "
            f"{'; '.join(self.to_try)}"
        )


def stagnation(
    history: Sequence[Mapping[str, Any]], model: Model, config: FitConfig, values: Mapping[str, float],
    noise: float | None,
) -> Stagnation | None:  # fmt: skip
    """Say whether a fit that has ended had stagnated.

    Parameters
    ----------
    history : sequence of mapping
        Its epochs.
    values : mapping of str to float
        The parameters found.
    noise : float or None
        Misfit of the exact model from noisy first frames, in variances of the data.
    """
    rows = [row for row in history if row["stage"] != WARM_START]
    since, reference = 0, math.inf
    for row in rows:
        validation = _number(row["validation"])
        if validation < CLEARLY * reference:
            since, reference = row["epoch"], validation
    best = min((_number(row["validation"]) for row in rows), default=math.inf)
    still = sum(row["epoch"] > since for row in rows)
    far = FAR_FROM_NOISE * noise if noise is not None else FAR
    if still < max(FEWEST, STILL * len(rows)) or not far < best < math.inf:
        return None
    to_try = list(_reasons(rows, model, config, values, best))
    return Stagnation(since, rows[-1]["epoch"], best, noise, tuple(to_try[:MOST]))


def _reasons(
    rows: Sequence[Mapping[str, Any]], model: Model, config: FitConfig, values: Mapping[str, float], best: float
) -> Iterator[str]:
    """What to try, the likeliest first."""
    last = rows[-1]
    bad = sum(row["bad_steps"] for row in rows)
    if bad > OFTEN * len(rows) * config.optimizer.epoch_steps:
        yield f"a smaller `optimizer.learning_rate` or narrower bounds ({bad} steps blew up)"
    for parameter in model.parameters:
        if parameter.fitted and parameter.name in values:
            value, lower, upper = values[parameter.name], parameter.lower, parameter.upper
            size = upper - lower if math.isfinite(upper - lower) else abs(value)
            if min(value - lower, upper - value) <= AT_BOUND * size:
                yield f"wider bounds of {parameter.name}, which ended at {value:.4g}, on its bound"
    misfit, penalty = _number(last["misfit"]), _number(last["penalty"])
    if penalty / last["multiplier"] > misfit:
        yield "a larger `multiplier.start` (the norm of the learned terms outweighs the misfit)"
    if not model.learned:
        yield "a learned term, or another known one (the parameters alone cannot do better)"
    elif OVERFITTED * misfit < best:
        yield "more data or a smaller learned term (the misfit to the training data is much smaller)"
    if "shooting" not in objectives_of(config):
        yield "`--objective derivative,shooting,rollout` (long rollouts from poor values lead astray)"
    yield "other seeds (`--ensemble 5`)"
    if model.learned:
        yield "a learned term that is larger or sees more"


def _number(value: float | None) -> float:
    return math.inf if value is None or math.isnan(value) else value
