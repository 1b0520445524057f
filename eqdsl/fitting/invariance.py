"""Penalties on risks that differ between environments, for predictions that must hold outside of them.

The risk R_e is the misfit over the windows of environment e.

* ``irm``: ``mean_e (d/dw R_e(w*prediction) at w = 1)^2`` (IRMv1; Arjovsky, Bottou, Gulrajani and Lopez-Paz 2019): where
  it is zero, no environment would scale the prediction for its own sake.
* ``vrex``: ``mean_e (R_e - mean_e R_e)^2`` (V-REx; Krueger et al. 2021).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields

import numpy as np
import torch
from torch import Tensor

from eqdsl.core.errors import ComputationError, UsageError
from eqdsl.data.trajectories import Trajectories
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.objectives.table import OBJECTIVES
from eqdsl.fitting.problem import Problem
from eqdsl.fitting.stages import objectives_of
from eqdsl.fitting.starts import start_states
from eqdsl.fitting.training_data import Batch
from eqdsl.lowering.vector_field import VectorField
from eqdsl.numerics.driving import Driving
from eqdsl.numerics.integrators.integrate import Memory

PREDICTING = ("derivative", "rollout")
"""Objectives that compare a prediction with data, and nothing else."""


def check_invariance(config: FitConfig, trajectories: Trajectories) -> None:
    """Refuse a penalty over environments where there are none, or that an objective has no risk for.

    Raises
    ------
    UsageError
    """
    if config.invariance.kind == "off":
        return
    kind = config.invariance.kind
    own = trajectories.environment
    if own is None or len(np.unique(own)) < 2:
        found = "hold no dataset `environment`" if own is None else f"hold environment {int(own[0])} only"
        raise UsageError(
            f"`--invariance {kind}` compares environments, and the data {found}",
            help="write a dataset `environment` with one whole number for each trajectory, or leave the option out",
        )
    for name in objectives_of(config):
        if name not in PREDICTING:
            raise UsageError(
                f"`--invariance {kind}` goes with the objectives {' and '.join(PREDICTING)}, not with `{name}`",
                help="leave one of them out",
            )


class Invariance:
    """The penalty, in squared units of the misfit.

    Parameters
    ----------
    problem : Problem
        Its training data tell environments apart.
    config : FitConfig
    """

    def __init__(self, problem: Problem, config: FitConfig) -> None:
        self.problem, self.config = problem, config
        self.weight = config.invariance.weight if config.invariance.kind != "off" else 0.0

    def held_out(self, substeps: int) -> float:
        """The penalty of rollouts from the first frames of the validation data, which the best weights keep small."""
        problem, data = self.problem, self.problem.validation
        if not self.weight or data.environment is None:
            return 0.0
        batch = data.batch(data.starts(data.horizon, first_only=True), data.horizon)
        fitted = problem.initial if data is problem.train else problem.held_out_initial
        start = start_states(problem.field, batch, fitted)
        try:
            with torch.no_grad():
                rolled = problem.rollout(start, batch, substeps)
        except ComputationError:
            return math.inf
        return float(self._penalty("rollout", batch, data.environment[batch.rows], rolled, substeps, "stored").detach())

    def __call__(self, objective: str, batch: Batch, substeps: int, memory: Memory) -> Tensor:
        """``weight`` times the penalty of a batch, differentiable; zero where it holds one environment only."""
        environment = self.problem.train.environment
        if not self.weight or environment is None:
            return batch.state.new_zeros(())
        rolled = None
        if objective == "rollout":
            rolled = self.problem.rollout(self.problem.start(batch), batch, substeps, memory=memory)
        return self._penalty(objective, batch, environment[batch.rows], rolled, substeps, memory)

    def _penalty(
        self, objective: str, batch: Batch, own: Tensor, rolled: Tensor | None, substeps: int, memory: Memory
    ) -> Tensor:
        one = torch.ones((), dtype=batch.state.dtype, device=batch.state.device, requires_grad=True)
        risks = []
        for label in torch.unique(own):
            chosen = torch.nonzero(own == label).reshape(-1)
            scaled = _scaled(self.problem, one, None if rolled is None else rolled[chosen])
            misfit = OBJECTIVES[objective](scaled, lambda: None, self.config.objective).misfit
            risks.append(misfit(batch.select(chosen), substeps, memory))
        if self.config.invariance.kind == "vrex":
            found = torch.stack(risks)
            return self.weight * (found - found.mean()).square().mean()
        slopes = [torch.autograd.grad(risk, one, create_graph=True)[0] for risk in risks]
        return self.weight * torch.stack(slopes).square().mean()


@dataclass(frozen=True)
class _Scaled(Problem):
    """A problem whose predictions are known, and multiplied by a number."""

    scale: Tensor = field(default_factory=lambda: torch.ones(()))
    rolled: Tensor | None = None

    def rollout(
        self, start: Tensor, batch: Batch, substeps: int, *, memory: Memory = "stored",
        check: Callable[[], None] = lambda: None,
    ) -> Tensor:  # fmt: skip
        assert self.rolled is not None
        return self.scale * self.rolled


class _ScaledField:
    """A vector field whose rates are multiplied by a number."""

    def __init__(self, own: VectorField, scale: Tensor) -> None:
        self._own, self._scale = own, scale

    def driven(self, by: Driving | None) -> Callable[[Tensor, Tensor], Tensor]:
        """Its rates, as some trajectories drive it."""
        driven = self._own.driven(by)
        return lambda t, state: self._scale * driven(t, state)


def _scaled(problem: Problem, scale: Tensor, rolled: Tensor | None) -> _Scaled:
    members = {f.name: getattr(problem, f.name) for f in fields(problem)}
    if problem.noise is not None:
        # It is that of all environments together, which the misfit itself has seen.
        members["noise"] = problem.noise.apart()
    if rolled is None:
        members["field"] = _ScaledField(problem.field, scale)
    return _Scaled(**members, scale=scale, rolled=rolled)
