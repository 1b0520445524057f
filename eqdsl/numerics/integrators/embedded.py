"""Embedded explicit Runge-Kutta pairs: a table of numbers each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from eqdsl.numerics.integrators.adaptive import Adaptive, Trial
from eqdsl.numerics.integrators.base import Field, Task, within
from eqdsl.numerics.integrators.explicit import advanced
from eqdsl.numerics.integrators.fixed_step import against_state


@dataclass(frozen=True)
class EmbeddedTableau(Adaptive):
    """An explicit Runge-Kutta pair whose last stage is the first of the next step (FSAL)::

        k_i = field(t + c_i h, u + h sum_{j<i} a_ij k_j)        u(t + h) = u + h sum_j a_sj k_j

    with s stages, the last one at the new state. Hairer, Norsett & Wanner, Solving Ordinary Differential Equations I,
    sections II.4 and II.5.

    Parameters
    ----------
    name, order
        As in `Method`.
    a : tuple of tuples
        Row i holds the i weights of stage i; the first row is empty.
    c : tuple of float
        Times of the stages.
    error : tuple of float
        Weights of the step minus those of the lower-order step; one for each stage.
    estimate_order : int
        One more than the lower order.
    steps : callable, optional
        ``steps(t, h, state, rate)`` takes a step, where the vector field of one rollout does that itself.
    """

    name: str
    order: int
    a: tuple[tuple[float, ...], ...]
    c: tuple[float, ...]
    error: tuple[float, ...]
    estimate_order: int
    steps: Callable[..., tuple[Tensor, Tensor, Tensor]] | None = field(default=None, compare=False)
    passes_rate = True

    def rollout(self, vector_field: Field, initial: Tensor, times: Tensor, task: Task) -> Iterator[Tensor]:
        """See `Adaptive.rollout`; by steps that the vector field offers, where it does."""
        offered = getattr(vector_field, "runge_kutta", None)
        steps = None if offered is None else offered(self.a, self.c, self.error, True, initial)
        return super(EmbeddedTableau, replace(self, steps=steps)).rollout(vector_field, initial, times, task)

    def attempt(self, vector_field: Field, t: Tensor, state: Tensor, h: Tensor, rate: Tensor | None) -> Trial:
        """All stages after the first, which is `rate`."""
        assert rate is not None  # the engine hands it on for methods with `passes_rate`
        if self.steps is not None:
            vector_field.count(len(self.c) - 1)  # type: ignore[attr-defined]
            return Trial(*self.steps(t, h, state, rate))
        inner = within(vector_field, t, t + h)
        if inner is not vector_field:
            # The last stage of the step before stood on the other side of a jump.
            vector_field, rate = inner, inner(t.to(state.dtype), state)
        step, at, stages = against_state(h, state), state, [rate]
        for row, c in zip(self.a[1:], self.c[1:], strict=True):
            at = advanced(state, row, stages, step)
            stages.append(vector_field((t + c * h).to(state.dtype), at))
        with torch.no_grad():
            error = advanced(torch.zeros_like(state), self.error, stages, step)
        return Trial(at, error, stages[-1])
