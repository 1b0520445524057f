"""Adam for the course of a fit, L-BFGS for its end."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from eqdsl.fitting.config import OptimizerSection
from eqdsl.fitting.problem import Problem

POLISH_ITERATIONS = 10
"""L-BFGS iterations of an epoch."""
NETWORKS = 3.0
"""Rate of the networks of states, over that of weights: they are plain and have to follow every trajectory."""
POLISH_HISTORY = 20


def make_adam(problem: Problem, options: OptimizerSection) -> torch.optim.Adam:
    """Adam with groups for weights, parameters, starts and networks of states; ``base`` holds the rate before decay."""
    physical = list(problem.field.physical.parameters())
    chosen = {id(p) for p in physical}
    starts = list(problem.segments.parameters()) if problem.segments is not None else []
    networks = list(problem.states.parameters()) if problem.states is not None else []
    others = chosen | {id(p) for p in (*starts, *networks)}
    weights = [p for p in problem.parameters() if id(p) not in others]
    groups = [
        {"params": [p for p in members if p.requires_grad], "lr": rate, "base": rate}
        for members, rate in (
            (weights, options.learning_rate),
            (physical, options.parameter_learning_rate),
            (starts, options.learning_rate),
            (networks, NETWORKS * options.learning_rate),
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
    """Scale each group's gradient down to a norm of at most `largest` (0: leave it); returns the norms before."""
    norms = []
    for group in optimizer.param_groups:
        parameters: Iterable[nn.Parameter] = group["params"]
        norms.append(nn.utils.clip_grad_norm_(parameters, largest if largest > 0 else float("inf")))
    return norms
