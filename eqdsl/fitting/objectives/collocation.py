"""Collocation: states as networks of time and position, held to the data and to the equations at once."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from eqdsl.fitting.config import ObjectiveSection
from eqdsl.fitting.misfit import channel_mean
from eqdsl.fitting.objectives.base import DEFAULTS, Objective
from eqdsl.fitting.problem import Problem
from eqdsl.fitting.training_data import Batch
from eqdsl.lowering.points import Fields, PointField
from eqdsl.numerics.integrators.integrate import Memory

POINTS = 2048
"""Points of a step, of the data and of the equations alike."""
WALL_POINTS = 256
"""Points of a step on each wall."""
FIRST = 1e-3
"""What the equations count at the beginning, when the networks know nothing of the data."""
JOINED = 0.4
"""Point of the stage from which on they count as much as the data."""


class CollocationObjective(Objective):
    """``data + w * (equations + walls)``, each a mean over channels (Raissi, Perdikaris and Karniadakis, 2019).

    The data term is the mean of ``|U_c - X_c|^2/var(X_c)`` at measured points, that of the equations the mean of
    ``|dU_c/dt - f_c(U)|^2/mean |dX_c/dt|^2`` at points drawn from the domain, that of the walls the mean of the squared
    residual of each condition in variances. U are networks, f the model's own expressions with exact derivatives:
    neither a grid nor an integrator is needed, and noise is in the data term only. w grows to 1.

    Points are drawn by a generator that the windows of a batch seed: the same batch has the same points.
    """

    noisy = 1
    rolled = False
    own_judge = True

    def __init__(
        self, problem: Problem, check: Callable[[], None], options: ObjectiveSection = DEFAULTS
    ) -> None:  # fmt: skip
        super().__init__(problem, check, options)
        self.equations = PointField(problem.field)

    @property
    def weight(self) -> float:
        """What equations and walls count at this point of the stage."""
        return math.exp(math.log(FIRST) * (1 - min(self.point / JOINED, 1.0)))

    def horizon(self, growing: int) -> int:
        """One step: the penalty sees its frames."""
        return 1

    def starts(self, horizon: int) -> np.ndarray:
        """All frames: they draw the points."""
        return self.problem.train.starts(1)

    def misfit(self, batch: Batch, substeps: int, memory: Memory = "stored") -> Tensor:
        """The misfit of the batch."""
        networks, cloud, model = self.problem.states, self.problem.cloud, self.problem.model
        assert networks is not None
        assert cloud is not None
        rows = torch.unique(batch.rows)
        seeds = [*batch.rows.tolist(), *batch.frames.tolist()]
        generator = np.random.default_rng(seeds)
        each = max(POINTS // len(rows), 1)
        fields = networks.fields(rows)
        data = self._data(fields, rows, generator, each)
        drawn = self._drawn(rows, generator, each)
        residual = self.equations.residual(fields, drawn)
        counted = torch.tensor([any(e.channel == n for e in model.equations) for n in model.channel_names])
        known = counted.to(residual.device).expand(residual.shape)
        equations = channel_mean(residual, known, self.problem.rate.square())
        return data + self.weight * (equations + self._walls(fields, rows, generator))

    def _data(self, fields: Fields, rows: Tensor, generator: np.random.Generator, each: int) -> Tensor:
        cloud, model = self.problem.cloud, self.problem.model
        assert cloud is not None
        share = torch.as_tensor(generator.random((len(rows), each)), device=rows.device)
        index = (share * cloud.counts[rows, None]).long(), rows[:, None]
        at, values, known = (v[index[1], index[0]] for v in (cloud.at, cloud.values, cloud.known))
        # Velocities are derivatives of these and follow.
        positions = [i for i, c in enumerate(model.channels) if not c.velocity]
        return channel_mean(fields(at.to(values)) - values, known, self.problem.variance[positions])

    def _drawn(self, rows: Tensor, generator: np.random.Generator, each: int) -> Tensor:
        """Points anywhere in time and space, (R, each, 1 + D)."""
        cloud, axes = self.problem.cloud, self.problem.model.axes
        assert cloud is not None
        share = torch.as_tensor(generator.random((len(rows), each, 1 + len(axes))), device=rows.device)
        begin, end = cloud.begin[rows, None], cloud.end[rows, None]
        columns = [begin + (end - begin) * share[..., 0]]
        columns += [a.lower + (a.upper - a.lower) * share[..., 1 + i] for i, a in enumerate(axes)]
        return torch.stack(columns, dim=-1).to(cloud.values)

    def _walls(self, fields: Fields, rows: Tensor, generator: np.random.Generator) -> Tensor:
        """Mean over the conditions on walls; 0 where there are none."""
        problem = self.problem
        total, count = problem.variance.new_zeros(()), 0
        for wall in problem.model.walls:
            if wall.from_data or problem.model.channel(wall.channel).velocity:
                continue
            place = [a.name for a in problem.model.axes].index(wall.axis)
            axis = problem.model.axes[place]
            at = self._drawn(rows, generator, max(WALL_POINTS // len(rows), 1))
            at[..., 1 + place] = axis.upper if wall.side else axis.lower
            variance = problem.variance[problem.model.channel_names.index(wall.channel)]
            total = total + self.equations.wall_residual(wall, fields, at).square().mean() / variance
            count += 1
        return total / max(count, 1)
