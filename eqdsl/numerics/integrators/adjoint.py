"""The continuous adjoint through torchdiffeq: gradients from an equation that is solved backwards in time.

Memory does not grow with the steps, but the gradient is that of the solved equation, not of the computed solution, and
what decays forwards grows backwards: the heat equation on 64 points gave start gradients 24 % off (Gholami, Keutzer &
Biros, arXiv 1902.10298, say why). For comparisons; `checkpoint` costs little more and is exact.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from eqdsl.core.errors import UsageError
from eqdsl.numerics.integrators.base import Field, Task
from eqdsl.numerics.integrators.failure import IntegrationFailure, Reason
from eqdsl.numerics.integrators.limits import check_tolerances
from eqdsl.numerics.integrators.reversing import leaves_of
from eqdsl.numerics.integrators.torchdiffeq_method import TorchdiffeqMethod

CALLS = 10
"""Calls of the field that a step may cost, rejected trials included."""


class _Bounded:
    """The field of one integration, which ends after so many calls: torchdiffeq has no bound of its own backwards."""

    def __init__(self, field: Field, task: Task, method: str) -> None:
        self._field, self._task, self._method = field, task, method
        self._calls = 0

    def __call__(self, t: Tensor, state: Tensor) -> Tensor:
        self._calls += 1
        self._task.effort.evaluations += 1
        if self._calls > CALLS * self._task.max_steps:
            raise IntegrationFailure(
                f"more than {self._task.max_steps} steps were needed near t = {float(t):.6g} ({self._method}, adjoint)",
                reason=Reason.TOO_MANY_STEPS, time=float(t), state=state.detach(),
            )  # fmt: skip
        return self._field(t.to(state.dtype), state)


def adjoint_rollout(
    method: TorchdiffeqMethod, field: Field, initial: Tensor, times: Tensor, task: Task
) -> list[Tensor]:
    """The states at ``times[1:]``, with gradients by torchdiffeq's ``odeint_adjoint``.

    Raises
    ------
    UsageError
        Trajectories have times of their own.
    IntegrationFailure
        More steps than `task.max_steps` are needed, forwards and backwards together.
    """
    if times.ndim != 1:
        raise UsageError(
            "the adjoint equation needs the same times for all trajectories", help='take `memory="checkpoint"`'
        )
    check_tolerances(task.rtol, task.atol, initial.dtype)
    # torchdiffeq loads SciPy; nothing else needs to wait for it.
    from torchdiffeq import odeint_adjoint

    leaves = leaves_of(field, times[0].to(initial.device, initial.dtype), initial)
    options: dict[str, Any] = {"dtype": torch.float64}
    states: Tensor = odeint_adjoint(
        _Bounded(field, task, method.name), initial, times.to(initial.device), method=method.theirs, rtol=task.rtol,
        atol=task.atol, options=options, adjoint_params=tuple(p for p in leaves if p is not initial),
    )  # fmt: skip
    return list(states[1:])
