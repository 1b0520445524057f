"""Rosenbrock methods: implicit, one linear system for all stages of a step, for stiff equations of few unknowns."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from eqdsl.core.errors import UsageError
from eqdsl.numerics.integrators.adaptive import Adaptive, Trial
from eqdsl.numerics.integrators.base import Field
from eqdsl.numerics.integrators.fixed_step import against_state
from eqdsl.numerics.integrators.jacobian import MOST_UNKNOWNS, row_jacobians, time_rate


@dataclass(frozen=True)
class RosenbrockTableau(Adaptive):
    """A stiffly accurate Rosenbrock pair, with J the Jacobian of the field at (t, u)::

        (1/gamma - h J) U_i = h field(t + alpha_i h, u + sum_j a_ij U_j) + sum_j c_ij U_j + gamma_i h^2 dfield/dt
        u(t + h) = u + sum_j a_sj U_j + U_s,  error U_s,  s the last stage

    Hairer & Wanner, Solving Ordinary Differential Equations II, section IV.7, equation (7.25). An autonomous vector
    field, one that says so by its attribute `autonomous`, has no dfield/dt.

    Parameters
    ----------
    name, order, estimate_order
        As in `Adaptive`.
    gamma : float
        The diagonal of the method.
    a, c : tuple of tuples
        Rows of the strictly lower triangles; the first row is empty.
    alphas, gammas : tuple of float
        Times of the stages, and the sums of the method's rows.
    """

    name: str
    order: int
    estimate_order: int
    gamma: float
    a: tuple[tuple[float, ...], ...]
    c: tuple[tuple[float, ...], ...]
    alphas: tuple[float, ...]
    gammas: tuple[float, ...]
    passes_rate = False

    def attempt(self, vector_field: Field, t: Tensor, state: Tensor, h: Tensor, rate: Tensor | None) -> Trial:
        """One factorisation and as many solutions as stages; the system is multiplied by gamma, so that h may be 0."""
        size = state[0].numel()
        if size > MOST_UNKNOWNS:
            raise UsageError(
                f"`{self.name}` solves for all {size} unknowns of a trajectory at once; its limit is {MOST_UNKNOWNS}",
                help="for a field take an IMEX method, which solves only for its linear part",
            )
        now, step = t.to(state.dtype), against_state(h, state)
        slopes = row_jacobians(lambda u: vector_field(now, u), state)
        system = (
            torch.eye(size, dtype=state.dtype, device=state.device) - self.gamma * h.to(state)[:, None, None] * slopes
        )
        factors, pivots, _ = torch.linalg.lu_factor_ex(system)
        drift = None if getattr(vector_field, "autonomous", False) else time_rate(lambda s: vector_field(s, state), now)
        stages: list[Tensor] = []
        at = state
        for row, weights, alpha, gamma in zip(self.a, self.c, self.alphas, self.gammas, strict=True):
            at = combined(state, row, stages)
            right = step * vector_field((t + alpha * h).to(state.dtype), at)
            if drift is not None and gamma != 0.0:
                right = right + gamma * step**2 * drift
            right = self.gamma * combined(right, weights, stages)
            solved = torch.linalg.lu_solve(factors, pivots, right.reshape(-1, size, 1))
            stages.append(solved.reshape(state.shape))
        return Trial(at + stages[-1], stages[-1].detach(), None)


def combined(start: Tensor, weights: tuple[float, ...], stages: list[Tensor]) -> Tensor:
    """``start + sum_j w_j U_j``."""
    for weight, stage in zip(weights, stages, strict=True):
        start = torch.add(start, stage, alpha=weight)
    return start
