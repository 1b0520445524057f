"""What a method of integration is, and what it is given to do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

Field = Callable[[Tensor, Tensor], Tensor]
"""``du/dt = field(t, state)``: state (B, *S), t 0-dim or (B,), both in the dtype of the state.

A method that needs to know more of the vector field (its linear part, which states are velocities) asks for it by a
method of that name and says in words when the field has none.
"""


@dataclass(slots=True)
class Effort:
    """What an integration has cost so far: steps taken (rejected ones included) and calls of the field."""

    steps: int = 0
    evaluations: int = 0


class Counted:
    """A vector field that counts its calls; whatever else it offers is still there."""

    def __init__(self, vector_field: Field, effort: Effort) -> None:
        self._field, self._effort = vector_field, effort

    def __call__(self, t: Tensor, state: Tensor) -> Tensor:
        self._effort.evaluations += 1
        return self._field(t, state)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._field, name)

    def count(self, calls: int) -> None:
        """Count calls that are made elsewhere."""
        self._effort.evaluations += calls

    def inside(self, begin: Tensor, end: Tensor) -> Counted:
        """The field for the stages of one step, counted with this one."""
        inner = within(self._field, begin, end)
        return self if inner is self._field else Counted(inner, self._effort)


def within(vector_field: Field, begin: Tensor, end: Tensor) -> Field:
    """The field for the stages of the step from `begin` to `end`, float64: what it reads may jump at either end."""
    # Asked of the type: a wrapper that passes on what it does not have itself stays in use.
    inside = getattr(type(vector_field), "inside", None)
    found: Field = vector_field if inside is None else inside(vector_field, begin, end)
    return found


@dataclass(frozen=True, slots=True)
class Task:
    """How an integration is to be done.

    Parameters
    ----------
    substeps : int
        Steps of an output interval, for methods of fixed step.
    step : float, optional
        Instead: the largest step.
    rtol, atol : float
        Tolerances of a method that chooses its steps, for each trajectory.
    max_steps : int
        Bound on the steps.
    effort : Effort
        Counted up while it runs; what is computed again for gradients counts too.
    checkpoint : bool
        Keep the states between blocks of steps only, and compute the rest again when gradients are taken.
    subsets : bool
        Whether the field may be called for some of the trajectories only.
    """

    substeps: int = 1
    step: float | None = None
    rtol: float = 1e-6
    atol: float = 1e-9
    max_steps: int = 100_000
    effort: Effort = field(default_factory=Effort)
    checkpoint: bool = False
    subsets: bool = True


class Method(ABC):
    """A method of integration.

    Attributes
    ----------
    name : str
        As the user writes it.
    order : int
        The error at a fixed time falls as ``h^order``.
    fixed_step : bool
        Whether the steps are the caller's choice.
    reach : float or None
        Largest ``h*lambda`` for which ``u' = -lambda u`` decays; None where there is no such bound, or no fixed step.
    reversible : bool
        Whether its steps can be undone.
    """

    name: str
    order: int
    fixed_step: bool = True
    reach: float | None = None
    reversible: bool = False

    @abstractmethod
    def rollout(self, vector_field: Field, initial: Tensor, times: Tensor, task: Task) -> Iterator[Tensor]:
        """The states (B, *S) at ``times[..., 1:]``, one at a time; times are float64, (T,) or (B, T).

        Raises
        ------
        IntegrationFailure
            The last time could not be reached.
        UsageError
            The options cannot be used, or the vector field does not offer what the method needs.
        """
