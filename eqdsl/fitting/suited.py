"""Options that suit a model: what needs states at every frame is left out where the data do not hold them."""

from __future__ import annotations

from eqdsl.core.errors import UsageError
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.stages import AUTO, objectives_of
from eqdsl.model.model import Model

AT_STATES = ("derivative",)
"""Objectives that evaluate the vector field at the states of data frames."""


def suited(config: FitConfig, model: Model) -> FitConfig:
    """The options, without the warm start where the data do not hold the states themselves.

    Raises
    ------
    UsageError
        Such an objective is asked for by name.
    """
    if model.observes_states:
        return config
    if config.objective.chain.strip() == AUTO:
        return config.model_copy(update={"warm_start": config.warm_start.model_copy(update={"enabled": False})})
    wrong = next((name for name in objectives_of(config) if name in AT_STATES), None)
    if wrong is not None:
        seen = ", ".join(f"`{o.name}`" for o in model.observations if o.components)
        raise UsageError(
            f"objective `{wrong}` needs the states at every frame, and the data hold "
            + (f"{seen} in their place" if seen else "only some of them"),
            help="take `--objective rollout`, or `shooting,rollout`",
        )
    return config
