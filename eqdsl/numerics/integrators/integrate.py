"""One entrance to all methods."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, get_args

import torch
from torch import Tensor

from eqdsl.core.errors import UsageError
from eqdsl.numerics.integrators.adjoint import adjoint_rollout
from eqdsl.numerics.integrators.base import Counted, Effort, Field, Method, Task
from eqdsl.numerics.integrators.carrying import Carrying
from eqdsl.numerics.integrators.fixed_step import Plan
from eqdsl.numerics.integrators.reversing import reversed_rollout
from eqdsl.numerics.integrators.strang import method_for
from eqdsl.numerics.integrators.table import METHODS, REVERSIBLE, method_of
from eqdsl.numerics.integrators.torchdiffeq_method import TorchdiffeqMethod

Memory = Literal["stored", "checkpoint", "reversible", "adjoint"]
"""What is kept for gradients."""

Watch = Callable[[int, Tensor, Tensor], None]
"""``watch(n, t, state)`` after each output interval: n is the frame reached, from 1; t is 0-dim or (B,), float64."""


def integrate(
    field: Field, initial: Tensor, times: Tensor, *, method: str = "rk4", substeps: int = 1, step: float | None = None,
    rtol: float = 1e-6, atol: float = 1e-9, max_steps: int = 100_000, watch: Watch | None = None,
    memory: Memory = "stored", subsets: bool = True,
) -> Tensor:  # fmt: skip
    """Solve ``du/dt = field(t, u)``, ``u(times[0]) = initial``, and return u at all times.

    Gradients are those of the discrete solution (discretise, then differentiate). Fixed-step methods take `substeps`
    equal steps per output interval, or as many as keep each at or below `step`; every output time is hit exactly.
    Adaptive methods choose steps from the tolerances and end one on each output time.

    Parameters
    ----------
    field : callable
        ``field(t, state)``, t in the dtype of the state: (B,) when trajectories have times of their own or the method
        chooses the steps of each, else 0-dim.
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
    memory : str
        What is kept for gradients: ``stored``, every step; ``checkpoint``, the states between blocks of steps, the rest
        is computed again, with the same gradients to the last bit; ``reversible``, the last state only, the rest is
        computed backwards, for methods whose steps can be undone, with the same gradients to rounding; ``adjoint``, for
        torchdiffeq's methods, another equation solved backwards, whose gradient is another one (see `adjoint`).
    subsets : bool
        Whether the field may be called for some of the trajectories only; not where a row of its weights belongs to
        each. A field that is `per_trajectory` says so itself.

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
    named = method_of(method)
    check_memory(named, memory)
    chosen = method_for(named, field)
    times = checked_times(times, initial)
    subsets = subsets and not getattr(field, "per_trajectory", False)
    task = Task(substeps, step, rtol, atol, max_steps, checkpoint=memory == "checkpoint", subsets=subsets)
    if memory == "reversible":
        states = _undone(chosen, field, initial, times, task, watch)
    elif memory == "adjoint":
        assert isinstance(chosen, TorchdiffeqMethod)
        states = list(_watched(iter(adjoint_rollout(chosen, field, initial, times, task)), times, watch))
    else:
        states = list(_watched(chosen.rollout(_prepared(field, initial, times), initial, times, task), times, watch))
    return torch.stack([initial, *states], dim=1)


def _undone(
    method: Method, field: Field, initial: Tensor, times: Tensor, task: Task, watch: Watch | None
) -> list[Tensor]:
    """The states of a rollout that is run backwards for its gradients.

    Raises
    ------
    UsageError
        The steps of the method cannot be undone.
    """
    assert isinstance(method, Carrying)
    carrier = method.carrier(Counted(field, task.effort), initial)
    first = times[..., 0].to(initial.device, initial.dtype)

    def told(number: int, state: Tensor) -> None:
        if watch is not None:
            watch(number, times[..., number], state)

    return reversed_rollout(carrier, field, initial, first, Plan(times, initial, task), told)


def check_memory(method: Method, memory: str) -> None:
    """Refuse a method that does not go with what is to be kept for gradients.

    Raises
    ------
    UsageError
        With the names of those that do.
    """
    if memory not in get_args(Memory):
        raise UsageError(f"there is no `memory = {memory}`", help=f"take one of {', '.join(get_args(Memory))}")
    theirs = isinstance(method, TorchdiffeqMethod)
    if memory == "reversible" and not method.reversible:
        raise UsageError(
            f"steps of `{method.name}` cannot be undone, as `memory = reversible` needs",
            help=f"take {_names(METHODS[n] for n in REVERSIBLE)}, or `memory = checkpoint`, which goes with any method",
        )
    if memory == "adjoint" and not theirs:
        raise UsageError(
            f"`{method.name}` has no adjoint equation, as `memory = adjoint` needs",
            help=f"take {_names(m for m in METHODS.values() if isinstance(m, TorchdiffeqMethod))}",
        )
    if memory == "checkpoint" and theirs:
        raise UsageError(
            f"`{method.name}` cannot compute its steps again, as `memory = checkpoint` needs",
            help="take `dopri5` or `tsit5`, or `memory = stored`",
        )


def _names(methods: Iterable[Method]) -> str:
    return " or ".join(f"`{method.name}`" for method in methods)


def rollout(
    field: Field, initial: Tensor, times: Tensor, *, method: str = "rk4", substeps: int = 1, step: float | None = None,
    rtol: float = 1e-6, atol: float = 1e-9, max_steps: int = 100_000, watch: Watch | None = None,
    effort: Effort | None = None,
) -> Iterator[Tensor]:  # fmt: skip
    """As `integrate`, but one state (B, *S) at a time, from the second time on: no more than one is kept.

    `effort` is counted up while it runs.
    """
    chosen = method_for(method_of(method), field)
    times = checked_times(times, initial)
    subsets = not getattr(field, "per_trajectory", False)
    task = Task(substeps, step, rtol, atol, max_steps, Effort() if effort is None else effort, subsets=subsets)
    return _watched(chosen.rollout(_prepared(field, initial, times), initial, times, task), times, watch)


def _prepared(field: Field, initial: Tensor, times: Tensor) -> Field:
    """The field as it is for one rollout, where it has such a form."""
    # Asked of the type: a wrapper that passes on what it does not have itself, as `torch.compile` makes, stays in use.
    make = getattr(type(field), "for_rollout", None)
    first = times[..., 0].to(initial.device, initial.dtype)
    prepared: Field = field if make is None else make(field, first, initial)
    return prepared


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
