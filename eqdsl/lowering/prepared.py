"""A vector field for one rollout: what depends neither on the state nor on the time is evaluated once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from eqdsl.lowering.fused.source import MOST_STAGES
from eqdsl.lowering.ode.field import Step
from eqdsl.lowering.ode.kernel import Tableau

if TYPE_CHECKING:
    from eqdsl.lowering.vector_field import VectorField

Steps = Callable[[Tensor, float, float, int], Tensor]
"""``steps(state, t, h, count)``: the state after so many steps."""

MOST_STEPS = 1024
"""Steps whose numbers are computed ahead at a time."""

MOST_NUMBERS = 2**22
"""Bound on stages times points, since a mean over space is taken at all these stages at once."""


class PreparedField:
    """``field(t, state)`` with the parameters, and all that follows from them alone, evaluated beforehand.

    One graph of the parameters serves all calls, so it can be differentiated once; whatever else the field offers is
    still there.

    Parameters
    ----------
    field : VectorField
    t, state
        Where the rollout starts.
    """

    def __init__(self, field: VectorField, t: Tensor, state: Tensor) -> None:
        self._field = field
        self._fused = field.fusible(state)
        wanted = field.fused.reads if self._fused else field.totals
        self._given = field.static_values(t, state, wanted)
        self._uniforms: Tensor | None = None
        if self._fused and all(u in self._given for u in field.fused.uniforms):
            self._uniforms = field.fused.stacked([self._given[u] for u in field.fused.uniforms], state)

    def __getattr__(self, name: str) -> Any:
        if name == "_field":
            # Not there yet, in a copy that is being made.
            raise AttributeError(name)
        return getattr(self._field, name)

    def __call__(self, t: Tensor, state: Tensor) -> Tensor:
        """The rates, ``(B, C, *S)``."""
        field = self._field
        if not self._fused or not field.fusible(state):
            return field.rates(t, state, self._given if not self._fused else None)
        if self._uniforms is None:
            return field.fused(state, field.physical, lambda wanted: field.evaluate(t, state, wanted, self._given))
        arrays = field.evaluate(t, state, field.fused.arrays, self._given) if field.fused.arrays else []
        return field.fused.from_leaves(state, self._uniforms, arrays)

    @property
    def capturable(self) -> bool:
        """Whether a call never waits for the device, so that a CUDA graph can repeat it."""
        return all(solver.direct for solver in self._field.solvers.values())

    def inside(self, begin: Tensor, end: Tensor) -> PreparedField:
        """Itself: it reads nothing from data, which alone may jump between steps."""
        return self

    def runge_kutta(
        self, rows: tuple[tuple[float, ...], ...], nodes: tuple[float, ...], error: tuple[float, ...], given: bool,
        state: Tensor,
    ) -> Step | None:  # fmt: skip
        """What takes single steps of an explicit Runge-Kutta method as one node of the graph; None if nothing can.

        Parameters
        ----------
        rows : tuple
            Row i holds the weights of point i; the last point is the result.
        nodes, error : tuple of float
            The stages' times, in steps, and their weights in the error.
        given : bool
            Whether the first stage is the last one of the step before.
        state : Tensor
            Where the rollout starts.
        """
        tableau = Tableau(rows, nodes, error, int(given))
        return None if self._fused else self._field.ode.for_rollout(self._field, self._given, tableau, state)

    def explicit_steps(self, rows: Sequence[Sequence[float]], nodes: Sequence[float], state: Tensor) -> Steps | None:
        """What takes steps of an explicit Runge-Kutta method inside the kernel, without a graph; None if nothing can.

        Parameters
        ----------
        rows : sequence
            Row i holds the weights of stage i, the last row those of the step.
        nodes : sequence of float
            The stages' times, in steps.
        state : Tensor
            Tells type and device.
        """
        field, fused = self._field, self._field.fused
        still = field.still_steps()
        ready = self._fused and field.fusible(state) and fused.marches(state) and len(nodes) <= MOST_STAGES
        if not ready or not all(a in self._given for a in fused.arrays) or not still.issuperset(fused.uniforms):
            return None
        # Numbers of many times are found in one call, whose rows are the times: no room for those of each trajectory.
        if self._uniforms is None and field.per_trajectory:
            return None
        weights = torch.zeros(len(nodes) + 1, len(nodes), dtype=torch.float64)
        for number, row in enumerate(rows):
            weights[number, : len(row)] = torch.tensor(row, dtype=torch.float64)
        arrays = [self._given[a] for a in fused.arrays]
        block = max(1, min(MOST_STEPS, MOST_NUMBERS // (len(nodes) * prod(field.grid.shape))))
        offsets = torch.tensor(nodes, dtype=torch.float64)

        def steps(state: Tensor, t: float, h: float, count: int) -> Tensor:
            for first in range(0, count, block):
                some = min(block, count - first)
                uniforms = self._uniforms
                if uniforms is None:
                    stages = t + h * (torch.arange(first, first + some, dtype=torch.float64)[:, None] + offsets)
                    table = self._uniforms_at(stages.reshape(-1).to(state.dtype), state)
                    state = fused.march(state, table[:, None], arrays, weights, h, some)
                else:
                    state = fused.march(state, uniforms[None], arrays, weights, h, some)
            return state

        return steps

    def _uniforms_at(self, times: Tensor, state: Tensor) -> Tensor:
        """The uniform leaves at each of some times, one row each."""
        field = self._field
        # The time is all they read; a state of one point says type and dimension.
        empty = state.new_zeros(len(times), state.shape[1], *(1,) * (state.dim() - 2))
        values = field.evaluate(times, empty, field.fused.uniforms, self._given)
        return field.fused.stacked(values, state).expand(len(times), -1)
