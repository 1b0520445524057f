"""The objectives by name."""

from __future__ import annotations

from eqdsl.fit.objectives.base import Objective
from eqdsl.fit.objectives.derivative import DerivativeObjective
from eqdsl.fit.objectives.rollout import RolloutObjective

OBJECTIVES: dict[str, type[Objective]] = {
    "derivative": DerivativeObjective,
    "rollout": RolloutObjective,
}
