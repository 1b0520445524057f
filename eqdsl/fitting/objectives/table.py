"""The objectives by name."""

from __future__ import annotations

import difflib

from eqdsl.core.errors import UsageError
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.objectives.base import Objective
from eqdsl.fitting.objectives.collocation import CollocationObjective
from eqdsl.fitting.objectives.derivative import DerivativeObjective
from eqdsl.fitting.objectives.regression import RegressionObjective
from eqdsl.fitting.objectives.rollout import RolloutObjective
from eqdsl.fitting.objectives.shooting import ShootingObjective
from eqdsl.fitting.problem import Problem
from eqdsl.fitting.stages import AUTO, objectives_of, stages_of

OBJECTIVES: dict[str, type[Objective]] = {
    "collocation": CollocationObjective,
    "derivative": DerivativeObjective,
    "regression": RegressionObjective,
    "rollout": RolloutObjective,
    "shooting": ShootingObjective,
}


def objectives_text(problem: Problem, config: FitConfig) -> str:
    """The objectives in order, for the user: ``derivative (weak form over 13 frames; …), then rollout``."""
    method = problem.derivative
    names = [
        f"{name} ({method.described()})" if method is not None and issubclass(OBJECTIVES[name], DerivativeObjective)
        else name
        for name in objectives_of(config)
    ]  # fmt: skip
    chosen = ", chosen automatically" if config.objective.chain.strip() == AUTO else ""
    return f"objectives: {', then '.join(names)}{chosen}"


def check_objectives(config: FitConfig) -> None:
    """Refuse objectives that do not exist, are named twice, or do not go with the shares.

    Raises
    ------
    UsageError
        With the names of those that exist.
    """
    for name in objectives_of(config):
        if name not in OBJECTIVES:
            near = difflib.get_close_matches(name, OBJECTIVES, n=1)
            hint = f"did you mean `{near[0]}`? " if near else ""
            raise UsageError(
                f"`{name}` is no objective of a fit",
                help=f"{hint}there are {', '.join(OBJECTIVES)}; several are minimised in order: `derivative,rollout`",
            )
    stages_of(config)
