"""Options that suit a model: what needs states at every frame is left out where the data do not hold them."""

from __future__ import annotations

from eqdsl.core.errors import UsageError
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.stages import AUTO, objectives_of
from eqdsl.model.model import Model

AT_STATES = ("collocation", "derivative", "regression")
"""Objectives that compare with the states of data frames themselves."""


def suited(config: FitConfig, model: Model) -> FitConfig:
    """The options, without the warm start where the data do not hold the states themselves or terms look back.

    Raises
    ------
    UsageError
        Such an objective is asked for by name.
    """
    if model.observes_states and not model.looks_back:
        return config
    if config.objective.chain.strip() == AUTO:
        return config.model_copy(update={"warm_start": config.warm_start.model_copy(update={"enabled": False})})
    wrong = next((name for name in objectives_of(config) if name in AT_STATES), None)
    if wrong is not None:
        seen = ", ".join(f"`{o.name}`" for o in model.observations if o.components)
        if model.looks_back:
            raise UsageError(
                f"objective `{wrong}` takes frames one by one, and learned terms look back on several",
                help="take `--objective rollout`",
            )
        raise UsageError(
            f"objective `{wrong}` needs the states at every frame, and the data hold "
            + (f"{seen} in their place" if seen else "only some of them"),
            help="take `--objective rollout`, or `shooting,rollout`",
        )
    return config
