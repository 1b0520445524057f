"""What hidden states ask of the options of a fit."""

from __future__ import annotations

from eqdsl.core.errors import UsageError
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.problem import Problem
from eqdsl.fitting.stages import AUTO, objectives_of
from eqdsl.model.model import Model

OBJECTIVE = "rollout"
"""The objective that hidden states go with: it needs no value of theirs but the start."""


def check_hidden(model: Model, config: FitConfig) -> None:
    """Refuse objectives that would need the values of hidden states.

    Raises
    ------
    UsageError
        With the ones to take instead.
    """
    others = [name for name in objectives_of(config) if name != OBJECTIVE]
    automatic = config.objective.chain.strip() == AUTO
    hidden = next((c.name for c in model.channels if c.hidden), None)
    if hidden is not None and others and not automatic:
        raise UsageError(
            f"objective `{others[0]}` needs the values of `{hidden}`, which is hidden",
            help=f"take `--objective {OBJECTIVE}`, or leave the choice open",
        )


def for_hidden(config: FitConfig, problem: Problem) -> FitConfig:
    """The options without a warm start where the rates of hidden states would have to be known."""
    if not problem.model.hidden or config.objective.chain.strip() != AUTO:
        return config
    return config.model_copy(update={"warm_start": config.warm_start.model_copy(update={"enabled": False})})


def hidden_scales(problem: Problem) -> dict[str, float]:
    """Typical size of each hidden channel, by name, as guessed before the fit."""
    deviation = problem.variance.double().sqrt()
    return {problem.model.channel_names[c]: float(deviation[c]) for c in problem.model.hidden}
