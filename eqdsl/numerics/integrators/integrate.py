"""One entrance to all methods."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from eqdsl.core.errors import UsageError
from eqdsl.numerics.integrators.base import Effort, Field, Task
from eqdsl.numerics.integrators.table import method_of

Watch = Callable[[int, Tensor, Tensor], None]
"""``watch(n, t, state)`` after each output interval: n is the frame reached, from 1; t is 0-dim or (B,), float64."""


def integrate(
    field: Field, initial: Tensor, times: Tensor, *, method: str = "rk4", substeps: int = 1, step: float | None = None,
    rtol: float = 1e-6, atol: float = 1e-9, max_steps: int = 100_000, watch: Watch | None = None,
) -> Tensor:  # fmt: skip
    """Solve ``du/dt = field(t, u)``, ``u(times[0]) = initial``, and return u at all times.

    Gradients are those of the discrete solution (discretise, then differentiate). Fixed-step methods take `substeps`
    equal steps per output interval, or as many as keep each at or below `step`; every output time is hit exactly.
    Adaptive methods choose steps from the tolerances and end one on each output time.

    Parameters
    ----------
    field : callable
        ``field(t, state)``: t 0-dim when the times are shared, (B,) otherwise, in the dtype of the state.
    initial : Tensor, shape (B, *S)
    times : Tensor, shape (T,) or (B, T)
        Strictly increasing; kept in float64.
    method : str
        A key of `METHODS`.
    rtol, atol : float
        Relative and absolute tolerance of adaptive methods, for each trajectory.
    max_steps : int
        Bound on the steps of a trajectory.
    watch : callable, optional
        Called after each output interval.

    Returns
    -------
    Tensor, shape (B, T, *S)

    Raises
    ------
    UsageError
        The method is unknown, or times, steps or tolerances cannot be used.
    IntegrationFailure
        An adaptive method could not reach the last time.
    """
    states = [initial]
    for state in rollout(
        field, initial, times, method=method, substeps=substeps, step=step, rtol=rtol, atol=atol,
        max_steps=max_steps, watch=watch,
    ):  # fmt: skip
        states.append(state)
    return torch.stack(states, dim=1)


def rollout(
    field: Field, initial: Tensor, times: Tensor, *, method: str = "rk4", substeps: int = 1, step: float | None = None,
    rtol: float = 1e-6, atol: float = 1e-9, max_steps: int = 100_000, watch: Watch | None = None,
    effort: Effort | None = None,
) -> Iterator[Tensor]:  # fmt: skip
    """As `integrate`, but one state (B, *S) at a time, from the second time on: no more than one is kept.

    `effort` is counted up while it runs.
    """
    chosen = method_of(method)
    times = checked_times(times, initial)
    task = Task(substeps, step, rtol, atol, max_steps, Effort() if effort is None else effort)
    return _watched(chosen.rollout(field, initial, times, task), times, watch)


def _watched(states: Iterator[Tensor], times: Tensor, watch: Watch | None) -> Iterator[Tensor]:
    for number, state in enumerate(states, start=1):
        if watch is not None:
            watch(number, times[..., number], state)
        yield state


def checked_times(times: Tensor, initial: Tensor) -> Tensor:
    """The times in float64, once they can be used; equal rows become one.

    Raises
    ------
    UsageError
        Their shape does not fit, or they do not increase.
    """
    times = torch.as_tensor(times, dtype=torch.float64).detach()
    if times.ndim not in (1, 2) or times.shape[-1] < 1 or (times.ndim == 2 and len(times) != len(initial)):
        raise UsageError(
            f"times of shape {tuple(times.shape)} do not fit {len(initial)} trajectories",
            help="give (T,) for all, or (B, T)",
        )
    if not (torch.isfinite(times).all() and (times.diff(dim=-1) > 0).all()):
        raise UsageError("times must be finite and strictly increasing")
    return times[0] if times.ndim == 2 and bool((times == times[:1]).all()) else times
