"""The objectives by name."""

from __future__ import annotations

from eqdsl.fitting.objectives.base import Objective
from eqdsl.fitting.objectives.derivative import DerivativeObjective
from eqdsl.fitting.objectives.rollout import RolloutObjective

OBJECTIVES: dict[str, type[Objective]] = {
    "derivative": DerivativeObjective,
    "rollout": RolloutObjective,
}
