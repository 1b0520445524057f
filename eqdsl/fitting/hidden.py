"""What hidden states ask of the options of a fit."""

from __future__ import annotations

from eqdsl.core.errors import UsageError
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.problem import Problem
from eqdsl.fitting.stages import objectives_of
from eqdsl.model.model import Model

OBJECTIVE = "rollout"
"""The objective that hidden states go with: it needs no value of theirs but the start."""


def check_hidden(model: Model, config: FitConfig) -> None:
    """Refuse objectives that would need more of hidden states than a start.

    Raises
    ------
    UsageError
        With the one to take instead.
    """
    others = [name for name in objectives_of(config) if name != OBJECTIVE]
    if model.guessed and others:
        hidden = model.channel_names[model.hidden[0]]
        raise UsageError(
            f"objective `{others[0]}` needs the values of `{hidden}`, which is hidden",
            help=f"take `--objective {OBJECTIVE}`, or leave the choice open",
        )


def hidden_scales(problem: Problem) -> dict[str, float]:
    """Typical size of each hidden channel, by name, as guessed before the fit."""
    deviation = problem.variance.double().sqrt()
    return {problem.model.channel_names[c]: float(deviation[c]) for c in problem.model.hidden}
