"""The stages of a fit: its objectives in order with Adam, then L-BFGS on the last of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from eqdsl.core.errors import UsageError
from eqdsl.fitting.config import FitConfig

AUTO = "auto"
REGRESSION = "regression"
WARM_START, POLISH = "warm start", "polish"
"""Names of derivative matching before another objective, and of L-BFGS; other stages are named by their objective."""
ADAM_TIME = 0.7
"""Share of a time budget after which Adam ends, when L-BFGS follows."""
WARM_TIME = 0.1
"""Share of a time budget that the warm start may take."""


@dataclass(frozen=True)
class Stage:
    """One part of a fit.

    Parameters
    ----------
    name, objective : str
        What it is called and what it minimises.
    steps : int
        Optimiser steps.
    until : float
        Share of a time budget at which it ends.
    decides : bool
        It minimises the last objective with Adam: the multiplier moves, and no progress ends it.
    """

    name: str
    objective: str
    steps: int
    until: float
    decides: bool = False


def objectives_of(config: FitConfig) -> tuple[str, ...]:
    """Names of the objectives in order, as they are written."""
    if config.objective.chain.strip() == AUTO:
        return ("derivative", "rollout") if config.warm_start.enabled else ("rollout",)
    return tuple(name.strip() for name in config.objective.chain.split(","))


def stages_of(config: FitConfig) -> tuple[Stage, ...]:
    """The stages of a fit, L-BFGS last.

    Raises
    ------
    UsageError
        An objective is named twice, or the shares are not one for each objective.
    """
    names, shares = objectives_of(config), config.objective.shares
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"objective `{name}` is named twice", help="name each objective once, in order")
    adam_time = ADAM_TIME if config.optimizer.polish else 1.0
    if isinstance(shares, str):
        parts = _equal_parts(names, config, adam_time)
    elif len(shares) != len(names):
        raise UsageError(
            f"objective.shares: {len(shares)} shares for {len(names)} objectives ({', '.join(names)})",
            help=f"give {len(names)}, or `auto`",
        )
    else:
        parts = _divided(shares, config.optimizer.steps, 0.0, adam_time)
    stages = []
    for number, (name, (steps, until)) in enumerate(zip(names, parts, strict=True), start=1):
        last = number == len(names)
        called = WARM_START if name == "derivative" and not last else name
        solved = name == REGRESSION
        stages.append(Stage(called, name, 1 if solved else steps, until, decides=last and not solved))
    # L-BFGS would only shrink what a regression has found.
    polish = 0 if names[-1] == REGRESSION else config.optimizer.polish
    return (*stages, Stage(POLISH, names[-1], polish, 1.0))


def _equal_parts(names: Sequence[str], config: FitConfig, adam_time: float) -> list[tuple[int, float]]:
    """Steps and ends of time: equal shares, but for a regression, and for derivative matching before others."""
    warm = len(names) > 1 and names[0] == "derivative"
    long = [number for number, name in enumerate(names) if name != REGRESSION and not (warm and number == 0)]
    begin = WARM_TIME if warm else 0.0
    parts = [(config.warm_start.steps, WARM_TIME)] if warm else []
    divided = iter(_divided([1.0] * len(long), config.optimizer.steps, begin, adam_time) if long else ())
    for number in range(len(parts), len(names)):
        parts.append(next(divided) if number in long else (1, parts[-1][1] if parts else WARM_TIME))
    return parts


def _divided(shares: Sequence[float], steps: int, begin: float, end: float) -> list[tuple[int, float]]:
    """Steps, and the ends of time in [begin, end], of stages with these shares."""
    reached = [0.0, *(total / sum(shares) for total in accumulate(shares))]
    reached[-1] = 1.0
    ends = [round(steps * r) for r in reached]
    times = [begin + (end - begin) * r for r in reached[:-1]] + [end]
    return [(after - before, time) for before, after, time in zip(ends, ends[1:], times[1:], strict=False)]
