"""Adam for the course of a fit, L-BFGS for its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from eqdsl.fitting.config import OptimizerSection
from eqdsl.fitting.problem import Problem

POLISH_ITERATIONS = 10
"""L-BFGS iterations of an epoch."""
POLISH_HISTORY = 20
RECENT = 0.9
"""What a step leaves of the recent size of gradients."""
SUDDEN = 2.0
"""A gradient this many times the recent size is scaled down to that."""


def make_adam(problem: Problem, options: OptimizerSection) -> torch.optim.Adam:
    """Adam with groups for weights, parameters and starts of segments; ``base`` holds the rate before any decay."""
    physical = list(problem.field.physical.parameters())
    chosen = {id(p) for p in physical}
    starts = list(problem.segments.parameters()) if problem.segments is not None else []
    others = chosen | {id(p) for p in starts}
    weights = [p for p in problem.parameters() if id(p) not in others]
    groups = [
        {"params": [p for p in members if p.requires_grad], "lr": rate, "base": rate}
        for members, rate in (
            (weights, options.learning_rate),
            (physical, options.parameter_learning_rate),
            (starts, options.learning_rate),
        )
    ]
    return torch.optim.Adam([group for group in groups if group["params"]])


def make_lbfgs(problem: Problem) -> torch.optim.LBFGS:
    """L-BFGS with a strong Wolfe line search over all numbers."""
    return torch.optim.LBFGS(
        list(problem.parameters()), max_iter=POLISH_ITERATIONS, history_size=POLISH_HISTORY,
        line_search_fn="strong_wolfe", tolerance_grad=0.0, tolerance_change=0.0,
    )  # fmt: skip


def set_rate(optimizer: torch.optim.Optimizer, factor: float) -> None:
    """Give every group its base rate times a factor."""
    for group in optimizer.param_groups:
        group["lr"] = group["base"] * factor


def clip_gradients(optimizer: torch.optim.Optimizer, largest: float) -> list[Tensor]:
    """Scale each group's gradient down to `largest`, and to `SUDDEN` times its recent size; 0 leaves all as they are.

    Adam divides by the size of past gradients: after a long descent the first one of a longer horizon would move the
    weights by many times their rate, away from all that was gained.

    Returns
    -------
    list of Tensor
        The norms before.
    """
    norms = []
    for group in optimizer.param_groups:
        parameters: Iterable[nn.Parameter] = group["params"]
        norms.append(nn.utils.clip_grad_norm_(parameters, _limit(group, largest)))
    return norms


def remember_sizes(optimizer: torch.optim.Optimizer, norms: Sequence[float], largest: float) -> None:
    """Count the gradients that a step has taken, with their norms before `clip_gradients`, into the recent sizes."""
    for group, norm in zip(optimizer.param_groups, norms, strict=True):
        taken, recent = min(norm, _limit(group, largest)), group.get("recent", 0.0)
        group["recent"] = RECENT * recent + (1 - RECENT) * taken if recent > 0 else taken


def _limit(group: Mapping[str, Any], largest: float) -> float:
    """Largest norm that a group's gradient keeps."""
    if largest <= 0:
        return float("inf")
    recent: float = group.get("recent", 0.0)
    return min(largest, SUDDEN * recent) if recent > 0 else largest
